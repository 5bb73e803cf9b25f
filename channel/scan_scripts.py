"""The orders in which platforms send coefficients (ITU-T T.81, annex G: progressive mode)."""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True)
class Scan:
    """One scan: its components, spectral band and successive approximation, as in T.81 B.2.3."""

    components: tuple[int, ...]
    first: int
    last: int
    high_bit: int = 0
    low_bit: int = 0


@dataclass(frozen=True)
class ScanScript:
    """A scan order. Without ``scans`` the codec's own order is used."""

    name: str
    progressive: bool
    scans: tuple[Scan, ...] = ()


BASELINE: Final = ScanScript("baseline", progressive=False)
# jpeg_simple_progression of libjpeg: ten scans for colour.
SIMPLE: Final = ScanScript("progressive, 10 scans", progressive=True)
# What mozjpeg's search for the smallest file gives (OPTIMIZE_SCANS): the number varies.
SEARCHED: Final = ScanScript("progressive, searched scans", progressive=True)
# Instagram 2016 (vsjoen/IBSNtools@99fc942, two files) and 2024 (thoppe/STAMP@8e7695f).
META_7: Final = ScanScript(
    "progressive, 7 scans",
    progressive=True,
    scans=(
        Scan((0, 1, 2), 0, 0),
        Scan((0,), 1, 7, 0, 1),
        Scan((1,), 1, 63),
        Scan((2,), 1, 63),
        Scan((0,), 8, 63, 0, 1),
        Scan((0,), 1, 30, 1, 0),
        Scan((0,), 31, 63, 1, 0),
    ),
)
# Tumblr 2024 (thoppe/STAMP@8e7695f).
TUMBLR_6: Final = ScanScript(
    "progressive, 6 scans",
    progressive=True,
    scans=(
        Scan((0, 1, 2), 0, 0, 0, 2),
        Scan((0, 1, 2), 0, 0, 2, 1),
        Scan((0, 1, 2), 0, 0, 1, 0),
        Scan((1,), 1, 63),
        Scan((2,), 1, 63),
        Scan((0,), 1, 63),
    ),
)
