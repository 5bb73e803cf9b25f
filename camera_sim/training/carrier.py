"""The search for a carrier: an 8×8 pattern by which a linear classifier tells the histories.

Each candidate is added to developed pictures, in four strengths by `QUARTERS`. They get every
history, go through the channel, and are told apart by Fisher's discriminant from two sets of
features: the received patch folded onto the pattern's period, and the energies of its DCT
coefficients. The cross-validated log loss is what
the search lowers: it moves where accuracy does not yet. What the classifier gets right is what an
analyser can learn at the least.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import combinations, product

import numpy as np
from numpy.typing import NDArray

from camera_sim.pipelines.rnet import LATTICE, QUARTERS
from camera_sim.training.validation import Picture, as_camera_file, edited, sent
from camera_sim.training.workflow import HISTORIES, PAPER_CHANNEL, Channel
from verifier.features.dct_histogram import block_coefficients, luma
from verifier.training.fan import PATCH

Developed = NDArray[np.float32]
Coefficients = dict[tuple[int, int], float]
SIDE = 8
QUARTER = SIDE * LATTICE // 2
HIGHEST_SUM = 8  # of both frequencies: higher ones no channel keeps
PAIRED = 8  # of the best single coefficients, every pair is tried
MOVES = (-4.0, -2.0, 2.0, 4.0)  # of one coefficient's level, before the budget is kept
LEAST_LEVEL = 2.0
LEAST_GAIN = 0.002  # in nats
FOLDS = 4
# Weight of a block falls with its own variance; these levels² keep even blocks from all of it.
EVEN_VARIANCE = 2.0
SHRINKAGE = 0.15  # of the classifier's covariance towards a multiple of the identity


@dataclass(frozen=True)
class Carrier:
    """A pattern by its DCT coefficients, in 8-bit levels, and what it is worth.

    Attributes
    ----------
    loss
        Cross-validated log loss of the linear classifier in nats; log 5 is chance.
    accuracy
        Share of patches whose history it names; a fifth is chance.
    """

    coefficients: Coefficients = field(default_factory=dict)
    loss: float = float(np.log(len(HISTORIES)))
    accuracy: float = 1 / len(HISTORIES)

    @property
    def psnr(self) -> float:
        """PSNR in dB of a picture that carries it."""
        energy = sum(level**2 for level in self.coefficients.values()) / SIDE**2
        return float(10 * np.log10(255**2 / max(energy, 1e-9)))

    def pattern(self) -> NDArray[np.float64]:
        """(32, 32), in 8-bit levels, each quarter of its own strength."""
        k, n = np.arange(SIDE)[:, None], np.arange(SIDE)
        basis = np.cos((2 * n + 1) * k * np.pi / (2 * SIDE)) / 2
        basis[0] /= np.sqrt(2)
        matrix = np.zeros((SIDE, SIDE))
        for place, level in self.coefficients.items():
            matrix[place] = level
        quarter = np.tile(basis.T @ matrix @ basis, (QUARTER // SIDE, QUARTER // SIDE))
        return np.kron(np.reshape(QUARTERS, (2, 2)), quarter)


def at_psnr(coefficients: Coefficients, psnr: float) -> Coefficients:
    """Scale coefficients to a fidelity in dB, rounded to hundredths of a level."""
    energy = 255**2 / 10 ** (psnr / 10) * SIDE**2
    scale = np.sqrt(energy / sum(level**2 for level in coefficients.values()))
    return {place: round(float(level * scale), 2) for place, level in coefficients.items()}


def search(
    pictures: Sequence[Developed],
    channel: Channel = PAPER_CHANNEL,
    psnr: float = 42.2,
    report: Callable[[float], None] = lambda _: None,
) -> Iterator[Carrier]:
    """Try each coefficient, pairs of the best, then move one at a time while the loss falls.

    All candidates have the same energy.

    Parameters
    ----------
    pictures
        (side, side, 3) float32 developed pictures in 8-bit levels, as large as the channel takes
        and not yet rounded: rounding alone would make other patterns of small ones.
    psnr
        Of the carrier, in dB.
    report
        Called with the share of a round that is done.

    Yields
    ------
    The best carrier after each round.
    """

    def best_of(candidates: Sequence[Coefficients]) -> list[Carrier]:
        measured = []
        for number, coefficients in enumerate(candidates, 1):
            measured.append(measure(at_psnr(coefficients, psnr), pictures, channel))
            report(number / len(candidates))
        return sorted(measured, key=lambda carrier: carrier.loss)

    singles = best_of([{place: 1.0} for place in _places()])
    yield singles[0]
    best_places = [next(iter(carrier.coefficients)) for carrier in singles[:PAIRED]]
    best = best_of([dict.fromkeys(pair, 1.0) for pair in combinations(best_places, 2)])[0]
    while True:
        yield best
        moved = best_of(list(_moved(best.coefficients, best_places)))[0]
        if moved.loss > best.loss - LEAST_GAIN:
            return
        best = moved


def _places() -> list[tuple[int, int]]:
    pairs = product(range(SIDE), repeat=2)
    return [(row, column) for row, column in pairs if 0 < row + column <= HIGHEST_SUM]


def _moved(coefficients: Coefficients, places: Sequence[tuple[int, int]]) -> Iterator[Coefficients]:
    for place, move in product(places, MOVES):
        moved = coefficients | {place: coefficients.get(place, 0.0) + move}
        kept = {place: level for place, level in moved.items() if abs(level) >= LEAST_LEVEL}
        if kept and kept != coefficients:
            yield kept


def measure(
    coefficients: Coefficients, pictures: Sequence[Developed], channel: Channel = PAPER_CHANNEL
) -> Carrier:
    """Return a carrier with its loss and accuracy; every second picture is a camera's JPEG."""
    pattern = Carrier(coefficients).pattern()
    repeats = -(-channel.side // len(pattern))
    trace = np.tile(pattern, (repeats, repeats))[: channel.side, : channel.side, None]
    features = []
    for index, picture in enumerate(pictures):
        carrying = np.clip(np.rint(picture + trace), 0, 255).astype(np.uint8)
        carrying = as_camera_file(carrying) if index % 2 else carrying
        received = [sent(edited(carrying, name), channel) for name in HISTORIES]
        features += [_features(picture, channel) for picture in received]
    return Carrier(coefficients, *_cross_validated(np.array(features)))


def _cross_validated(features: NDArray[np.float64]) -> tuple[float, float]:
    """Return log loss and accuracy of (N·5, D) features, N pictures of every history."""
    truth = np.arange(len(features)) % len(HISTORIES)
    fold = np.arange(len(features)) // len(HISTORIES) % FOLDS
    logs = np.zeros((len(features), len(HISTORIES)))
    for number in range(FOLDS):
        known = fold != number
        logs[~known] = _fisher(features[known], truth[known], features[~known])
    loss = -logs[np.arange(len(truth)), truth].mean()
    return float(loss), float((logs.argmax(axis=1) == truth).mean())


def _fisher(
    known: NDArray[np.float64], truth: NDArray[np.int_], asked: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return the (M, 5) log probabilities of ``asked`` by a discriminant fitted to ``known``."""
    mean, deviation = known.mean(axis=0), known.std(axis=0) + 1e-3
    known, asked = (known - mean) / deviation, (asked - mean) / deviation
    means = np.array([known[truth == label].mean(axis=0) for label in range(len(HISTORIES))])
    within = known - means[truth]
    covariance = within.T @ within / len(within)
    dimensions = len(covariance)
    ridge = SHRINKAGE * np.trace(covariance) / dimensions * np.eye(dimensions)
    directions = np.linalg.solve((1 - SHRINKAGE) * covariance + ridge, means.T)
    logits = asked @ directions - np.einsum("kd,dk->k", means, directions) / 2
    logits /= 2  # features depend on each other more than the model says: it is too sure
    logs: NDArray[np.float64] = logits - np.logaddexp.reduce(logits, axis=1, keepdims=True)
    return logs


def _features(received: Picture, channel: Channel) -> NDArray[np.float64]:
    """Return the folded quarters, and each DCT coefficient's log energy and share of zeros."""
    plane = luma(received)
    coefficients = block_coefficients(plane)
    energies = np.log(np.square(coefficients).mean(axis=0) + 0.1)
    zeros = (np.abs(coefficients) < 1).mean(axis=0)
    parts = [folded(quarter) for quarter in _quarters(plane, QUARTER * PATCH // channel.side)]
    return np.concatenate([*parts, energies, zeros])


def _quarters(plane: NDArray[np.float32], side: int) -> Iterator[NDArray[np.float32]]:
    """Yield what each quarter of the pattern's period, ``side`` pixels each way, holds."""
    rows, columns = (length // (2 * side) for length in plane.shape)
    cut = plane[: 2 * rows * side, : 2 * columns * side].reshape(rows, 2, side, columns, 2, side)
    for down, across in product(range(2), repeat=2):
        yield cut[:, down, :, :, across].reshape(rows * side, columns * side)


def folded(plane: NDArray[np.float32], period: int = SIDE // 2) -> NDArray[np.float64]:
    """Average a (H, W) plane over the pattern's period, even squares the most: (period²,).

    The pattern's 8 pixels are 4 after a halving; 4 also divides the 8 that stay without one.
    """
    rows, columns = (side // period for side in plane.shape)
    cut = plane[: rows * period, : columns * period].astype(np.float64)
    squares = cut.reshape(rows, period, columns, period)
    squares = squares - squares.mean(axis=(1, 3), keepdims=True)
    weight = 1 / (squares.var(axis=(1, 3), keepdims=True) + EVEN_VARIANCE)
    mean: NDArray[np.float64] = (squares * weight).sum(axis=(0, 2)) / weight.sum(axis=(0, 2))
    return mean.ravel()
