"""The quality that quantisation tables amount to, and the family that they are from."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, lru_cache

import numpy as np
from numpy.typing import NDArray

from channel import jpeg_tables


@dataclass(frozen=True)
class TableQuality:
    """The nearest quality of a family of tables; ``distance`` is the mean step that is missing."""

    family: str
    quality: int
    distance: float

    @property
    def exact(self) -> bool:
        """Whether the tables are that quality's, step by step."""
        return self.distance == 0


def table_quality(steps: Sequence[int], *, chroma: bool = False) -> TableQuality:
    """Find the family and quality of 64 quantisation steps in natural order.

    Annex K of T.81, scaled as IJG's libjpeg does, is tried first, then mozjpeg's (Robidoux). Where
    neither fits exactly the nearest quality of Annex K is reported.
    """
    return _quality(tuple(steps), chroma=chroma)


@lru_cache(1024)  # a header is compared with every profile
def _quality(steps: tuple[int, ...], *, chroma: bool) -> TableQuality:
    annex_k = _nearest("Annex K", steps, chroma=chroma)
    if annex_k.exact:
        return annex_k
    robidoux = _nearest("Robidoux", steps, chroma=chroma)
    return robidoux if robidoux.exact else annex_k


def _nearest(family: str, steps: Sequence[int], *, chroma: bool) -> TableQuality:
    distances = np.abs(_tables(family, chroma=chroma) - np.asarray(steps)).mean(1)
    # Of equal tables (qualities 1 and below) the higher quality is reported.
    best = len(distances) - 1 - int(np.argmin(distances[::-1]))
    return TableQuality(family, best + 1, float(distances[best]))


@cache
def _tables(family: str, *, chroma: bool) -> NDArray[np.int64]:
    make = jpeg_tables.annex_k if family == "Annex K" else jpeg_tables.robidoux
    return np.stack([make(quality)[int(chroma)].ravel() for quality in range(1, 101)])
