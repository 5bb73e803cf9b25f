"""A part of a photograph, made again by a generator's autoencoder and blended in. Needs torch.

What a generator fills in comes out of its decoder; here the decoder is given the photograph's own
latents (as in aligned pairs, Chen et al., NeurIPS 2025). So the part shows what it showed before,
and what differs is what the decoder leaves.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from verifier.features.patches import Place
from verifier.training.generated.aligned_pairs import MULTIPLE, Decoder, made_again

Pixels = NDArray[np.uint8]

LONGEST: Final = 1600
"""Larger photographs are reduced to so many pixels, as WhatsApp does; a decoder takes 30 s then."""
STRIDE: Final = 112
"""Of the grid of patches: half a patch."""
HALF: Final = 0.5
"""A patch counts as generated if so much of it lies in the part."""
LEAST: Final = 3
"""Patches of either kind that a picture needs: of fewer an AUC says little."""
RIM: Final = 16
"""Pixels over which a part is blended in, as a brush with a soft rim has them."""
# Activations of a tile are 150 MB; two tiles overlap by twice the margin, of which none is kept.
_TILE: Final = 640
_MARGIN: Final = 64
_DRAWS: Final = 200


@dataclass(frozen=True)
class Part:
    """A rectangle, as shares of width and height: it stays where it is if a picture is resized."""

    left: float
    top: float
    right: float
    bottom: float

    def inside(
        self, places: Sequence[Place], side: int, shape: tuple[int, ...]
    ) -> NDArray[np.float64]:
        """Return the share of each patch that lies in the part, (N,), of a picture (H, W, …)."""
        height, width = shape[:2]
        lefts, tops = np.array(places, np.float64).reshape(-1, 2).T
        across = _overlap(lefts, side, self.left * width, self.right * width)
        down = _overlap(tops, side, self.top * height, self.bottom * height)
        found: NDArray[np.float64] = across * down / side**2
        return found

    def weights(self, shape: tuple[int, ...]) -> NDArray[np.float64]:
        """Return 1 in the part, 0 outside, and a ramp of `RIM` pixels within its rim: (H, W)."""
        height, width = shape[:2]
        across = _ramp(width, self.left * width, self.right * width)
        down = _ramp(height, self.top * height, self.bottom * height)
        found: NDArray[np.float64] = np.minimum(down[:, None], across)
        return found


def _overlap(
    starts: NDArray[np.float64], side: int, first: float, last: float
) -> NDArray[np.float64]:
    found: NDArray[np.float64] = np.minimum(starts + side, last) - np.maximum(starts, first)
    return found.clip(0)


def _ramp(length: int, first: float, last: float) -> NDArray[np.float64]:
    middles = np.arange(length) + 0.5
    found: NDArray[np.float64] = np.minimum(middles - first, last - middles) / RIM
    return found.clip(0, 1)


def grid(shape: tuple[int, ...], side: int) -> tuple[Place, ...]:
    """Lay patches over a picture (H, W, …), row by row; none where it is smaller than one."""
    rows, columns = (range(0, whole - side + 1, STRIDE) for whole in shape[:2])
    return tuple((left, top) for top in rows for left in columns)


def kinds(inside: NDArray[np.float64]) -> tuple[NDArray[np.bool_], NDArray[np.bool_]] | None:
    """Tell patches that are generated from untouched ones, each (N,).

    Returns
    -------
    None if there are fewer than `LEAST` of either. What lies at the rim is neither.
    """
    made, untouched = inside >= HALF, inside == 0
    return (made, untouched) if min(made.sum(), untouched.sum()) >= LEAST else None


def draw_part(
    rng: np.random.Generator, share: float, shape: tuple[int, ...], side: int
) -> Part | None:
    """Draw a rectangle of a share of the area, from full width to full height, anywhere.

    Parameters
    ----------
    share
        Above 0, below 1.
    side
        Of the patches: it is drawn again until there are some of either kind.

    Returns
    -------
    None if the picture is too small for that.
    """
    places = grid(shape, side)
    for _ in range(_DRAWS):
        width = share ** rng.uniform()
        height = share / width
        left, top = rng.uniform(0, 1 - width), rng.uniform(0, 1 - height)
        part = Part(left, top, left + width, top + height)
        if kinds(part.inside(places, side, shape)) is not None:
            return part
    return None


def reduced(pixels: Pixels) -> Pixels:
    """Reduce a photograph (H, W, 3) whose longer side has more than `LONGEST` pixels."""
    scale = LONGEST / max(pixels.shape[:2])
    if scale >= 1:
        return pixels
    height, width = (round(side * scale) for side in pixels.shape[:2])
    image = Image.fromarray(pixels).resize((width, height), Image.Resampling.LANCZOS)
    return np.asarray(image)


def made_in_tiles(decode: Decoder, pixels: Pixels) -> Pixels:
    """Make a picture of any size again, (H, W, 3), in tiles that know what is around them."""
    made = np.empty_like(pixels)
    height, width = pixels.shape[:2]
    for top in range(0, height, _TILE):
        for left in range(0, width, _TILE):
            y, x = max(0, top - _MARGIN), max(0, left - _MARGIN)
            beyond = slice(y, top + _TILE + _MARGIN), slice(x, left + _TILE + _MARGIN)
            again = _of_any_size(decode, pixels[beyond])
            tile = again[top - y :, left - x :][:_TILE, :_TILE]
            made[top : top + _TILE, left : left + _TILE] = tile
    return made


def _of_any_size(decode: Decoder, pixels: Pixels) -> Pixels:
    height, width = pixels.shape[:2]
    more = ((0, -height % MULTIPLE), (0, -width % MULTIPLE), (0, 0))
    return made_again(decode, np.pad(pixels, more, "edge"))[:height, :width]


def blended(pixels: Pixels, made: Pixels, part: Part) -> Pixels:
    """Put a part of a picture that was made again into the picture, both (H, W, 3)."""
    weights = part.weights(pixels.shape)[..., None]
    mixed = weights * made + (1 - weights) * pixels
    return np.asarray(mixed.round().astype(np.uint8))
