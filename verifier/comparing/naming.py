"""Naming what was done to the whole picture."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from verifier.comparing.comparison import Change
from verifier.comparing.laying import Array, Lay
from verifier.comparing.tone import Tone
from verifier.watermark.place import Turn

SCALED = 0.01  # of the size
CROPPED = 0.995  # of the area, under which a picture was cut
TURNED = 0.15  # degrees
FRAMED = 0.01  # of the received area
STRIP, STRIP_PIXELS = 0.75, 1.5  # of the reference, and received ones: a caption may be so thin
STRETCHED = 0.01  # of the size, in one direction more than in another
BRIGHTER = 4.0  # levels of the mean
CONTRAST = 0.06  # of the deviation
COLOUR = 0.12  # of the deviation of colour differences
CAST = 3.0  # levels of a colour difference's mean
FAINT = 1.0  # levels, of a deviation under which nothing is said of what became of it
GREY = 0.05  # of the colour that is left
BENT = 3.0  # levels by which a curve leaves the straight line that comes nearest
ONE_SIDE = 0.04  # by which one edge is brighter than the middle, and the other darker
CORNERS = 0.06  # by which corners are darker or brighter than the middle
SHARPER, SOFTER = 0.08, -0.7
"""Of detail: platforms' own resizing leaves from −0.4 to 0.05."""
TEXTURED = 1.0  # levels², of the median place: else there is no detail to measure by


def geometry(
    lay: Lay, turn: Turn, upright: tuple[int, int], reference: tuple[int, int], photo_side: int
) -> list[Change]:
    """Name how a picture lies.

    Parameters
    ----------
    upright, reference
        Heights and widths.
    photo_side
        Longer side of the signed photo, in pixels.
    """
    changes = []
    scale = lay.scale * max(reference) / photo_side
    if abs(scale - 1) > SCALED:
        changes.append(Change("scaled", f"scaled to {scale:.0%}", scale))
    long, short = np.linalg.svd(lay.matrix[:, :2], compute_uv=False)
    if long / short - 1 > STRETCHED:
        words = f"stretched by {long / short - 1:.1%} in one direction"
        changes.append(Change("stretched", words, float(long / short)))
    of_photo, of_received = _areas(lay, upright, reference)
    if of_photo < CROPPED:
        words = f"cropped to {of_photo:.0%} of its area"
        changes.append(Change("cropped", words, of_photo))
    if turn.mirrored:
        changes.append(Change("mirrored", "mirrored"))
    if turn.degrees:
        changes.append(Change("turned", f"turned clockwise by {turn.degrees}°", turn.degrees))
    if abs(lay.degrees) > TURNED:
        words = f"straightened: turned by {abs(lay.degrees):.1f}°"
        changes.append(Change("straightened", words, lay.degrees))
    if 1 - of_received > FRAMED:
        words = f"framed: {1 - of_received:.0%} of the area lies outside of the photo"
        changes.append(Change("frame", words, 1 - of_received))
    elif _strip(lay, upright, reference) > max(STRIP, STRIP_PIXELS / lay.scale):
        changes.append(Change("frame", "framed: a strip at its edge lies outside of the photo"))
    return changes


def _strip(lay: Lay, upright: tuple[int, int], reference: tuple[int, int]) -> float:
    """Return how far the received picture reaches beyond the photo, in pixels of the reference."""
    height, width = upright
    inverse = np.linalg.inv(np.vstack([lay.matrix, [0, 0, 1]]))
    corners = inverse[:2] @ np.array([[0, width, 0, width], [0, 0, height, height], [1, 1, 1, 1]])
    beyond = corners.max(axis=1) - np.array(reference[::-1])
    return float(max(beyond.max(), -corners.min()))


def _areas(lay: Lay, upright: tuple[int, int], reference: tuple[int, int]) -> tuple[float, float]:
    """Return which share of the photo is seen, and which share of the received picture it is."""
    grid = (np.arange(200) + 0.5) / 200
    x, y = np.meshgrid(grid * reference[1], grid * reference[0])
    places = lay.matrix @ np.stack([x.ravel(), y.ravel(), np.ones(x.size)])
    seen = (places > 0).all(axis=0) & (places[0] < upright[1]) & (places[1] < upright[0])
    inverse = np.linalg.inv(np.vstack([lay.matrix, [0, 0, 1]]))
    x, y = np.meshgrid(grid * upright[1], grid * upright[0])
    back = inverse[:2] @ np.stack([x.ravel(), y.ravel(), np.ones(x.size)])
    photo = (back > 0).all(axis=0) & (back[0] < reference[1]) & (back[1] < reference[0])
    # A border of half a pixel of the grid is not a cut.
    return float(seen.mean()), float(photo.mean())


def tones(
    tone: Tone,
    reference: Array,
    predicted: Array,
    seen: NDArray[np.bool_],
    sharpness: float,
    texture: float,
) -> list[Change]:
    """Name what was done to tone, colour and sharpness.

    Parameters
    ----------
    reference, predicted
        (h, w, 3): before and after, as fitted, without any local edit.
    texture
        Energy of detail at the median place, levels².
    """
    changes: list[Change] = []
    if tone.model != "as it was" and seen.any():
        changes = _tone_changes(tone, reference[seen], predicted[seen])
    if texture < TEXTURED:
        return changes
    if sharpness > SHARPER:
        changes.append(Change("sharpened", f"sharpened by {sharpness:.0%}", sharpness))
    elif sharpness < SOFTER:
        changes.append(Change("blurred", "blurred", sharpness))
    return changes


def _tone_changes(tone: Tone, before: Array, after: Array) -> list[Change]:
    changes = []
    luma = np.array([0.299, 0.587, 0.114], np.float32)
    dark, bright = before @ luma, after @ luma
    difference = float(bright.mean() - dark.mean())
    colours: list[Array] = [
        (values - (values @ luma)[:, None])[:, [0, 2]] for values in (before, after)
    ]
    had, has = (float(np.sqrt((values**2).mean())) for values in colours)
    left = has / had if had > FAINT else 1.0  # a grey photo has none to lose
    if abs(difference) > BRIGHTER:
        words = f"made {'brighter' if difference > 0 else 'darker'} by {abs(difference):.0f} levels"
        changes.append(Change("brightness", words, difference))
    ratio = float(bright.std() / dark.std()) if dark.std() > FAINT else 1.0
    if abs(ratio - 1) > CONTRAST:
        words = f"given {abs(ratio - 1):.0%} {'more' if ratio > 1 else 'less'} contrast"
        changes.append(Change("contrast", words, ratio))
    bent = _bent(dark, bright)
    if bent > BENT:
        changes.append(Change("tone", "given another tone curve", bent))
    if left < GREY:
        changes.append(Change("black and white", "made black and white"))
    elif abs(left - 1) > COLOUR or _cast(colours) > CAST:
        words = f"given {abs(left - 1):.0%} {'more' if left > 1 else 'less'} colour"
        if abs(left - 1) <= COLOUR:
            words = "given another colour cast"
        changes.append(Change("colour", words, left))
    # Corners change alike in both directions and in all colours; what a curve misses doesn't.
    corners = float(np.abs(np.median(tone.curves[-5:-3], axis=1)).min())
    if corners > CORNERS:
        words = "given darker or brighter corners, as filters do"
        changes.append(Change("filter", words, corners))
    side = float(np.abs(np.median(tone.curves[-3:-1], axis=1)).max())
    if side > ONE_SIDE:
        words = "made brighter towards one side, as graduated filters do"
        changes.append(Change("filter", words, side))
    return changes


def _cast(colours: Sequence[NDArray[np.floating]]) -> float:
    return float(np.abs(colours[1].mean(axis=0) - colours[0].mean(axis=0)).max())


def _bent(dark: Array, bright: Array) -> float:
    """Return by how many levels the curve leaves a straight line, over most of the picture."""
    if np.ptp(dark) < 1:  # of one tone, through which no curve goes
        return 0.0
    slope, start = np.polyfit(dark, bright, 1)
    edges = np.quantile(dark, np.linspace(0, 1, 11))
    number = np.clip(np.searchsorted(edges, dark, side="right") - 1, 0, 9)
    means = [
        float((bright - slope * dark - start)[number == n].mean())
        for n in range(10)
        if (number == n).any()
    ]
    return float(np.std(means)) * 2
