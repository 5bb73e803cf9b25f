"""Comparing a received picture with the signed reference picture that its watermark led to."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from verifier.comparing.comparison import Change, Comparison, Region, Result
from verifier.comparing.evidence import RGB_TO_YCBCR, Evidence, evidence_of
from verifier.comparing.framing import Frame, covers, frames_of
from verifier.comparing.laying import Array, Lay, laid_by_area, shrunk
from verifier.comparing.naming import geometry, tones
from verifier.comparing.palette import palette_of
from verifier.comparing.regions import CELL, map_of, regions_of, sureness
from verifier.comparing.registering import Registered, registered
from verifier.comparing.sharpness import sharpness_of
from verifier.comparing.tone import tone_of
from verifier.watermark.place import Place
from verifier.watermark.reader import WatermarkReading

LUMA = RGB_TO_YCBCR[0]
FEWEST_PIXELS = 96  # of the longer side of what can be compared
LEAST_SEEN = 0.04  # of the photo's area
MOVED, STRETCHED = 1.5, 0.006
"""Pixels of the reference, of its size: a watermark that was read says the place more exactly."""
WINS = 0.2  # of agreement: what a lay elsewhere has to have more
MOST = 0.6  # of what could be compared: where more differs, it is another picture
UNLIKE, ALIKE = 0.4, 0.55
"""Agreement of other scenes is less, of the same scene more; other pictures have 0 ± 0.1."""
SMALLEST_CELLS = 3  # that hang together
COVERED = "What lies under its frame could not be compared."
LESS_SURE = 0.9
"""How surely a part may differ of a picture that has few colours, or was sharpened as a whole.

A palette moves flat parts by itself, and sharpening thin lines: neither may accuse.
"""


@dataclass(frozen=True)
class _Grid:
    """Both pictures on the reference's grid, or a smaller one."""

    received: Image.Image
    reference: Array
    lay: Lay
    reduction: int
    upright: tuple[int, int]


def compare(
    received: NDArray[np.uint8],
    reference: NDArray[np.uint8],
    photo_size: tuple[int, int],
    place: Place | WatermarkReading,
) -> Comparison:
    """Compare a received picture with the signed reference.

    Parameters
    ----------
    received
        (H, W, 3) uint8 sRGB, as coded: not turned.
    reference
        (h, w, 3) uint8 sRGB, upright, of the whole photo.
    photo_size
        Width and height of the signed photo, in pixels.
    place
        Where the watermark says that the received picture lies.

    Raises
    ------
    ValueError
        If the reading has no place.
    """
    where = place.place if isinstance(place, WatermarkReading) else place
    if where is None:
        raise ValueError("a comparison needs the place that a watermark gives; this one has none")
    grid = _on_one_grid(received, reference, where)
    if grid is None:
        return _not_comparable("too little of the signed photo is left in it")
    best, moved = _registered(grid)
    size = _size(grid.reference)
    lay = best.lay.reduced(1 / grid.reduction, 1)
    changes = geometry(lay, where.turn, grid.upright, size, max(photo_size))
    if moved:
        return Comparison(
            "another picture",
            words=(
                "It is not the signed photo: what it shows lies elsewhere than the watermark in it "
                "says. The watermark was probably copied onto it.",
            ),
        )
    content = laid_by_area(grid.received, best.lay, size)
    seen, frames = _uncovered(grid, best.lay, content)
    if all(change.kind != "frame" for change in changes):
        changes += [Change("frame", frame.words) for frame in frames[:1]]
    tone = tone_of(content, grid.reference, _places(size), seen)
    predicted = tone(grid.reference, _places(size))
    sharpness, detail = sharpness_of(content @ LUMA, predicted @ LUMA, seen)
    evidence = evidence_of(content, predicted + detail[..., None], grid.reference, seen)
    texture = float(np.median(evidence.texture[seen])) if seen.any() else 0.0
    changes += tones(tone, grid.reference, predicted, seen, sharpness, texture)
    cell = CELL * lay.scale
    scores = map_of(evidence, lay, grid.upright, where.turn, cell)
    height, width = received.shape[:2]
    regions, share = regions_of(scores, (height, width))
    few = palette_of(received, reference)
    if few is not None:
        changes.append(Change("few colours", f"reduced to {few} colours", few))
    if any(change.kind in ("few colours", "sharpened") for change in changes):
        regions = tuple(_less_sure(region) for region in regions)
    found = _concluded(tuple(changes), regions, share, best.agreement, scores, cell, evidence)
    covered = frames and found.result in ("same", "changed in parts")
    return replace(found, words=(*found.words, COVERED)) if covered else found


def _less_sure(region: Region) -> Region:
    return replace(region, confidence=min(region.confidence, LESS_SURE))


def _on_one_grid(
    received: NDArray[np.uint8], reference: NDArray[np.uint8], where: Place
) -> _Grid | None:
    """Turn and reduce the received picture; reduce the reference where it has more pixels."""
    upright = _size(where.turn.undo(received))
    small = reference.astype(np.float32)
    if max(_size(small)) < FEWEST_PIXELS:
        return None
    lay = Lay.of_place(where, upright, _size(small), max(_size(small)))
    if lay.scale < 1:
        size = tuple(round(side * lay.scale) for side in _size(small))
        if max(size) < FEWEST_PIXELS:
            return None
        small = shrunk(small, (size[0], size[1]))
        lay = Lay.of_place(where, upright, _size(small), max(_size(small)))
    if lay.seen(_size(small), upright).mean() < LEAST_SEEN:
        return None
    reduction = max(1, int(lay.scale / 2))
    image = Image.fromarray(received)
    image = image.reduce(reduction) if reduction > 1 else image
    image = Image.fromarray(np.ascontiguousarray(where.turn.undo(np.asarray(image))))
    return _Grid(image, small, lay.reduced(reduction, 1), reduction, upright)


def _registered(grid: _Grid) -> tuple[Registered, bool]:
    """Refine the lay; say whether the content was found elsewhere than the watermark says."""
    luma = Image.fromarray(np.asarray(grid.received, np.float32) @ LUMA)
    target = grid.reference @ LUMA
    as_said = registered(luma, target, grid.lay, levels=())
    best = registered(luma, target, grid.lay)
    if best.agreement < as_said.agreement + WINS and not _near(best.lay, grid.lay, grid):
        return as_said, False
    return best, not _near(best.lay, grid.lay, grid)


def _uncovered(
    grid: _Grid, lay: Lay, content: Array
) -> tuple[NDArray[np.bool_], tuple[Frame, ...]]:
    """Return what is seen of the photo, and the frames that cover the rest."""
    received, size = np.asarray(grid.received), _size(grid.reference)
    seen, frames = lay.seen(size, _size(received)), []
    for frame in frames_of(received, lay, size):
        left = seen & frame.inside
        if not left.any():
            continue
        tone = tone_of(content, grid.reference, _places(size), left)
        if covers(frame, content, tone(grid.reference, _places(size)), seen):
            seen = left
            frames.append(frame)
    return seen, tuple(frames)


def _near(lay: Lay, said: Lay, grid: _Grid) -> bool:
    height, width = _size(grid.reference)
    middle = np.array([width / 2, height / 2, 1])
    moved = np.abs((lay.matrix - said.matrix) @ middle).max() / said.scale
    return bool(moved < MOVED and abs(lay.scale / said.scale - 1) < STRETCHED)


def _places(size: tuple[int, int]) -> Array:
    """Return each pixel's place from the middle, (h, w, 2), ±1 along the longer side."""
    height, width = size
    y, x = np.mgrid[:height, :width].astype(np.float32) + np.float32(0.5)
    places: Array = np.stack([2 * x - width, 2 * y - height], axis=-1) / np.float32(max(size))
    return places


def _size(picture: NDArray[np.generic]) -> tuple[int, int]:
    return picture.shape[0], picture.shape[1]


def _concluded(
    changes: tuple[Change, ...],
    regions: tuple[Region, ...],
    share: float,
    agreement: float,
    scores: Array,
    cell: float,
    evidence: Evidence,
) -> Comparison:
    result, words = _result(regions, share, agreement)
    return Comparison(
        result=result,
        changes=changes,
        regions=regions if result == "changed in parts" else (),
        map=sureness(scores),
        cell=cell,
        smallest=min(1.0, SMALLEST_CELLS * CELL**2 / evidence.score.size),
        words=words,
    )


def _result(
    regions: tuple[Region, ...], share: float, agreement: float
) -> tuple[Result, tuple[str, ...]]:
    if not regions:
        return "same", ("It shows what the camera signed, everywhere that could be compared.",)
    if share < MOST and agreement > UNLIKE:
        many = f"{len(regions)} regions differ" if len(regions) > 1 else "One region differs"
        return "changed in parts", (
            f"{many} from what the camera signed: {share:.0%} of what could be compared.",
        )
    if agreement > ALIKE:
        return "not comparable", (
            "It shows the scene that the camera signed, but all of it was altered too strongly to "
            "say whether a part was.",
        )
    return "another picture", (
        f"It is not the signed photo: {share:.0%} of what could be compared differs. The watermark "
        "was probably copied onto it, or most of the picture was replaced.",
    )


def _not_comparable(why: str) -> Comparison:
    return Comparison("not comparable", words=(f"It can't be compared: {why}.",))
