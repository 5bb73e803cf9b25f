"""The search for a pattern: a pattern by which a linear classifier distinguishes the histories.

Each candidate is added to developed pictures. They get every history, go through channels, and
are distinguished, and from pictures without it, by Fisher's discriminant from what 8×8 blocks say:
mean coefficients in each quarter of the pattern's period, energies, shares of zeros. The
cross-validated log loss is what the search lowers: it moves where accuracy does not yet. What the
classifier gets right is what a FAN can learn at the least.

Every candidate is held to a fidelity and to what an eye sees of it, so the search puts levels where
eyes are weak and channels are not.
"""

import hashlib
import json
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from camera_sim.errors import TrainingError
from camera_sim.networks.rnet import QUARTER, WATERMARK_PATTERN, WatermarkPattern, pattern_levels
from camera_sim.training.pair.validation import Picture, as_camera_file, edited, transmitted
from camera_sim.training.pair.workflow import HISTORIES, PAPER_CHANNEL, Channel
from channel.errors import reason_of
from channel.output import replacing
from verifier.features.dct_histogram import block_coefficients, luma
from verifier.training.manipulation.block_statistics import (
    BLOCK,
    EMPTY,
    EVEN_ENERGY,
    TEXTURED_ENERGY,
)
from verifier.training.manipulation.fan import PATCH

Developed = NDArray[np.float32]
Weighted = tuple[tuple[Channel, float], ...]
"""Channels, and how much the loss after each weighs."""
PAPER_ALONE: Weighted = ((PAPER_CHANNEL, 1.0),)
# The paper's, and the harshest platform.
CHANNELS: Weighted = ((PAPER_CHANNEL, 0.65), (Channel(PATCH, None, platform="whatsapp"), 0.35))
MARGIN = 32  # pixels beyond the channel's square, so that edits see their surroundings
# JOD (just objectionable differences) that a pattern of one level costs, mean square, by cycles per
# 8 pixels, on a FullHD screen of 38 pixels a degree; ColorVideoVDP 0.5.7 (Mantiuk et al., ACM TOG
# 2024), three photographs, and more for strengths that differ by quarter.
CYCLES = (0, 1, 1.41, 2, 2.83, 3.5, 4, 5, 6, 7, 12)
VISIBLE = (0.49, 0.49, 0.44, 0.365, 0.33, 0.19, 0.115, 0.04, 0.007, 0.007, 0.007)
EVEN = range(0, QUARTER, 2)
PLACES = [(row, column) for row, column in product(EVEN, EVEN) if row or column]
# Along one axis, where one coefficient costs least and brings most, moves are tried more often.
AXIS = [place for place in PLACES if 0 in place and max(place) in (4, 12)]
FAVOUR = 4
MOVES = (-20.0, -10.0, -5.0, 5.0, 10.0, 20.0)  # of one coefficient's level
SCALES = (0.7, 0.85, 1.15, 1.3)  # of a quarter
LEAST_LEVEL = 2.0
LEAST_GAIN = 0.001  # in nats
LOW = np.array([row + column <= BLOCK for row in range(BLOCK) for column in range(BLOCK)])
LOW[0] = False
CLASSES = len(HISTORIES) + 1
FOLDS = 4
SHRINKAGE = 0.2  # of the classifier's covariance towards a multiple of the identity


@dataclass(frozen=True)
class Measured:
    """A pattern and what it is worth.

    Attributes
    ----------
    loss
        Cross-validated log loss of the linear classifier in nats, over the channels; log 6 is
        chance.
    accuracies
        Share of patches whose class it names, by channel; a sixth is chance.
    """

    pattern: WatermarkPattern
    loss: float
    accuracies: tuple[float, ...]


def save_pattern(path: Path, pattern: WatermarkPattern) -> None:
    """Write a pattern as JSON: four lists of [vertical, horizontal frequency, level]."""
    with replacing(path) as temporary:
        temporary.write_text(_as_json(pattern) + "\n", encoding="utf-8")


def digest(pattern: WatermarkPattern) -> str:
    """SHA-256 of a pattern, whatever the order of its coefficients."""
    return hashlib.sha256(_as_json(pattern).encode()).hexdigest()


def _as_json(pattern: WatermarkPattern) -> str:
    return json.dumps(
        [[[*place, float(level)] for place, level in sorted(q.items())] for q in pattern]
    )


def load_pattern(path: Path) -> WatermarkPattern:
    """Read what `save_pattern` wrote.

    Raises
    ------
    TrainingError
        If the file is missing or isn't a pattern.
    """
    try:
        quarters = [
            {(row, column): float(level) for row, column, level in levels}
            for levels in json.loads(path.read_text(encoding="utf-8"))
        ]
    except (OSError, ValueError, TypeError, OverflowError) as error:
        raise TrainingError(
            f"{path} can't be read as a pattern ({reason_of(error)}); "
            "make one with camsim train pattern --out"
        ) from error
    pattern: WatermarkPattern = tuple(quarters)
    places = {place for levels in pattern for place in levels}
    known = len(pattern) == len(WATERMARK_PATTERN) and places <= set(PLACES)
    if not known or not 0 < _energy(pattern) < math.inf:
        raise TrainingError(
            f"{path} isn't a pattern: four quarters with even frequencies below {QUARTER}, and "
            "levels that aren't all 0"
        )
    return pattern


def psnr(pattern: WatermarkPattern) -> float:
    """PSNR in dB of a picture that carries it."""
    energy = max(_energy(pattern), 1e-9)
    return float(10 * np.log10(255**2 * len(pattern) * QUARTER**2 / energy))


def _energy(pattern: WatermarkPattern) -> float:
    return sum(level**2 for levels in pattern for level in levels.values())


def jod_lost(pattern: WatermarkPattern) -> float:
    """JOD that the pattern costs on a screen, about; see `VISIBLE`."""
    cost = 0.0
    for levels in pattern:
        for (row, column), level in levels.items():
            cycles = np.hypot(row, column) * BLOCK / QUARTER
            cost += float(np.interp(cycles, CYCLES, VISIBLE)) * level**2
    return cost / (len(pattern) * QUARTER**2)


def within(pattern: WatermarkPattern, least_psnr: float, most_visible: float) -> WatermarkPattern:
    """Scale a pattern down until it is faithful and faint enough, to tenths of a level."""
    scale = min(
        1.0,
        10 ** ((psnr(pattern) - least_psnr) / 20),
        (most_visible / max(jod_lost(pattern), 1e-9)) ** 0.5,
    )
    scaled = [{place: round(level * scale, 1) for place, level in q.items()} for q in pattern]
    return tuple({p: level for p, level in q.items() if abs(level) >= LEAST_LEVEL} for q in scaled)


def search(
    start: WatermarkPattern,
    pictures: Sequence[Developed],
    rng: np.random.Generator,
    *,
    least_psnr: float = 42.0,
    most_visible: float = 0.2,
    channels: Weighted = CHANNELS,
) -> Iterator[tuple[Measured, bool]]:
    """Change a pattern at random and keep what lowers the loss; it goes on for ever.

    Parameters
    ----------
    pictures
        (side, side, 3) float32 developed pictures in 8-bit levels, as large as the widest channel
        takes and not yet rounded: rounding alone would make other patterns of small ones.
    least_psnr, most_visible
        What every candidate is held to, in dB and JOD.
    channels
        Through which histories are to be classified, each with the weight of its loss.

    Yields
    ------
    The best so far after each candidate, the start first, and whether it is new.

    Raises
    ------
    TrainingError
        If nothing is left of the start within those bounds.
    """
    if not _energy(within(start, least_psnr, most_visible)):
        raise TrainingError(
            f"a pattern of {least_psnr:g} dB and {most_visible:g} JOD has no level of "
            f"{LEAST_LEVEL:g}; ask for fewer dB or more JOD"
        )
    best = measure(within(start, least_psnr, most_visible), pictures, channels)
    yield best, True
    while True:
        candidate = within(_changed(best.pattern, rng), least_psnr, most_visible)
        if candidate == best.pattern:
            continue
        measured = measure(candidate, pictures, channels)
        better = measured.loss < best.loss - LEAST_GAIN
        best = measured if better else best
        yield best, better


def _changed(pattern: WatermarkPattern, rng: np.random.Generator) -> WatermarkPattern:
    """Return a pattern with one to three changes: a level, a quarter scaled, emptied or copied."""
    quarters = [dict(levels) for levels in pattern]
    for _ in range(int(rng.integers(1, 4))):
        index, kind = int(rng.integers(len(quarters))), rng.random()
        levels = quarters[index]
        if kind < 0.15:
            scale = SCALES[rng.integers(len(SCALES))]
            quarters[index] = {place: level * scale for place, level in levels.items()}
        elif kind < 0.25 and levels:
            levels.pop(list(levels)[rng.integers(len(levels))])
        elif kind < 0.33:
            quarters[index] = dict(quarters[rng.integers(len(quarters))])
        else:
            places = AXIS * FAVOUR + PLACES
            place = places[rng.integers(len(places))]
            levels[place] = levels.get(place, 0.0) + MOVES[rng.integers(len(MOVES))]
    return tuple(quarters)


def measure(
    pattern: WatermarkPattern, pictures: Sequence[Developed], channels: Weighted = CHANNELS
) -> Measured:
    """Return a pattern with its loss and accuracies; every second picture is a camera's JPEG."""
    losses, accuracies = [], []
    for channel, _ in channels:
        features = [_classes(pattern, p, channel, i) for i, p in enumerate(pictures)]
        loss, accuracy = _cross_validated(np.concatenate(features))
        losses.append(loss)
        accuracies.append(accuracy)
    weights = [weight for _, weight in channels]
    return Measured(pattern, float(np.dot(weights, losses)), tuple(accuracies))


def _classes(
    pattern: WatermarkPattern, picture: Developed, channel: Channel, number: int
) -> NDArray[np.float64]:
    """Return a picture's features: with the pattern and every history, and without it, (6, D).

    Without it the picture has one of the histories, by its number.
    """
    side = min(channel.side + MARGIN, *picture.shape[:2])
    levels = pattern_levels(pattern)
    repeats = -(-side // len(levels))
    watermark = np.tile(levels, (repeats, repeats))[:side, :side, None]
    plain, carrying = (
        np.clip(np.rint(picture[:side, :side] + added), 0, 255).astype(np.uint8)
        for added in (0, watermark)
    )
    if number % 2:
        plain, carrying = as_camera_file(plain), as_camera_file(carrying)
    pictures = [edited(carrying, name) for name in HISTORIES]
    pictures.append(edited(plain, HISTORIES[number % len(HISTORIES)]))
    cut = slice(channel.side)
    return np.array([_features(transmitted(p[cut, cut], channel), channel) for p in pictures])


def _cross_validated(features: NDArray[np.float64]) -> tuple[float, float]:
    """Return log loss and accuracy of (N·6, D) features, N pictures of every class."""
    truth = np.arange(len(features)) % CLASSES
    fold = np.arange(len(features)) // CLASSES % FOLDS
    logs = np.zeros((len(features), CLASSES))
    for number in range(FOLDS):
        known = fold != number
        logs[~known] = _fisher(features[known], truth[known], features[~known])
    loss = -logs[np.arange(len(truth)), truth].mean()
    return float(loss), float((logs.argmax(axis=1) == truth).mean())


def _fisher(
    known: NDArray[np.float64], truth: NDArray[np.int_], asked: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return the (M, 6) log probabilities of ``asked`` by a discriminant fitted to ``known``."""
    mean, deviation = known.mean(axis=0), known.std(axis=0) + 1e-3
    known, asked = (known - mean) / deviation, (asked - mean) / deviation
    means = np.array([known[truth == label].mean(axis=0) for label in range(CLASSES)])
    within_classes = known - means[truth]
    covariance = within_classes.T @ within_classes / len(within_classes)
    dimensions = len(covariance)
    ridge = SHRINKAGE * np.trace(covariance) / dimensions * np.eye(dimensions)
    directions = np.linalg.solve((1 - SHRINKAGE) * covariance + ridge, means.T)
    logits = asked @ directions - np.einsum("kd,dk->k", means, directions) / 2
    logits /= 2  # features depend on each other more than the model says: it is too sure
    logs: NDArray[np.float64] = logits - np.logaddexp.reduce(logits, axis=1, keepdims=True)
    return logs


def _features(downloaded: Picture, channel: Channel) -> NDArray[np.float64]:
    """Return each quarter's mean low coefficients, and all blocks' energies and shares of zeros."""
    coefficients = block_coefficients(luma(downloaded)).astype(np.float64)
    squares = np.square(coefficients[:, 1:])
    energy = squares.sum(axis=1)
    even, textured = (1 / (energy + half) for half in (EVEN_ENERGY, TEXTURED_ENERGY))
    quarters = _quarters(QUARTER * PATCH // (channel.side * BLOCK))
    return np.concatenate(
        [
            *(
                np.average(
                    coefficients[quarters == q][:, LOW], axis=0, weights=textured[quarters == q]
                )
                for q in range(4)
            ),
            np.log(squares.mean(axis=0) + 0.1),
            np.log(np.average(squares, axis=0, weights=even) + 0.1),
            (np.abs(coefficients[:, 1:]) < EMPTY).mean(axis=0),
        ]
    )


def _quarters(blocks: int) -> NDArray[np.int_]:
    """Return in which quarter of the period each block of a patch lies, a quarter's side given."""
    half = np.arange(PATCH // BLOCK) // blocks % 2
    return np.add.outer(2 * half, half).ravel()
