"""A border of one colour that lies over a part of the photo: of a cut picture that was framed."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from verifier.comparing.laying import Array, Lay

EVEN: Final = 4.0  # levels: deviation along a border's row, after a platform's compression
ALIKE: Final = 6.0  # levels between its rows
DIFFERS: Final = 12.0  # levels from the photo: else it is the photo's own even edge
MOST: Final = 0.3  # of a side that a border may take
MIXED: Final = 8  # pixels: what is inside of a border was compressed together with it


def within_borders(
    received: NDArray[np.uint8], lay: Lay, shape: tuple[int, int]
) -> NDArray[np.bool_] | None:
    """Return which pixels of a (h, w) reference lie within a picture's borders; None without any.

    Parameters
    ----------
    received
        (H, W, 3), upright.
    """
    top, bottom = _borders(received)
    left, right = _borders(received.swapaxes(0, 1))
    if not any((top, bottom, left, right)):
        return None
    height, width = received.shape[:2]
    inner = Lay(lay.matrix - np.array([[0, 0, left], [0, 0, top]]))
    return inner.seen(shape, (height - top - bottom, width - left - right))


def is_covered(content: Array, predicted: Array, border: NDArray[np.bool_]) -> bool:
    """Whether a border covers the photo; else it is the photo's own even edge.

    Parameters
    ----------
    content, predicted
        (h, w, 3): what is there, and what the photo has there, in the picture's tone.
    border
        (h, w).
    """
    return bool(border.any() and np.abs(content - predicted)[border].mean() >= DIFFERS)


def _borders(picture: NDArray[np.uint8]) -> tuple[int, int]:
    """Return how many rows of one colour a picture begins and ends with, each with its edge."""
    return _border(picture), _border(picture[::-1])


def _border(picture: NDArray[np.uint8]) -> int:
    rows = picture[: round(MOST * len(picture))].astype(np.float32)
    means = rows.mean(axis=1)
    # The other two borders lie at the ends of each row: of one colour, too, or of another.
    even = rows.std(axis=1).max(axis=1) < EVEN
    even &= np.abs(means - means[0]).max(axis=1) < ALIKE
    count = int(even.argmin()) if not even.all() else len(even)
    return count + MIXED if count else 0
