"""What the watermark is made of, as Fourier coefficients at whole numbers of cycles.

The photo's longer side is 1, and the photo lies in the top left of a square of that side, on which
everything repeats. A coefficient c at the frequency (fy, fx) adds 2·Re(c·exp(2πi(fy·y + fx·x))).
The three parts share no frequency, so that none disturbs another in an uncut photo.
"""

from dataclasses import dataclass
from functools import cache, cached_property
from math import pi

import numpy as np
from numpy.typing import NDArray

from watermark.code import CODED_BITS
from watermark.keys import GroupKey, PhotoKey

Floats = NDArray[np.floating]
Whole = NDArray[np.int64]
Complex = NDArray[np.complex128]

TILES = 8
"""The payload repeats so many times across the longer side: its frequencies are multiples."""
PAYLOAD_BAND = (36, 350)  # cycles across the longer side
OCTAVES = ((36, 72), (72, 144), (144, 288), (288, 576))
PILOT_LINES = 20
PILOT_BAND = (60, 340)
GOLDEN = (5**0.5 - 1) / 2
SHARES = {"pilot": 0.22, "payload": 0.50, "octaves": 0.28}
"""Of the watermark's power."""
OPERATING_POINT = 0.45
"""8-bit levels of a strength of 1: the one constant that sets fidelity against recovery."""


@dataclass(frozen=True)
class Lines:
    """Frequencies of one half plane; the other half is their mirror image.

    Attributes
    ----------
    rows, columns
        (N,) cycles down and across; columns are 0 or more.
    """

    rows: Whole
    columns: Whole

    def __len__(self) -> int:
        """Return how many there are."""
        return len(self.rows)

    @property
    def radii(self) -> Floats:
        """(N,) cycles across the longer side, in whatever direction."""
        return np.hypot(self.rows, self.columns)

    @cached_property
    def _coarseness(self) -> Floats:
        """(N,) radius^−½."""
        return 1 / np.sqrt(self.radii)

    @cached_property
    def of_signs(self) -> NDArray[np.float32]:
        """(N,) what scales coefficients of ±1 ± i as `scaled` does, to a power of 1."""
        weight = self._coarseness / np.sqrt(4 * np.square(self._coarseness).sum())
        narrow: NDArray[np.float32] = weight.astype(np.float32)
        return narrow

    def scaled(self, coefficients: Complex, power: float) -> Complex:
        """Weight (N,) coefficients by radius^−½ and bring them to a power.

        Equal power for each octave of a line, nearly: what is coarse survives small copies, what is
        fine is seen less in a large one.
        """
        weighted = coefficients * self._coarseness
        scaled: Complex = weighted * np.sqrt(power / (2 * np.square(weighted.view(float)).sum()))
        return scaled


@cache
def pilot() -> tuple[Lines, Complex]:
    """Return the public lines and their coefficients of power 1.

    Line n of 20 points into the direction π(n + ½)/20 − π/2, its radius is 60·(340/60)^frac(n·g)
    with the golden ratio g = 0.618…; its frequency down is the nearest odd number, which no line of
    the payload has, that across the nearest whole number; its phase is 2π·frac(n²·g).
    """
    number = np.arange(PILOT_LINES)
    angle = pi * (number + 0.5) / PILOT_LINES - pi / 2
    low, high = PILOT_BAND
    radius = low * (high / low) ** (number * GOLDEN % 1)
    rows = 2 * np.floor(radius * np.sin(angle) / 2).astype(np.int64) + 1
    columns = np.rint(radius * np.cos(angle)).astype(np.int64)
    phase = 2 * pi * (number**2 * GOLDEN % 1)
    lines = Lines(rows, columns)
    return lines, lines.scaled(np.exp(1j * phase), 1.0)


@cache
def payload_lines() -> Lines:
    """Return the payload's frequencies by radius, those of a radius by columns, then rows."""
    low, high = PAYLOAD_BAND
    lines = _within(low, high, TILES)
    order = np.lexsort((lines.rows, lines.columns, _squared(lines)))
    return Lines(lines.rows[order], lines.columns[order])


@dataclass(frozen=True)
class Spreading:
    """Which coded bit each real and each imaginary part carries, and with which sign.

    Attributes
    ----------
    bits
        (2N,) from 0 to 247: of line 0's real part, its imaginary part, line 1's real part, …
    signs
        (2N,) ±1.
    """

    bits: Whole
    signs: Floats

    @classmethod
    def by(cls, key: GroupKey) -> "Spreading":
        """Derive it from a group's key.

        Parts are taken by radius, 248 at a time; in each such group every bit comes once, in the
        order of 248 numbers drawn for it.
        """
        parts = 2 * len(payload_lines())
        groups = -(-parts // CODED_BITS)
        drawn = key.words("payload places", groups * CODED_BITS).reshape(groups, CODED_BITS)
        bits = np.argsort(drawn, axis=1, kind="stable").ravel()[:parts]
        return cls(bits, _signs(key.words("payload signs", -(-parts // 64)), parts))

    def coefficients(self, codeword: NDArray[np.uint8]) -> Complex:
        """Return the payload lines' coefficients of power 1; a bit of 1 turns its parts' signs."""
        parts = self.signs * (1 - 2.0 * codeword[self.bits])
        return payload_lines().scaled(parts[0::2] + 1j * parts[1::2], 1.0)


@cache
def octave_lines(octave: int) -> Lines:
    """Return the frequencies of a measuring octave: all of its ring but pilot's and payload's.

    By columns, then rows.
    """
    lines = _within(*OCTAVES[octave], 1)
    taken = np.zeros((2 * OCTAVES[-1][1], OCTAVES[-1][1]), bool)
    for other in (pilot()[0], payload_lines()):
        taken[other.rows, other.columns] = True
    free = ~taken[lines.rows, lines.columns]
    return Lines(lines.rows[free], lines.columns[free])


def octave_coefficients(octave: int, key: PhotoKey) -> NDArray[np.complex64]:
    """Return a measuring octave's coefficients of power 1, ±1 ± i before weighting."""
    lines = octave_lines(octave)
    parts = _signs(key.words(f"octave {octave}", -(-2 * len(lines) // 64)), 2 * len(lines))
    scaled = parts.reshape(-1, 2) * lines.of_signs[:, None]
    return scaled.view(np.complex64)[:, 0]


def _within(low: float, high: float, step: int) -> Lines:
    """List the multiples of a step in a ring, low included and high not; one of each pair ±."""
    most = int(high // step)
    columns, rows = np.mgrid[0 : most + 1, -most : most + 1].reshape(2, -1) * step
    lines = Lines(rows, columns)
    squared = _squared(lines)
    half = (columns > 0) | (rows > 0)
    inside = (squared >= low**2) & (squared < high**2) & half
    return Lines(rows[inside], columns[inside])


def _squared(lines: Lines) -> Whole:
    return lines.rows**2 + lines.columns**2


def _signs(words: NDArray[np.uint64], count: int) -> NDArray[np.float32]:
    """Return ±1 from the bits of words, least significant first; a set bit is −1."""
    bits = np.unpackbits(words.astype("<u8").view(np.uint8), bitorder="little")[:count]
    return np.float32(1) - 2 * bits.astype(np.float32)
