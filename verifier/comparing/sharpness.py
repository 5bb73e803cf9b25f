"""How much sharper or softer a received picture is than the reference predicts."""

import numpy as np
from numpy.typing import NDArray

from verifier.comparing.laying import Array
from verifier.features.box_mean import box_mean

SIDES = (3, 5, 9)  # pixels of the means that are taken away: fine detail, and coarser
ROUNDS = 5
EACH = 3  # one pixel in so many is enough
LEAST_SCALE = 0.7  # levels
EDGES = 0.5
"""Of detail: what leaves the prediction by less is sharpened, and nothing that was put in."""
RIDGE = 1e-3


def sharpness_of(received: Array, predicted: Array, seen: NDArray[np.bool_]) -> tuple[float, Array]:
    """Fit how detail is stronger or weaker, in luma (h, w), by robust least squares.

    Returns
    -------
    By how much fine detail is amplified (0: not at all, −1: nothing is left), and what has to be
    added to the prediction, (h, w).
    """
    details = np.stack([predicted - box_mean(predicted, side) for side in SIDES], axis=-1)
    inside = np.flatnonzero(seen)[::EACH]
    features = details.reshape(-1, len(SIDES))[inside].astype(np.float64)
    difference = (received - predicted).ravel()[inside].astype(np.float64)
    found = np.zeros(len(SIDES))
    for _ in range(ROUNDS):
        error: NDArray[np.floating] = np.abs(difference - features @ found)
        scale = max(LEAST_SCALE, 2 * float(np.median(error))) if len(error) else 1.0
        alike = scale**2 + np.square(EDGES * features[:, -1])
        weighted = features / ((1 + np.square(error) / alike) ** 2 * alike)[:, None]
        normal = weighted.T @ features + RIDGE * (len(inside) + 1) * np.eye(len(SIDES))
        found = np.linalg.solve(normal, weighted.T @ difference)
    added: Array = (details @ found).astype(np.float32)
    return float(found.sum()), added
