"""What covers a part of the photo at its edges: a border of one colour, or corners rounded off."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from verifier.comparing.laying import Array, Lay
from verifier.features.even_border import even_borders

Mask = NDArray[np.bool_]
DIFFERS: Final = 12.0  # levels from the photo: else it is the photo's own even edge
MIXED: Final = 8  # pixels: what is inside of a frame was compressed together with it
BORDER: Final = "framed: a border lies over a part of the photo"
CORNERS: Final = "framed: its corners were rounded off"
FEWEST: Final = 2  # corners that are rounded alike: one alone may be painted over
LEAST_RADIUS, MOST_RADIUS = 6, 0.25  # pixels; of the shorter side
NEAR: Final = 16.0  # levels from a corner's colour, beside an edge that was compressed
SHARE: Final = 0.97  # of what lies outside of an arc that has that colour
SOFT: Final = 1.5  # pixels: half of an arc's soft edge
FLAT: Final = 3.0  # of a radius's root: so many pixels an arc runs along a side within that edge


@dataclass(frozen=True)
class Frame:
    """What may cover the photo, on the grid of a (h, w) reference.

    Attributes
    ----------
    words
        Its change's.
    inside
        What it surely leaves as it was.
    parts
        Each of its parts, without what it is mixed with.
    least
        How many of its parts have to cover the photo.
    """

    words: str
    inside: Mask
    parts: tuple[Mask, ...]
    least: int = 1


def frames_of(received: NDArray[np.uint8], lay: Lay, shape: tuple[int, int]) -> list[Frame]:
    """List what may cover a photo: its border, and its corners.

    Parameters
    ----------
    received
        (H, W, 3), upright.
    shape
        Height and width of the reference.
    """
    found = (_border(received, lay, shape), _corners(received, lay, shape))
    return [frame for frame in found if frame is not None]


def covers(frame: Frame, content: Array, predicted: Array, seen: Mask) -> bool:
    """Whether a frame covers the photo; else it is the photo's own even edge.

    Parameters
    ----------
    content, predicted
        (h, w, 3): what is there, and what the photo has there, in the picture's tone.
    seen
        (h, w), what the received picture shows.
    """
    differ = np.abs(content - predicted).mean(axis=-1)
    parts = [differ[part & seen] for part in frame.parts]
    covering = [part for part in parts if part.size and part.mean() >= DIFFERS]
    return len(covering) >= frame.least


def _border(received: NDArray[np.uint8], lay: Lay, shape: tuple[int, int]) -> Frame | None:
    borders = even_borders(received)
    top, bottom, left, right = (count + MIXED if count else 0 for count in borders)
    if not any(borders):
        return None
    height, width = received.shape[:2]
    inner = Lay(lay.matrix - np.array([[0, 0, left], [0, 0, top]]))
    inside = inner.seen(shape, (height - top - bottom, width - left - right))
    return Frame(BORDER, inside, (~inside,))


def _corners(received: NDArray[np.uint8], lay: Lay, shape: tuple[int, int]) -> Frame | None:
    """Find corners that are rounded alike, within a border or without one."""
    top, bottom, left, right = even_borders(received)
    height, width = received.shape[:2]
    photo = received[top : height - bottom, left : width - right]
    if min(photo.shape[:2]) < LEAST_RADIUS / MOST_RADIUS:
        return None
    flips = [(v, h) for v in (1, -1) for h in (1, -1)]
    radii = [_radius(photo[::v, ::h]) for v, h in flips]
    found = [radius for radius in radii if radius >= LEAST_RADIUS]
    if len(found) < FEWEST:
        return None
    radius = sorted(found)[(len(found) - 1) // 2]  # some go on into what has their colour itself
    x, y = _places(lay, shape, left, top)
    margin, half = MIXED + lay.scale, SOFT + lay.scale / 2
    inside, parts = np.ones(shape, np.bool_), []
    for (v, h), own in zip(flips, radii, strict=True):
        if own >= LEAST_RADIUS:
            across = x if h > 0 else photo.shape[1] - x
            down = y if v > 0 else photo.shape[0] - y
            corner = np.maximum(across, down)
            beyond = np.hypot(np.maximum(radius - across, 0), np.maximum(radius - down, 0)) - radius
            inside &= (corner >= radius + margin) | (beyond < -margin)
            parts.append((corner < radius) & (beyond > half))
    return Frame(CORNERS, inside, tuple(parts), FEWEST)


def _radius(picture: NDArray[np.uint8]) -> int:
    """Return how large a radius rounds off the upper left corner of a picture; 0 for none."""
    most = int(MOST_RADIUS * min(picture.shape[:2]))
    corner = picture[:most, :most].astype(np.float32)
    alike = np.abs(corner - corner[:3, :3].mean(axis=(0, 1))).max(axis=-1) < NEAR
    run = min(_run(alike[0]), _run(alike[:, 0]))
    low, high = 0, min(most, run + round(FLAT * run**0.5))
    while low < high:  # what a smaller radius rounds off lies within what a larger one does
        middle = (low + high + 1) // 2
        low, high = (middle, high) if _is_round(alike, middle) else (low, middle - 1)
    return low


def _run(alike: NDArray[np.bool_]) -> int:
    return len(alike) if alike.all() else int(alike.argmin())


def _is_round(alike: Mask, radius: int) -> bool:
    at = radius - np.arange(radius) - 0.5
    outside = np.hypot(at, at[:, None]) > radius + SOFT
    return not outside.any() or bool(alike[:radius, :radius][outside].mean() >= SHARE)


def _places(lay: Lay, shape: tuple[int, int], left: int, top: int) -> tuple[Array, Array]:
    """Return where the middles of a reference's pixels lie in a photo that begins there."""
    across, down = np.arange(shape[1]) + 0.5, np.arange(shape[0])[:, None] + 0.5
    (a, b, c), (d, e, f) = lay.matrix
    return a * across + b * down + c - left, d * across + e * down + f - top
