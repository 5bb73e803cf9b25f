"""The search for a carrier: a fixed 8×8 pattern from which two histories can be told.

Each candidate is added to developed patches, as they are and after an edit. Both are sent through
the channel, folded onto the period of the pattern, and told apart by a linear classifier (Fisher,
cross validated). What it gets right is a lower bound of what an analyser can learn. Coefficients
are added one at a time while fidelity allows.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import product

import numpy as np
from numpy.typing import NDArray

from camera_sim.training.validation import edited, sent
from camera_sim.training.workflow import PAPER_CHANNEL, Channel

Picture = NDArray[np.uint8]
Coefficients = dict[tuple[int, int], float]
SIDE = 8
AMPLITUDES = (6.0, 9.0, 12.0)
HIGHEST_SUM = 9  # of both frequencies: higher ones no channel keeps
FOLDS = 4
# Weight of a block falls with its own variance; these levels² keep even blocks from all of it.
EVEN_VARIANCE = 2.0
RIDGE = 0.02  # added to the classifier's covariance


@dataclass(frozen=True)
class Carrier:
    """A pattern by its DCT coefficients, in 8-bit levels, and what it is worth.

    Attributes
    ----------
    accuracy
        Share of patches whose history the linear classifier names; half is chance.
    """

    coefficients: Coefficients = field(default_factory=dict)
    accuracy: float = 0.5

    @property
    def psnr(self) -> float:
        """PSNR in dB of a picture that carries it."""
        energy = sum(level**2 for level in self.coefficients.values()) / SIDE**2
        return float(10 * np.log10(255**2 / max(energy, 1e-9)))

    def pattern(self) -> NDArray[np.float64]:
        """(8, 8), in 8-bit levels."""
        k, n = np.arange(SIDE)[:, None], np.arange(SIDE)
        basis = np.cos((2 * n + 1) * k * np.pi / (2 * SIDE)) / 2
        basis[0] /= np.sqrt(2)
        matrix = np.zeros((SIDE, SIDE))
        for place, level in self.coefficients.items():
            matrix[place] = level
        return basis.T @ matrix @ basis


def search(
    patches: Sequence[Picture],
    history: str = "jpeg",
    channel: Channel = PAPER_CHANNEL,
    least_psnr: float = 42.0,
    report: Callable[[float], None] = lambda _: None,
) -> Iterator[Carrier]:
    """Add the best coefficient again and again, while fidelity and accuracy allow.

    Parameters
    ----------
    patches
        (side, side, 3) uint8 developed pictures, as large as the channel takes.
    history
        What shall be told from native.
    report
        Called with the share of a round that is done.

    Yields
    ------
    The carrier after each round.
    """
    best = Carrier()
    while True:
        candidates = [
            Carrier(best.coefficients | {place: level})
            for place, level in product(_places(), AMPLITUDES)
            if place not in best.coefficients
        ]
        faithful = [carrier for carrier in candidates if carrier.psnr >= least_psnr]
        measured = []
        for number, carrier in enumerate(faithful, 1):
            accuracy = linear_accuracy(patches, carrier.pattern(), history, channel)
            measured.append(Carrier(carrier.coefficients, accuracy))
            report(number / len(faithful))
        better = [carrier for carrier in measured if carrier.accuracy > best.accuracy]
        if not better:
            return
        best = max(better, key=lambda carrier: carrier.accuracy)
        yield best


def _places() -> list[tuple[int, int]]:
    pairs = product(range(SIDE), repeat=2)
    return [(row, column) for row, column in pairs if 0 < row + column <= HIGHEST_SUM]


def linear_accuracy(
    patches: Sequence[Picture], pattern: NDArray[np.float64], history: str, channel: Channel
) -> float:
    """Return the cross-validated share of patches that Fisher's discriminant names rightly."""
    repeats = -(-channel.side // SIDE)
    trace = np.tile(pattern, (repeats, repeats))[: channel.side, : channel.side, None]
    carrying = [np.clip(np.rint(p + trace), 0, 255).astype(np.uint8) for p in patches]
    native = np.array([folded(sent(picture, channel)) for picture in carrying])
    changed = np.array([folded(sent(edited(picture, history), channel)) for picture in carrying])
    right = []
    for fold in range(FOLDS):
        held_out = np.arange(len(native)) % FOLDS == fold
        direction, threshold = _fisher(native[~held_out], changed[~held_out])
        right.append(native[held_out] @ direction > threshold)
        right.append(changed[held_out] @ direction <= threshold)
    return float(np.mean(np.concatenate(right)))


def _fisher(
    first: NDArray[np.float64], second: NDArray[np.float64]
) -> tuple[NDArray[np.float64], float]:
    """Return the direction and the threshold that tell two (N, D) sets apart."""
    covariance = (np.cov(first.T) + np.cov(second.T)) / 2 + RIDGE * np.eye(first.shape[1])
    direction = np.linalg.solve(covariance, first.mean(axis=0) - second.mean(axis=0))
    return direction, float(direction @ (first.mean(axis=0) + second.mean(axis=0)) / 2)


def folded(received: Picture, period: int = SIDE // 2) -> NDArray[np.float64]:
    """Average a received patch over the pattern's period, even squares the most: (period² − 1,).

    The pattern's 8 pixels are 4 after a halving; 4 also divides the 8 that stay without one.
    """
    green = received[..., 1].astype(np.float64)
    rows, columns = (side // period for side in green.shape)
    squares = green[: rows * period, : columns * period].reshape(rows, period, columns, period)
    squares = squares - squares.mean(axis=(1, 3), keepdims=True)
    weight = 1 / (squares.var(axis=(1, 3), keepdims=True) + EVEN_VARIANCE)
    mean: NDArray[np.float64] = (squares * weight).sum(axis=(0, 2)) / weight.sum()
    return mean.ravel()[:-1]  # they sum to zero
