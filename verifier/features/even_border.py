"""Borders of one colour around a picture: what a camera doesn't make, and a frame is."""

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

EVEN: Final = 4.0  # levels: deviation along a border's row, after a platform's compression
ALIKE: Final = 6.0  # levels between its rows
MOST: Final = 0.3  # of a side that a border may take
AT_ONCE: Final = 64  # rows: a picture without a border costs no more
LEAST: Final = 4  # rows of a frame
ENDS: Final = 2  # rows in which a frame ends, where compression mixed it with the photo
BEGINS: Final = 0.5  # of a row that leaves a frame's colour there, by more than `ALIKE`


class Borders(NamedTuple):
    """How many rows and columns of one colour a picture has at each side."""

    top: int
    bottom: int
    left: int
    right: int


def even_borders(picture: NDArray[np.uint8]) -> Borders:
    """Count the rows and columns of one colour at each side of a (H, W, 3) picture."""
    return Borders(*(_even_rows(side) for side in _sides(picture)))


def is_framed(picture: NDArray[np.uint8]) -> bool:
    """Whether a border of one colour ends along a straight line; a sky ends along none."""
    return any(
        count >= LEAST and _ends_straight(side, count)
        for side, count in zip(_sides(picture), even_borders(picture), strict=True)
    )


def _sides(picture: NDArray[np.uint8]) -> tuple[NDArray[np.uint8], ...]:
    """Turn each side to the top."""
    columns = picture.swapaxes(0, 1)
    return picture, picture[::-1], columns, columns[::-1]


def _even_rows(picture: NDArray[np.uint8]) -> int:
    most = round(MOST * len(picture))
    colour = picture[:1].mean(axis=1, dtype=np.float32)
    for start in range(0, most, AT_ONCE):
        rows = picture[start : min(most, start + AT_ONCE)].astype(np.float32)
        # The other two borders lie at the ends of each row: of one colour, too, or of another.
        even = rows.std(axis=1).max(axis=1) < EVEN
        even &= np.abs(rows.mean(axis=1) - colour).max(axis=1) < ALIKE
        if not even.all():
            return start + int(even.argmin())
    return most


def _ends_straight(picture: NDArray[np.uint8], count: int) -> bool:
    colour = picture[:count].mean(axis=(0, 1), dtype=np.float32)
    after = picture[count : count + ENDS + 1].astype(np.float32)
    if not len(after):
        return False
    left = np.abs(after - colour).max(axis=(0, 2)) > ALIKE
    return bool(left.mean() > BEGINS)
