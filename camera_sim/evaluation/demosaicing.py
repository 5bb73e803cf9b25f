"""CPSNR of pipelines and demosaicings by the protocol of the literature's tables.

A picture's own 8-bit values are what each photosite records: no lens, no colour matrix, no white
balance. The protocol is that of the table which the figures of `PUBLISHED` come from: mosaic RGGB,
Gaussian noise added to it and clipped to [0, 1], a border of 12 pixels left out, one mean square
error over the three channels, and the mean over pictures of its PSNR.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Final, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from camera_sim.developing.tiles import develop
from camera_sim.engines import Engine
from camera_sim.evaluation.fidelity import Picture, libraw_rendering
from camera_sim.raw import colour
from camera_sim.raw.cfa import CFAPattern, sample
from camera_sim.raw.libraw_rendering import Demosaicing
from camera_sim.raw.noise_profile import NoiseProfile
from camera_sim.raw.raw_image import Picture as Rendering
from camera_sim.raw.raw_image import RawImage
from channel.errors import PictureError
from channel.terminal import track

Array = NDArray[np.float32]
Develop = Callable[[RawImage], Rendering]
"""Develops a capture at its own exposure: (H, W, 3) uint16 sRGB."""
Values = Literal["as they are", "made linear"]
"""What a photosite records: the sRGB value itself, as in the literature, or the light it means."""

VALUES: Final[tuple[Values, ...]] = get_args(Values)
SIGMAS: Final = (0.0, 0.02, 0.05)
BORDER: Final = 12
LEAST_SIDE: Final = 64
_RGGB: Final = CFAPattern("RGGB")
_LEVELS: Final = 65535


@dataclass(frozen=True)
class Published:
    """CPSNR (dB) on the 24 pictures of Kodak, at each of `SIGMAS`."""

    method: str
    cpsnr: tuple[float, float, float]


SOURCE: Final = "https://github.com/darktable-org/darktable/pull/20800"
PUBLISHED: Final = (
    Published("ARI", (39.94, 33.26, 26.41)),
    Published("AMaZE", (39.13, 32.95, 26.28)),
    Published("Menon 2007", (39.08, 32.69, 25.90)),
    Published("RCD", (36.91, 32.40, 26.42)),
)
"""Of the benchmark that came with the demosaicings of `SOURCE`, 2026: ARI is Monno et al. 2017."""


def by_engine(engine: Engine) -> Develop:
    """Return what develops a capture by an engine, its noise known."""
    return lambda image: develop(image, engine, exposure=1.0, depth=16)


def by_libraw(demosaicing: Demosaicing) -> Develop:
    """Return what develops a capture by one of LibRaw's demosaicings, through a DNG file."""
    return lambda image: libraw_rendering(image, demosaicing, 16)


def cpsnr_by_sigma(
    pictures: Iterable[Picture], developers: Mapping[str, Develop], values: Values
) -> dict[str, NDArray[np.float64]]:
    """Measure each developer at each of `SIGMAS`.

    Parameters
    ----------
    pictures
        (H, W, 3) uint8 sRGB, sides at least `LEAST_SIDE`. An odd last row or column is cut.

    Returns
    -------
    CPSNR (dB) by developer: (sigmas, pictures).
    """
    pictures = list(pictures)
    found: dict[str, list[list[float]]] = {name: [] for name in developers}
    for sigma in track(SIGMAS, f"values {values}"):
        rng = np.random.default_rng(0)
        captures = [bare_capture(picture, values, sigma, rng) for picture in pictures]
        for name, developer in developers.items():
            each = [
                cpsnr(values_of(developer(capture), values), even(picture))
                for picture, capture in zip(pictures, captures, strict=True)
            ]
            found[name].append(each)
    return {name: np.array(each) for name, each in found.items()}


def bare_capture(
    picture: Picture, values: Values, sigma: float, rng: np.random.Generator
) -> RawImage:
    """Sample a picture's values through an RGGB array, in 16 bits, with noise of ``sigma`` of 1.

    Raises
    ------
    PictureError
        If a side is under `LEAST_SIDE`.
    """
    if min(picture.shape[:2]) < LEAST_SIDE:
        raise PictureError(f"a picture of {picture.shape[1]}×{picture.shape[0]} pixels is too "
                           f"small to measure: sides are at least {LEAST_SIDE}")  # fmt: skip
    recorded = even(picture)
    mosaic = sample(recorded if values == "as they are" else colour.srgb_decode(recorded), _RGGB)
    if sigma:
        mosaic = mosaic + rng.standard_normal(mosaic.shape).astype(np.float32) * np.float32(sigma)
    return RawImage(
        samples=np.rint(np.clip(mosaic, 0, 1) * _LEVELS).astype(np.uint16),
        pattern=_RGGB,
        black=(0.0,) * 4,
        white=float(_LEVELS),
        white_balance=(1.0, 1.0, 1.0),
        xyz_to_camera=np.linalg.inv(colour.SRGB_TO_XYZ),  # its colours are sRGB's: no matrix
        noise=NoiseProfile(0.0, sigma**2),
    )


def even(picture: Picture) -> Array:
    """Return a picture as float32 in [0, 1], an odd last row or column cut."""
    height, width = (side - side % 2 for side in picture.shape[:2])
    return picture[:height, :width].astype(np.float32) / np.float32(255)


def values_of(developed: Rendering, values: Values) -> Array:
    """Return what was developed in the picture's own values.

    A pipeline takes what photosites record for light, and gives it sRGB's curve. Where they
    recorded sRGB values, that curve is one too many.
    """
    srgb = developed.astype(np.float32) / np.float32(_LEVELS)
    return colour.srgb_decode(srgb) if values == "as they are" else srgb


def cpsnr(developed: Array, reference: Array) -> float:
    """Return PSNR (dB) of one error over three channels, borders left out: (H, W, 3) in [0, 1]."""
    inner = (slice(BORDER, -BORDER), slice(BORDER, -BORDER))
    error = developed[inner].astype(np.float64) - reference[inner]
    return -10 * float(np.log10(max(float(np.square(error).mean()), 1e-10)))
