"""Registering a received picture on the reference to a fraction of a pixel.

Gauss-Newton on an affine change (Lucas & Kanade 1981; Baker & Matthews 2004), from coarse to fine.
Both pictures are brought to the same local mean and deviation first, so tone, filters and dark
corners don't matter. Pixels that disagree count little (Geman & McClure 1985), so local edits don't
pull.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from verifier.comparing.laying import Array, Lay, laid, laid_by_area, shrunk
from verifier.features.box_mean import box_mean

LEVELS = (4, 2, 1)
"""How many times smaller the reference is in each round."""
ROUNDS = (6, 4, 3)
AROUND = 15  # pixels, over which mean and deviation are made alike
FAINT = 4.0  # levels: deviations under it are not made larger
HELD = 20.0  # what holds a picture without texture where the watermark says
SAMPLES = 2  # a side of a pixel, while a lay is coarse
CONVERGED = 0.01  # pixels
LEAST_DEVIATION = 0.1


@dataclass(frozen=True)
class Registered:
    """A lay that was refined.

    Attributes
    ----------
    agreement
        Correlation of the two pictures, each evened out locally, from -1 to 1.
    """

    lay: Lay
    agreement: float


def registered(
    received: Image.Image, reference: Array, lay: Lay, levels: tuple[int, ...] = LEVELS
) -> Registered:
    """Refine a lay.

    Parameters
    ----------
    received
        Luma, mode ``F``, upright.
    reference
        (h, w) luma.
    """
    for level in levels:
        small = _smaller(reference, level)
        part = max(1, int(lay.scale * level / 2))
        picture = received.reduce(part) if part > 1 else received
        stretch = reference.shape[1] / small.shape[1], reference.shape[0] / small.shape[0]
        inner = _stretched(lay, stretch, part)
        rounds = ROUNDS[LEVELS.index(level)]
        inner = _refined(picture, small, inner, rounds, exact=level == 1)
        lay = _stretched(inner, (1 / stretch[0], 1 / stretch[1]), 1 / part)
    content = _evened(laid_by_area(received, lay, _shape(reference)))
    seen = lay.seen(_shape(reference), (received.height, received.width))
    return Registered(lay, _agreement(content[seen], _evened(reference)[seen]))


def _agreement(content: Array, target: Array) -> float:
    power = float(np.square(content).sum() * np.square(target).sum()) ** 0.5
    return float((content * target).sum()) / power if power else 0.0


def _smaller(reference: Array, level: int) -> Array:
    if level == 1:
        return reference
    height, width = (max(8, round(side / level)) for side in reference.shape)
    return shrunk(reference, (height, width))


def _stretched(lay: Lay, reference: tuple[float, float], received: float) -> Lay:
    matrix = lay.matrix / received
    matrix[:, 0] *= reference[0]
    matrix[:, 1] *= reference[1]
    return Lay(matrix)


def _refined(picture: Image.Image, reference: Array, lay: Lay, rounds: int, *, exact: bool) -> Lay:
    def on(picture: Image.Image, lay: Lay) -> Array:
        if exact:
            return laid_by_area(picture, lay, _shape(reference))
        return laid(picture, lay, _shape(reference), SAMPLES)

    target = _evened(reference)
    for _ in range(rounds):
        content = _evened(on(picture, lay))
        seen = lay.seen(_shape(reference), (picture.height, picture.width))
        change = _step(content, target, seen)
        lay = lay.after(change)
        if np.abs(_corner_moves(change, reference.shape)).max() < CONVERGED:
            break
    return lay


def _evened(luma: Array) -> Array:
    """Bring a picture to a local mean of 0 and a local deviation of 1 or less."""
    mean = box_mean(luma, AROUND)
    deviation = np.sqrt(np.maximum(box_mean(luma * luma, AROUND) - mean * mean, 0))
    evened: Array = (luma - mean) / (deviation + FAINT)
    return evened


def _step(content: Array, target: Array, seen: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Return the affine change of the reference's places that brings content nearer, (2, 3)."""
    down, across = np.gradient(content)
    difference = content - target
    inside = np.flatnonzero(seen)
    identity = np.array([[1.0, 0, 0], [0, 1, 0]])
    if len(inside) < 64:
        return identity
    r = difference.ravel()[inside]
    scale = max(LEAST_DEVIATION, 1.5 * float(np.median(np.abs(r))))
    weight = 1 / (1 + np.square(r / scale)) ** 2
    gy, gx = down.ravel()[inside], across.ravel()[inside]
    rows, columns = np.divmod(inside, content.shape[1])
    half = max(content.shape) / 2
    y = (rows + 0.5 - content.shape[0] / 2) / half
    x = (columns + 0.5 - content.shape[1] / 2) / half
    jacobian = np.stack([gx * x, gx * y, gx, gy * x, gy * y, gy]).astype(np.float32)
    weighted = jacobian * weight.astype(np.float32)
    normal = (weighted @ jacobian.T).astype(np.float64)
    normal += HELD * seen.size / 2e5 * np.eye(6)
    a, b, c, d, e, f = np.linalg.solve(normal, -(weighted @ r).astype(np.float64))
    # In places about the middle, over half the longer side, back into pixels from the corner.
    middle = np.array([content.shape[1], content.shape[0]]) / 2
    linear = np.array([[a, b], [d, e]]) / half
    change = identity.copy()
    change[:, :2] += linear
    change[:, 2] = np.array([c, f]) - linear @ middle
    return change


def _corner_moves(change: NDArray[np.float64], shape: tuple[int, ...]) -> NDArray[np.float64]:
    corners = np.array([[0, 0, 1], [shape[1], 0, 1], [0, shape[0], 1], [shape[1], shape[0], 1]])
    moves: NDArray[np.float64] = corners @ change.T - corners[:, :2]
    return moves


def _shape(picture: Array) -> tuple[int, int]:
    return picture.shape[0], picture.shape[1]
