"""How much of a watermark is left, by frequency: what was done to a picture.

The known pattern is laid as the camera would have laid it, weighed as the picture is, and
compared. A mark that is known measures what happened to it (Kundur & Hatzinakos, IEEE Trans.
Multimedia 2001). How strongly the camera laid it is estimated from the picture, so shares are
within some 20% and their ratios from one frequency to the next within 5%.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from verifier.watermark.place import Array
from verifier.watermark.reader import WatermarkReading
from verifier.watermark.transfer import camera_strength, laid_at
from verifier.watermark.whitening import Weighing, reduced
from watermark.embedding import Part, octave_part, payload_part
from watermark.keys import GroupKey, PhotoKey
from watermark.pattern import OCTAVES, Lines
from watermark.payload import Message

BLOCK = 64  # samples a side of a region


@dataclass(frozen=True)
class Left:
    """What is left of some lines.

    Attributes
    ----------
    name
        ``payload`` or ``octave``, and the band in cycles across the photo's longer side.
    share
        Of what was laid; 1 is all.
    error
        Its standard error, by leaving out a region of 64 samples at a time.
    """

    name: str
    band: tuple[int, int]
    share: float
    error: float


def measure(
    picture: NDArray[np.uint8],
    reading: WatermarkReading,
    group: GroupKey,
    photo: PhotoKey | None = None,
) -> list[Left]:
    """Measure what is left of a watermark that was read.

    Parameters
    ----------
    picture
        (H, W, 3) uint8, that of the reading.
    reading
        With a payload.
    group
        The key that read it.
    photo
        The photo's own key; without it the payload's bands are measured and no octave.

    Raises
    ------
    ValueError
        If no payload was read.
    """
    if reading.payload is None or reading.place is None or reading.longer_side is None:
        raise ValueError("what is left is measured of a watermark that was read")
    place = reading.place
    luma = place.upright(reduced(picture))
    weighing = Weighing(luma)
    found = weighing.apply(luma)
    strength = camera_strength(luma)
    message = Message(reading.payload, reading.longer_side)
    laid = [
        (f"payload {low}–{high}", (low, high), _within(payload_part(message, group), low, high))
        for low, high in OCTAVES[:-1]
    ]
    if photo:
        laid += [
            (f"octave {low}–{high}", (low, high), octave_part(number, photo))
            for number, (low, high) in enumerate(OCTAVES)
        ]
    return [
        _left(name, band, strength * laid_at([part], place, luma.shape), found, weighing)
        for name, band, part in laid
    ]


def _within(part: Part, low: int, high: int) -> Part:
    """Return the lines of a part that lie in a band."""
    lines, coefficients = part
    inside = (lines.radii >= low) & (lines.radii < high)
    return Lines(lines.rows[inside], lines.columns[inside]), coefficients[inside]


def _left(name: str, band: tuple[int, int], laid: Array, found: Array, weighing: Weighing) -> Left:
    measured, expected = _by_regions(laid * found), _by_regions(laid * weighing.apply(laid))
    share = float(measured.sum() / expected.sum())
    without = (measured.sum() - measured) / (expected.sum() - expected)
    error = float(np.sqrt(np.square(without - share).sum() * (1 - 1 / without.size)))
    return Left(name, band, share, error)


def _by_regions(values: Array) -> NDArray[np.floating]:
    """Sum (H, W) values over regions; those at the far edges are smaller."""
    tops, lefts = (np.arange(0, side, BLOCK) for side in values.shape)
    sums: NDArray[np.floating] = np.add.reduceat(np.add.reduceat(values, tops, 0), lefts, 1)
    return sums
