"""The error-correcting code: BCH(255, 99), shortened to (248, 92), read by soft decisions.

A systematic binary BCH code of designed distance 47 (t = 23) over GF(2⁸) with x⁸+x⁴+x³+x²+1, whose
first seven message bits are zero and left out. It is decoded by ordered statistics (Fossorier &
Lin, IEEE Trans. Inf. Theory 1995) of order three: all codewords that differ from the decision on
the 92 most reliable independent bits in up to three of them are tried, the likeliest wins. That is
within a few tenths of a decibel of the best decoder; one by hard decisions needs twice the energy.
"""

from dataclasses import dataclass
from functools import cache
from math import lgamma, log, log1p, pi

import numpy as np
from numpy.typing import NDArray

from watermark.payload import MESSAGE_BITS, VALID_MESSAGES_LOG2

# Of degree 156: the product of the minimal polynomials of α, α², …, α⁴⁶.
GENERATOR = 0x11AEDBAAE767C497861C81BE36955091F4698719
CODED_BITS = MESSAGE_BITS + 156

Soft = NDArray[np.floating]
Bits = NDArray[np.uint8]


@dataclass(frozen=True)
class Decoded:
    """The likeliest codeword of soft values.

    Attributes
    ----------
    message
        92 bits.
    codeword
        (248,) uint8.
    score
        Correlation of codeword and soft values, over the values' length: noise alone has a
        standard deviation of 1, a codeword without noise has √248.
    """

    message: int
    codeword: Bits
    score: float

    @property
    def false_hit_rate(self) -> float:
        """How probable it is that noise alone comes so near to any of the valid codewords.

        A bound: 2⁷⁶ codewords pass the checksum, and each takes in a cap of the sphere of
        directions, all of which are alike to noise.
        """
        rate: float = 2.0 ** (VALID_MESSAGES_LOG2 + _cap_log2(self.score))
        return min(1.0, rate)


def encode(message: int) -> Bits:
    """Return the (248,) uint8 codeword of a message of 92 bits, most significant first."""
    bits = np.array([message >> n & 1 for n in range(MESSAGE_BITS - 1, -1, -1)], np.uint8)
    codeword: Bits = bits @ generator_matrix() % 2
    return codeword


def decode(soft: Soft) -> Decoded:
    """Find the likeliest codeword.

    Parameters
    ----------
    soft
        (248,) proportional to the logarithm of a bit's odds of being 0 to being 1.
    """
    order = np.argsort(-np.abs(soft), kind="stable")
    length = float(np.sqrt(np.square(soft).sum()))
    values = (soft[order] / (length or 1.0)).astype(np.float32)
    matrix, basis = _reliable_basis(generator_matrix()[:, order])
    rest = np.setdiff1d(np.arange(CODED_BITS), basis)
    bits = (values[basis] < 0).astype(np.uint8)
    cost = 2 * np.abs(values[basis])
    signs = (1 - 2.0 * matrix[:, rest]).astype(np.float32)
    agreeing: Soft = values[rest] * (1 - 2 * (bits @ matrix[:, rest] % 2).astype(np.float32))
    for place in _best_flips(signs, agreeing, cost):
        bits[place] ^= 1
    codeword = np.empty(CODED_BITS, np.uint8)
    codeword[order] = bits @ matrix % 2
    score = float(soft @ (1 - 2.0 * codeword)) / length if length else 0.0
    message = int("".join(map(str, codeword[:MESSAGE_BITS])), 2)
    return Decoded(message, codeword, score)


def _reliable_basis(matrix: Bits) -> tuple[Bits, NDArray[np.intp]]:
    """Reduce a generator matrix to a unit matrix in its first independent columns."""
    matrix = matrix.copy()
    columns: list[int] = []
    for column in range(matrix.shape[1]):
        row = len(columns)
        candidates = np.flatnonzero(matrix[row:, column])
        if not len(candidates):
            continue
        pivot = row + candidates[0]
        matrix[[row, pivot]] = matrix[[pivot, row]]
        others = matrix[:, column].astype(bool)
        others[row] = False
        matrix[others] ^= matrix[row]
        columns.append(column)
        if len(columns) == len(matrix):
            break
    return matrix, np.array(columns)


def _best_flips(signs: Soft, agreeing: Soft, cost: Soft) -> tuple[int, ...]:
    """Return which one to three of the basis' bits are best changed, or none of them.

    Pairs are tried with each bit before them, so that every three is tried once.
    """
    best, flips = float(agreeing.sum()), tuple[int, ...]()
    for first in (None, *range(len(cost) - 2)):
        start, given, paid = (
            (0, agreeing, 0.0)
            if first is None
            else (first + 1, agreeing * signs[first], float(cost[first]))
        )
        others, costs = signs[start:], cost[start:]
        gain = (others * given) @ others.T - costs[:, None] - costs[None]
        np.fill_diagonal(gain, others @ given - costs)
        top = divmod(int(gain.argmax()), len(costs))
        found = float(gain[top]) - paid
        if found > best:
            best = found
            flips = tuple({start + place for place in top} | ({first} - {None}))
    return flips


@cache
def generator_matrix() -> Bits:
    """Return the (92, 248) uint8 generator matrix, systematic."""
    parity = GENERATOR.bit_length() - 1
    rows = []
    for place in range(MESSAGE_BITS):
        word = 1 << (CODED_BITS - 1 - place)
        remainder = word
        while remainder.bit_length() > parity:
            remainder ^= GENERATOR << (remainder.bit_length() - 1 - parity)
        rows.append([(word | remainder) >> n & 1 for n in range(CODED_BITS - 1, -1, -1)])
    return np.array(rows, np.uint8)


def _cap_log2(score: float) -> float:
    """Return log₂ of an upper bound of the share of directions within a codeword's cap."""
    cosine = score / CODED_BITS**0.5
    if cosine <= 0:
        return 0.0
    if cosine >= 1:
        return -float("inf")
    # Of a cap of half angle θ: at most sinⁿ⁻¹θ · Γ(n/2) / (Γ((n+1)/2) · 2√π · cosθ).
    dimensions = CODED_BITS
    sine = 0.5 * log1p(-cosine * cosine) * (dimensions - 1)
    ratio = lgamma(dimensions / 2) - lgamma((dimensions + 1) / 2)
    return min(0.0, (sine + ratio - log(2 * pi**0.5 * cosine)) / log(2))
