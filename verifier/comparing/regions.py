"""From scores on the reference to a map over the received picture, and its regions."""

import numpy as np
from numpy.typing import NDArray

from verifier.comparing.comparison import Region
from verifier.comparing.evidence import Evidence
from verifier.comparing.laying import Array, Lay
from verifier.features.box_mean import box_mean
from verifier.features.components import components
from verifier.watermark.place import Turn

CELL = 8  # pixels of the reference
SMOOTHED = 5  # pixels over which a cell's score is averaged
STEEP = 8.0  # of the curve that turns scores into how sure one is
ALONE = 1.3  # a cell without neighbours counts from this score
MOST_REGIONS = 20


def map_of(
    evidence: Evidence, lay: Lay, upright: tuple[int, int], turn: Turn, cell: float
) -> Array:
    """Lay scores over the received picture as coded, in cells.

    Returns
    -------
    (rows, columns) scores of `evidence`; −1 where nothing was compared.
    """
    rows, columns = (max(1, round(side / cell)) for side in upright)
    y = (np.arange(rows) + 0.5) * upright[0] / rows
    x = (np.arange(columns) + 0.5) * upright[1] / columns
    inverse = np.linalg.inv(np.vstack([lay.matrix, [0, 0, 1]]))
    at_x = inverse[0, 0] * x + inverse[0, 1] * y[:, None] + inverse[0, 2]
    at_y = inverse[1, 0] * x + inverse[1, 1] * y[:, None] + inverse[1, 2]
    height, width = evidence.score.shape
    inside = (at_x >= 0) & (at_x < width) & (at_y >= 0) & (at_y < height)
    row = np.clip(at_y, 0, height - 1).astype(np.int64)
    column = np.clip(at_x, 0, width - 1).astype(np.int64)
    smooth = box_mean(evidence.score, SMOOTHED)
    scores = np.where(inside & evidence.compared[row, column], smooth[row, column], -1)
    coded = scores[:: -1 if turn.rows else 1, :: -1 if turn.columns else 1]
    found: Array = np.ascontiguousarray(coded.T if turn.transpose else coded, np.float32)
    return found


def sureness(scores: Array) -> Array:
    """Turn scores into how sure it is that content differs, 0 to 1; 0 where not compared."""
    sure = 1 / (1 + np.exp(-STEEP * (np.minimum(scores, 5) - 1)))
    found: Array = np.where(scores < 0, 0, sure).astype(np.float32)
    return found


def regions_of(scores: Array, received: tuple[int, int]) -> tuple[tuple[Region, ...], float]:
    """Outline what differs.

    Parameters
    ----------
    scores
        Of `map_of`.
    received
        Height and width of the received picture as coded.

    Returns
    -------
    Regions, surest first, and the share of compared cells that lie in them.
    """
    regions, cells = [], 0
    down, across = received[0] / scores.shape[0], received[1] / scores.shape[1]
    for rows, columns in components(scores > 1):
        values = np.sort(scores[rows, columns])[::-1]
        if len(values) == 1 and values[0] < ALONE:
            continue
        cells += len(values)
        box = (
            int(columns.min() * across),
            int(rows.min() * down),
            min(received[1], int(np.ceil((columns.max() + 1) * across))),
            min(received[0], int(np.ceil((rows.max() + 1) * down))),
        )
        regions.append((float(values[:4].mean()), len(values), Region(box, _confidence(values))))
    regions.sort(key=lambda one: (-one[2].confidence, -one[1]))
    compared = max(1, int((scores >= 0).sum()))
    return tuple(region for _, _, region in regions[:MOST_REGIONS]), cells / compared


def _confidence(values: NDArray[np.floating]) -> float:
    """Return how sure a region is: as its surest cells are."""
    top = float(values[:4].mean())
    return round(float(1 / (1 + np.exp(-STEEP * (min(top, 5) - 1)))), 4)
