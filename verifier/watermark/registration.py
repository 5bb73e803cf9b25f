"""How far a watermark lies from where it was read: a photo cut by a few pixels reads as uncut.

The payload is decoded all the same, but its fine lines lie beside where they are looked for, and
that looks as if they were smoothed away. Once the payload is known, its lines say where they lie.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from verifier.watermark.reader import WatermarkReading
from verifier.watermark.refining import climbed, in_blocks
from verifier.watermark.whitening import reduced, whitened
from watermark.embedding import payload_part
from watermark.keys import GroupKey
from watermark.pattern import Lines
from watermark.payload import Message

FINEST: Final = 250  # cycles across the longer side: finer lines agree nearby only


def distance_from_place(
    picture: NDArray[np.uint8], reading: WatermarkReading, group: GroupKey
) -> float:
    """Return by how much a read watermark lies elsewhere, at most, in longer sides of the photo.

    Parameters
    ----------
    picture
        (H, W, 3) uint8, that of the reading.
    group
        The key that read it.

    Raises
    ------
    ValueError
        If no payload was read.
    """
    if reading.payload is None or reading.place is None or reading.longer_side is None:
        raise ValueError("a distance is measured of a watermark that was read")
    upright = reading.place.upright(reduced(picture))
    lines, coefficients = payload_part(Message(reading.payload, reading.longer_side), group)
    coarse = lines.radii < FINEST
    known = Lines(lines.rows[coarse], lines.columns[coarse])
    expected = np.conj(coefficients[coarse]).astype(np.complex128)
    weighed = whitened(upright)
    change, _ = climbed(in_blocks(weighed, reading.place, known, expected))
    stretched, moved = np.abs(change[:2]).max() / 2, np.abs(change[2:]).max()
    return float(stretched + moved)
