"""Refining a place: a picture is moved and stretched until known lines agree best.

Each block is correlated with the lines once; a small change of place only turns a block's phases.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from verifier.watermark.place import Array, Place, products
from watermark.pattern import Complex, Lines

Floats = NDArray[np.float64]
Whole = NDArray[np.int64]
BLOCK = 64  # samples, in which a line's phase hardly turns by any change that is tried
FIRST_STEP, LAST_STEP = 8e-4, 4e-6
"""Of stretching, and of moving in longer sides of the photo."""


@dataclass(frozen=True)
class Blocks:
    """What each block of a picture has of each line.

    Attributes
    ----------
    parts
        (N, rows, columns) complex, 1 where a line lies as expected, but for a factor.
    down, across
        (N, rows), (N, columns) by how many turns a line's phase changes for a stretch by one.
    lines
        The N lines.
    """

    parts: Complex
    down: Floats
    across: Floats
    lines: Lines

    def agreement(self, change: Floats) -> float:
        """Return the lines' sum after stretching down, across, and moving down, across."""
        down, across = self._phases(change)
        rows = np.matmul(down[:, None], self.parts)[:, 0]
        return float((rows * across).sum().real)

    def changed(self, change: Floats) -> Complex:
        """Return the parts after such a change, (N, rows, columns)."""
        down, across = self._phases(change)
        changed: Complex = self.parts * down[:, :, None] * across[:, None]
        return changed

    def _phases(self, change: Floats) -> tuple[Complex, Complex]:
        down = self.down * change[0] + self.lines.rows[:, None] * change[2]
        across = self.across * change[1] + self.lines.columns[:, None] * change[3]
        return np.exp(-2j * np.pi * down), np.exp(-2j * np.pi * across)


def in_blocks(upright: Array, place: Place, lines: Lines, expected: Complex) -> Blocks:
    """Correlate the blocks of an upright (H, W) picture with (N,) expected lines."""
    tops, lefts = (np.arange(0, side, BLOCK) for side in upright.shape)
    blocks = _of_lattice if place.slant == 0 else _of_each
    parts = blocks(upright, place, lines, tops, lefts) * expected[:, None, None]
    middles = [
        ((starts + np.minimum(starts + BLOCK, side)) / 2 - side / 2) * step
        for starts, side, step in zip((tops, lefts), upright.shape, place.steps, strict=True)
    ]
    return Blocks(
        parts, np.outer(lines.rows, middles[0]), np.outer(lines.columns, middles[1]), lines
    )


def _of_lattice(upright: Array, place: Place, lines: Lines, tops: Whole, lefts: Whole) -> Complex:
    """Correlate blocks with level lines, (N, rows, columns): many share rows and columns."""
    rows, row_of = np.unique(lines.rows, return_inverse=True)
    columns, column_of = np.unique(lines.columns, return_inverse=True)
    down, across = place.level_waves(rows, columns, upright.shape)
    parts: Complex = np.empty((len(lines), len(tops), len(lefts)), complex)
    for j, left in enumerate(lefts):
        strip = products(upright[:, left : left + BLOCK], across[:, left : left + BLOCK])
        for i, top in enumerate(tops):
            block = down[:, top : top + BLOCK] @ strip[top : top + BLOCK]
            parts[:, i, j] = block[row_of, column_of]
    return parts


def _of_each(upright: Array, place: Place, lines: Lines, tops: Whole, lefts: Whole) -> Complex:
    """Correlate blocks with lines that are slanted, each with a row and a column of its own."""
    down, across = place.waves(lines, upright.shape)
    strips = [products(upright[:, x : x + BLOCK], across[:, x : x + BLOCK]) for x in lefts]
    sums = [np.add.reduceat(strip * down.T, tops, axis=0) for strip in strips]
    return np.stack(sums, axis=-1).transpose(1, 0, 2)


def climbed(blocks: Blocks) -> tuple[Floats, float]:
    """Climb from no change, one way at a time, in steps that halve; return change and agreement."""
    change = np.zeros(4)
    best, step = blocks.agreement(change), FIRST_STEP
    while step > LAST_STEP:
        before = best
        for way in range(4):
            for sign in (step, -step):
                tried = change.copy()
                tried[way] += sign
                value = blocks.agreement(tried)
                if value > best:
                    best, change = value, tried
                    break
        if best == before:
            step /= 2
    return change, best
