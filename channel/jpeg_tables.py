"""Quantisation tables of JPEG: Annex K of ITU-T T.81, IJG's quality scaling, mozjpeg's table.

All tables are (8, 8), int64, in natural (row-major) order: row = vertical frequency.
"""

from functools import cache
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from channel.errors import ChannelValueError

Table = NDArray[np.int64]


def _table(*rows: str) -> Table:
    table = np.array([[int(step) for step in row.split()] for row in rows])
    table.setflags(write=False)
    return table


ANNEX_K_LUMA: Final = _table(  # ITU-T T.81 (1992), table K.1
    "16 11 10 16 24 40 51 61",
    "12 12 14 19 26 58 60 55",
    "14 13 16 24 40 57 69 56",
    "14 17 22 29 51 87 80 62",
    "18 22 37 56 68 109 103 77",
    "24 35 55 64 81 104 113 92",
    "49 64 78 87 103 121 120 101",
    "72 92 95 98 112 100 103 99",
)
ANNEX_K_CHROMA: Final = _table(  # ITU-T T.81 (1992), table K.2
    "17 18 24 47 99 99 99 99",
    "18 21 26 66 99 99 99 99",
    "24 26 56 99 99 99 99 99",
    "47 66 99 99 99 99 99 99",
    "99 99 99 99 99 99 99 99",
    "99 99 99 99 99 99 99 99",
    "99 99 99 99 99 99 99 99",
    "99 99 99 99 99 99 99 99",
)
ROBIDOUX: Final = _table(  # N. Robidoux; table 3 of mozjpeg's jcparam.c, for luma and chroma
    "16 16 16 18 25 37 56 85",
    "16 17 20 27 34 40 53 75",
    "16 20 24 31 43 62 91 135",
    "18 27 31 40 53 74 106 156",
    "25 34 43 53 69 94 131 189",
    "37 40 62 74 94 124 169 238",
    "56 53 91 106 131 169 226 311",
    "85 75 135 156 189 238 311 418",
)


@cache
def zigzag() -> NDArray[np.int64]:
    """Natural index of each coefficient in the order of the bit stream: (64,), T.81 figure A.6."""
    rows, columns = np.indices((8, 8)).reshape(2, 64)
    diagonal = rows + columns
    along = np.where(diagonal % 2, rows, columns)
    return np.lexsort((along, diagonal))


def scaled(base: ArrayLike, quality: int) -> Table:
    """Scale a table to a quality from 1 to 100 as IJG's ``jpeg_quality_scaling`` does.

    Steps stay in 1–255, so that any baseline decoder reads them. Raises `ChannelValueError`
    for a quality outside 1–100.
    """
    if not 1 <= quality <= 100:
        raise ChannelValueError(f"JPEG quality is {quality}; give a whole number from 1 to 100")
    percent = 5000 // quality if quality < 50 else 200 - 2 * quality
    return np.clip((np.asarray(base, dtype=np.int64) * percent + 50) // 100, 1, 255)


def annex_k(quality: int) -> tuple[Table, Table]:
    """Luma and chroma table of libjpeg at a quality from 1 to 100."""
    return scaled(ANNEX_K_LUMA, quality), scaled(ANNEX_K_CHROMA, quality)


def robidoux(quality: int) -> tuple[Table, Table]:
    """Luma and chroma table of mozjpeg's default at a quality from 1 to 100 (they are equal)."""
    table = scaled(ROBIDOUX, quality)
    return table, table
