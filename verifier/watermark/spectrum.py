"""The power spectrum of a whitened picture, against what else lies around each frequency."""

import numpy as np
from numpy.typing import NDArray

from verifier.watermark.place import Array

Floats = NDArray[np.floating]
AROUND, OWN = 12, 2
"""Bins each way over which a frequency's surroundings are averaged, and which are its own."""
LEAST = 1e-30
MOST_DEVIATIONS = 6.0  # of one frequency


class Spectrum:
    """A whitened picture's power by frequency, in bins half as wide as the picture resolves.

    What a frequency is held against lies close to it: lines and edges of a picture raise whole
    directions of its spectrum.

    Parameters
    ----------
    weighed
        (H, W) of `whitening.Weighing.apply`.
    pitch
        How high and wide its samples are, in those of its longer side.
    """

    def __init__(self, weighed: Array, pitch: tuple[float, float] = (1.0, 1.0)) -> None:
        self.pitch = pitch
        self._side = 2 * max(weighed.shape)
        spectrum = np.fft.rfft2(weighed, s=(self._side, self._side))
        power = (spectrum.real**2 + spectrum.imag**2).astype(np.float32)
        around, own = _box_sum(power, AROUND), _box_sum(power, OWN)
        bins = (2 * AROUND + 1) ** 2 - (2 * OWN + 1) ** 2
        self._noise = np.maximum((around - own) / bins, np.float32(LEAST))
        self._above = np.minimum(power / self._noise, np.float32(MOST_DEVIATIONS**2)) - 1

    def noise(self, down: Floats, across: Floats) -> Floats:
        """Return the mean power around frequencies down and across, in cycles a sample."""
        level: Floats = self._noise[self._bins(down, across)]
        return level

    def above(self, down: Floats, across: Floats, factors: Floats) -> Array:
        """Return by how much a frequency's power is above that around it, in parts of that.

        No more than by `MOST_DEVIATIONS`: a picture's own lines shall not outweigh all others.

        Parameters
        ----------
        down, across
            (N,) cycles a sample.
        factors
            (M,) positive ones, by which all are multiplied.

        Returns
        -------
        (N, M) float32. A search looks up millions, so numbers are narrow and passes few.
        """
        to_bins = np.where(across < 0, -self._side, self._side)[:, None]
        by = factors.astype(np.float32)
        rows = np.rint((down[:, None] * to_bins).astype(np.float32) * by).astype(np.int32)
        columns = np.rint((across[:, None] * to_bins).astype(np.float32) * by).astype(np.int32)
        # A row before the first is one of the last: so are an array's negative places.
        places = rows * np.int32(self._above.shape[1]) + columns
        found: Array = self._above.take(places, mode="wrap")
        return found

    def _bins(self, down: Floats, across: Floats) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return the nearest bins of the half spectrum, whose columns are 0 or more."""
        turned = np.where(across < 0, -1.0, 1.0)
        rows = np.rint(down * turned * self._side).astype(np.int64) % self._side
        columns = np.rint(across * turned * self._side).astype(np.int64)
        return rows, np.minimum(columns, self._side // 2)


def _box_sum(power: Array, reach: int) -> Array:
    """Sum a half spectrum over the bins within some reach; beyond column 0 it mirrors itself."""
    rows = -np.arange(len(power)) % len(power)
    left = power[rows, reach:0:-1]
    padded = np.pad(np.hstack([left, power]), ((reach, reach), (0, reach)), mode="wrap")
    count = 2 * reach + 1
    return _running_sum(_running_sum(padded, count, 0), count, 1)


def _running_sum(values: Array, count: int, axis: int) -> Array:
    """Sum each so many values that follow each other along an axis: of sums of 1, 2, 4, ..."""
    left = values.shape[axis] - count + 1
    total, taken = np.zeros_like(_along(values, axis, 0, left)), 0
    for bit in range(count.bit_length()):
        width = 1 << bit
        if count & width:
            total += _along(values, axis, taken, taken + left)
            taken += width
        values = _along(values, axis, 0, -width) + _along(values, axis, width, None)
    return total


def _along(values: Array, axis: int, start: int, stop: int | None) -> Array:
    return values[start:stop] if axis == 0 else values[:, start:stop]
