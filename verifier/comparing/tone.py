"""The tone of a received picture: what curve, colours and dark corners turn the reference into it.

The reference predicts what was received, not the reverse: what a curve clips can be predicted, but
not restored. Fits are robust (reweighted least squares, Geman & McClure 1985), so that content put
in does not bend them; of three models the simplest is kept that predicts most of the picture.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from verifier.comparing.laying import Array

Model = Literal["as it was", "linear", "curves"]
MODELS: tuple[Model, ...] = ("as it was", "linear", "curves")
KNOTS = np.array([24.0, 56.0, 96.0, 136.0, 176.0, 208.0, 236.0], np.float32)  # levels
ROUNDS = 6
HALF = 2  # pixels are averaged so many by so many before fits
EACH = 2  # of these means, one in so many rows and columns is enough
RIDGE = 1e-6  # of the mean squared feature, for each pixel
BETTER, BETTER_BY = 0.92, 0.06
"""A model is kept over a simpler one where the error falls to this share, less levels."""
MOST_PIXELS = 65  # percent, whose error says how good a model is: others may be edited
LEAST_SCALE = 0.7  # levels


@dataclass(frozen=True)
class Tone:
    """What turns the reference's colours into the received ones.

    Attributes
    ----------
    model
        Which.
    linear
        (4, 3): of red, green, blue (levels) and 1, for each received channel.
    curves
        (K, 3): of the knots' hinges and of what lies beside the middle; zeros unless the model is
        ``curves``.
    """

    model: Model
    linear: NDArray[np.float64]
    curves: NDArray[np.float64]

    def __call__(self, reference: Array, places: Array) -> Array:
        """Predict (h, w, 3) received levels.

        Parameters
        ----------
        reference
            (h, w, 3) levels.
        places
            (h, w, 2), from -1 to 1 along the longer side, about the photo's middle.
        """
        flat = reference.reshape(-1, 3)
        mixed = _with_one(flat) @ self.linear
        if self.model == "curves":
            mixed = np.stack(
                [
                    mixed[:, c] + _bent(mixed[:, c], places.reshape(-1, 2)) @ self.curves[:, c]
                    for c in range(3)
                ],
                axis=-1,
            )
        predicted: Array = np.clip(mixed, 0, 255).astype(np.float32).reshape(reference.shape)
        return predicted


IDENTITY = np.vstack([np.eye(3), np.zeros((1, 3))])
BENDS = len(KNOTS) + 5


def tone_of(received: Array, reference: Array, places: Array, seen: NDArray[np.bool_]) -> Tone:
    """Fit what turns a reference into a received picture on its grid: all (h, w, …)."""
    half = tuple(side // HALF for side in seen.shape)
    whole = tuple(side * HALF for side in half)
    small = [
        _averaged(values[: whole[0], : whole[1]], half) for values in (received, reference, places)
    ]
    inside = _averaged(seen[: whole[0], : whole[1], None].astype(np.float32), half)[..., 0] == 1
    target, source, where = (values[inside] for values in small)
    none = np.zeros((BENDS, 3))
    linear = _linear(target, source, np.zeros_like(target))
    curves = _curves(target, source, where, linear)
    candidates = [
        Tone("as it was", IDENTITY, none),
        Tone("linear", linear, none),
        Tone("curves", linear, curves),
    ]
    errors = [_error(tone, target, source, where) for tone in candidates]
    for tone, error in zip(candidates[:2], errors[:2], strict=True):
        if min(errors) > BETTER * error - BETTER_BY:
            return tone
    # Once more, without what curves and corners made of it.
    mixed = _with_one(source) @ linear
    bent = [_bent(mixed[:, c], where) @ curves[:, c] for c in range(3)]
    linear = _linear(target, source, np.stack(bent, axis=-1))
    again = Tone("curves", linear, _curves(target, source, where, linear))
    return again if _error(again, target, source, where) < errors[2] else candidates[2]


def _averaged(values: Array, half: tuple[int, ...]) -> Array:
    split = values.reshape(half[0], HALF, half[1], HALF, -1)[::EACH, :, ::EACH]
    mean: Array = split.mean(axis=(1, 3))
    return mean


def _error(tone: Tone, target: Array, source: Array, where: Array) -> float:
    errors = np.abs(tone(source, where) - target).mean(axis=-1)
    return float(np.percentile(errors, MOST_PIXELS)) if len(errors) else 0.0


def _with_one(flat: Array) -> NDArray[np.float64]:
    return np.concatenate([flat, np.ones((len(flat), 1))], axis=1)


def _linear(target: Array, source: Array, bent: Array) -> NDArray[np.float64]:
    features = _with_one(source)
    inside = (target > 4) & (target < 251)  # what is clipped is not linear
    columns = [
        _robust(
            features, target[:, c] - bent[:, c], IDENTITY[:, c], inside[:, c].astype(np.float64)
        )
        for c in range(3)
    ]
    return np.stack(columns, axis=-1)


def _curves(
    target: Array, source: Array, where: Array, linear: NDArray[np.float64]
) -> NDArray[np.float64]:
    mixed = _with_one(source) @ linear
    columns = []
    for c in range(3):
        features = _bent(mixed[:, c], where)
        difference = target[:, c] - mixed[:, c]
        columns.append(_robust(features, difference, np.zeros(BENDS), np.ones(len(target))))
    return np.stack(columns, axis=-1)


def _bent(mixed: NDArray[np.floating], where: Array) -> NDArray[np.float64]:
    """Return hinges at the knots, and gains that grow towards borders and corners."""
    x, y = where[:, 0], where[:, 1]
    hinges = np.maximum(mixed[:, None] - KNOTS, 0)
    beside = np.stack([x * x, y * y, x, y], axis=-1) * mixed[:, None]
    ones = np.full((len(mixed), 1), 32.0)
    return np.concatenate([hinges, beside, ones], axis=1)


def _robust(
    features: NDArray[np.float64],
    target: NDArray[np.floating],
    prior: NDArray[np.float64],
    allowed: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Solve least squares, counting less what disagrees, near to a prior where nothing speaks."""
    found = prior
    power = RIDGE * np.square(features).mean(axis=0) * len(features) + 1e-9
    for number in range(ROUNDS):
        error = target - features @ found
        scale = (
            max(LEAST_SCALE, 2.0 * float(np.median(np.abs(error[allowed > 0]))))
            if allowed.any()
            else 1.0
        )
        weight = allowed / (1 + np.square(error / scale)) ** 2
        if number == 0:
            weight = allowed
        weighted = features * weight[:, None]
        normal = weighted.T @ features + np.diag(power)
        found = np.linalg.solve(normal, weighted.T @ target + power * prior)
    return found
