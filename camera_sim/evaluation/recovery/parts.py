"""Where a local edit is made: a part of a photo that shows something, of a given area."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

Picture = NDArray[np.uint8]
Mask = NDArray[np.bool_]
TRIES = 60
TEXTURE = 8.0
"""Levels: an edit is made where luma deviates by so much at an eighth of the size, if it can."""
REDUCTION = 8


@dataclass(frozen=True)
class Part:
    """A part of a photo: a rectangle, or the ellipse within.

    Attributes
    ----------
    top, left, height, width
        Of the rectangle around, in pixels.
    round
        Whether it is an ellipse.
    """

    top: int
    left: int
    height: int
    width: int
    round: bool

    @property
    def window(self) -> tuple[slice, slice]:
        """Rows and columns of the rectangle around."""
        return (
            slice(self.top, self.top + self.height),
            slice(self.left, self.left + self.width),
        )

    @property
    def inside(self) -> Mask:
        """(height, width), True within the part."""
        if not self.round:
            return np.ones((self.height, self.width), bool)
        image = Image.new("L", (self.width, self.height))
        ImageDraw.Draw(image).ellipse((0, 0, self.width - 1, self.height - 1), fill=255)
        return np.asarray(image) > 0

    def mask(self, shape: tuple[int, ...]) -> Mask:
        """(H, W), True within the part."""
        mask = np.zeros(shape[:2], bool)
        mask[self.window] = self.inside
        return mask

    def with_content(self, picture: Picture, content: Picture) -> Picture:
        """Return a picture with (height, width, 3) other content in the part."""
        changed = picture.copy()
        changed[self.window] = np.where(self.inside[..., None], content, changed[self.window])
        return changed


def drawn_part(picture: Picture, share: float, rng: np.random.Generator) -> Part:
    """Draw a part of a share of the area; of many, the first that shows something."""
    small = np.asarray(Image.fromarray(picture).convert("L").reduce(REDUCTION), np.float32)
    best: tuple[float, Part] | None = None
    for _ in range(TRIES):
        part = _drawn(picture.shape, share, rng)
        rows, columns = (slice(s.start // REDUCTION, s.stop // REDUCTION) for s in part.window)
        deviation = float(small[rows, columns].std())
        if best is None or deviation > best[0]:
            best = deviation, part
        if deviation >= TEXTURE:
            return part
    assert best is not None  # TRIES is more than none
    return best[1]


def _drawn(shape: tuple[int, ...], share: float, rng: np.random.Generator) -> Part:
    round_ = bool(rng.integers(2))
    area = share * shape[0] * shape[1] / (np.pi / 4 if round_ else 1)
    aspect = np.exp(rng.uniform(-0.5, 0.5))
    height = min(shape[0], round((area / aspect) ** 0.5))
    width = min(shape[1], round(area / height))
    top, left = (
        int(rng.integers(a - b + 1)) for a, b in zip(shape[:2], (height, width), strict=True)
    )
    return Part(top, left, height, width, round_)
