"""The augmentation of Wang et al. (CVPR 2020, section 4.1): blur, then JPEG by one of two codecs.

*CNN-generated images are surprisingly easy to spot… for now*: Gaussian blur of σ ~ U[0, 3] and JPEG
of quality ~ U{30, …, 100} by OpenCV or Pillow, each with a probability of its own; the five
variants are section 4.2's.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from io import BytesIO
from types import MappingProxyType
from typing import Final, Literal

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from verifier.errors import PicturesError

Pixels = NDArray[np.uint8]
Codec = Literal["opencv", "pillow"]

CODECS: Final[tuple[Codec, ...]] = ("opencv", "pillow")
MOST_BLUR: Final = 3.0
QUALITIES: Final = (30, 100)


@dataclass(frozen=True)
class Variant:
    """Probabilities of blurring and of JPEG."""

    blur: float
    jpeg: float


VARIANTS: Final[Mapping[str, Variant]] = MappingProxyType(
    {
        "none": Variant(0, 0),
        "blur": Variant(0.5, 0),
        "jpeg": Variant(0, 0.5),
        "both-0.5": Variant(0.5, 0.5),
        "both-0.1": Variant(0.1, 0.1),
    }
)


def find_variant(name: str) -> Variant:
    """Return a variant. Raises `PicturesError`, with the choices, if there is none of that name."""
    if name not in VARIANTS:
        raise PicturesError(f"no augmentation is called {name!r}; give {', '.join(VARIANTS)}")
    return VARIANTS[name]


def blurred(pixels: Pixels, sigma: float) -> Pixels:
    """Blur (H, W, 3) uint8 by a Gaussian of ``sigma`` pixels; 0 leaves it as it is.

    Raises
    ------
    PicturesError
        If ``sigma`` is negative.
    """
    if sigma < 0:
        raise PicturesError(f"a blur of σ = {sigma:g} isn't possible; give 0 or more")
    # A narrower kernel has one weight that isn't 0.
    return pixels if sigma < 0.1 else cv2.GaussianBlur(pixels, (0, 0), sigma).astype(np.uint8)


def coded(pixels: Pixels, quality: int, codec: Codec) -> Pixels:
    """Write (H, W, 3) uint8 sRGB as JPEG in memory and read it again, 4:2:0, the codecs' default.

    Raises
    ------
    PicturesError
        If the quality isn't 1 to 100, or the codec is unknown.
    """
    if not 1 <= quality <= 100:
        raise PicturesError(f"there is no JPEG quality {quality}; give 1 to 100")
    if codec == "opencv":
        bgr = np.ascontiguousarray(pixels[..., ::-1])
        _, data = cv2.imencode(".jpg", bgr, [cv2.IMWRITE_JPEG_QUALITY, quality])
        decoded = np.asarray(cv2.imdecode(data, cv2.IMREAD_COLOR), np.uint8)
        return np.ascontiguousarray(decoded[..., ::-1])
    if codec == "pillow":
        file = BytesIO()
        Image.fromarray(pixels).save(file, "JPEG", quality=quality)
        return np.asarray(Image.open(file))
    raise PicturesError(f"no codec is called {codec!r}; give {' or '.join(CODECS)}")


def augmented(pixels: Pixels, variant: Variant, rng: np.random.Generator) -> Pixels:
    """Flip (H, W, 3) uint8 with a probability of one half, blur and code it as drawn."""
    if rng.random() < 0.5:
        pixels = np.ascontiguousarray(pixels[:, ::-1])
    if rng.random() < variant.blur:
        pixels = blurred(pixels, rng.uniform(0, MOST_BLUR))
    if rng.random() < variant.jpeg:
        low, high = QUALITIES
        quality = int(rng.integers(low, high + 1))
        pixels = coded(pixels, quality, CODECS[int(rng.integers(len(CODECS)))])
    return pixels


def grey(pixels: Pixels) -> Pixels:
    """Take the colour out of (H, W, 3) uint8: luma of ITU-R BT.601 in all three channels."""
    luma = np.asarray(Image.fromarray(pixels).convert("L"))
    return np.repeat(luma[..., None], 3, axis=2)
