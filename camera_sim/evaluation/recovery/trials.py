"""Trials: a signed photo is edited, sent through platforms, found by its watermark and compared."""

import time
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from camera_sim.evaluation.recovery.global_edits import GLOBAL_EDITS
from camera_sim.evaluation.recovery.local_edits import EDITS, SUBTLE, LocalEdit
from camera_sim.evaluation.recovery.parts import Mask, Picture, drawn_part
from camera_sim.evaluation.watermark.changes import pixels
from camera_sim.evaluation.watermark.photos import Shot, as_jpeg
from channel import transmit
from verifier.comparing.compare import compare
from verifier.comparing.comparison import Comparison
from verifier.watermark.place import Place
from verifier.watermark.reader import read_watermark
from watermark.reference import ReferencePicture

WAYS = (
    ("whatsapp",), ("instagram",), ("facebook",), ("twitter",), ("telegram",),
    ("facebook", "whatsapp"), ("instagram", "telegram"), ("twitter", "whatsapp"),
)  # fmt: skip
SHARES = (0.01, 0.02, 0.05, 0.2)
SUBTLE_SHARES = (0.05, 0.2)
REDUCTION = 8  # at which it is measured how much an edit shows
EDITED = 0.5  # of a block, from which it counts as edited


@dataclass(frozen=True)
class Trial:
    """One comparison.

    Attributes
    ----------
    table, change, way
        Which table, what was done, through what.
    share
        Of the area that was edited; 0 for none.
    shows
        Root mean square of what a local edit changed, in levels, at an eighth of the size.
    recovered
        Whether the watermark led back to the photo.
    result
        Of the comparison; empty where there was none.
    kinds
        Of the changes that were named.
    hit
        Whether a region meets the edited part.
    edited, untouched, beside
        Map values of the blocks that were edited, that were not, and that touch edited ones.
    seconds
        Of the comparison.
    """

    photo: str
    table: str
    change: str
    way: str
    share: float
    shows: float
    recovered: bool
    result: str
    kinds: tuple[str, ...]
    hit: bool
    seconds: float
    edited: NDArray[np.float32] = field(repr=False)
    untouched: NDArray[np.float32] = field(repr=False)
    beside: NDArray[np.float32] = field(repr=False)


@dataclass
class Trials:
    """The trials of one photo.

    Parameters
    ----------
    other
        Another photo of the same camera.
    """

    shot: Shot
    other: Picture
    places: dict[tuple[str, ...], Place | None] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.photo = self.shot.photo
        reference = ReferencePicture.of_photo(self.photo).pixels()
        assert reference is not None  # it was just made
        self.reference = reference
        self.size = self.photo.shape[1], self.photo.shape[0]
        self.rng = np.random.default_rng(zlib.crc32(self.shot.name.encode()))

    def untouched(self) -> Iterator[Trial]:
        """Send it as it is, every way."""
        for way in WAYS:
            yield self._tried("untouched", "none", self.photo, way)

    def local(self, number: int) -> Iterator[Trial]:
        """Edit a part: 2% of the area by each edit, and one of the other sizes in turn."""
        for index, (name, edit) in enumerate(EDITS.items()):
            sizes = [share for share in SHARES if share != 0.02]
            for share in (0.02, sizes[(number + index) % len(sizes)]):
                yield self._edited("local", name, edit, share)

    def subtle(self, number: int) -> Iterator[Trial]:
        """Edit a part in ways that a small reference hardly shows; the sizes in turn."""
        for index, (name, edit) in enumerate(SUBTLE.items()):
            share = SUBTLE_SHARES[(number + index) % len(SUBTLE_SHARES)]
            yield self._edited("subtle", name, edit, share)

    def whole(self, number: int) -> Iterator[Trial]:
        """Edit all of it: every second edit, in turn."""
        for index, (name, (edit, _)) in enumerate(GLOBAL_EDITS.items()):
            if (number + index) % 2 == 0:
                changed = np.ascontiguousarray(edit(self.photo, self.rng))
                yield self._tried("whole", name, changed, self._way(), read=True)

    def another(self) -> Iterator[Trial]:
        """Put the payload on another picture, and on the same scene from a step aside."""
        height, width = self.photo.shape[:2]
        other = Image.fromarray(self.other).resize((width, height), Image.Resampling.BICUBIC)
        yield self._tried("another", "another photo", np.asarray(other), self._way())
        for step in (0.005, 0.02):
            aside = _from_aside(self.photo, step, self.rng)
            name = f"the same scene, {step:.1%} aside"
            yield self._tried("another", name, aside, self._way())
        edited, _ = self._locally(EDITS["splice of another photo"], 0.75)
        yield self._tried("another", "three quarters replaced", edited, self._way())

    def _way(self) -> tuple[str, ...]:
        return WAYS[int(self.rng.integers(len(WAYS)))]

    def _locally(self, edit: LocalEdit, share: float) -> tuple[Picture, Mask]:
        part = drawn_part(self.photo, share, self.rng)
        edited = edit(self.photo, part, self.other, self.rng)
        return edited, (edited != self.photo).any(axis=-1)

    def _edited(self, table: str, name: str, edit: LocalEdit, share: float) -> Trial:
        edited, mask = self._locally(edit, share)
        return self._tried(table, name, edited, self._way(), mask=mask, share=share)

    def _place(self, way: tuple[str, ...], received: Picture, *, read: bool) -> Place | None:
        """Read the place; a local edit's is that of the untouched copy that came the same way."""
        if not read and way in self.places:
            return self.places[way]
        if not read:
            received = pixels(transmit(self.shot.file, list(way)))
        reading = read_watermark(received, [self.shot.keys.group])
        place = reading.place if reading.payload == self.shot.payload else None
        if not read:
            self.places[way] = place
        return place

    def _tried(
        self,
        table: str,
        name: str,
        picture: Picture,
        way: tuple[str, ...],
        *,
        mask: Mask | None = None,
        share: float = 0.0,
        read: bool = False,
    ) -> Trial:
        received = pixels(transmit(as_jpeg(picture), list(way)))
        place = self._place(way, received, read=read)
        start = time.perf_counter()
        found = compare(received, self.reference, self.size, place) if place else None
        seconds = time.perf_counter() - start
        edited, untouched, beside = map_values(found, mask)
        return Trial(
            photo=self.shot.name,
            table=table,
            change=name,
            way=" → ".join(way),
            share=share,
            shows=0.0 if mask is None else _shows(self.photo, picture, mask),
            recovered=place is not None,
            result=found.result if found else "",
            kinds=tuple(change.kind for change in found.changes) if found else (),
            hit=found is not None and mask is not None and meets(found, mask, received.shape),
            seconds=seconds,
            edited=edited,
            untouched=untouched,
            beside=beside,
        )


def _from_aside(picture: Picture, step: float, rng: np.random.Generator) -> Picture:
    """Take the scene again a little later: moved, turned by up to half a degree, a step nearer."""
    height, width = picture.shape[:2]
    down, across = (int(step * side * rng.choice([-1, 1])) for side in (height, width))
    turned = Image.fromarray(picture).rotate(
        rng.uniform(-0.5, 0.5), Image.Resampling.BICUBIC, translate=(across, down)
    )
    border = round(1.5 * step * max(height, width)) + round(0.01 * max(height, width))
    inner = turned.crop((border, border, width - border, height - border))
    return np.asarray(inner.resize((width, height), Image.Resampling.BICUBIC))


def _shows(before: Picture, after: Picture, mask: Mask) -> float:
    small = [
        np.asarray(Image.fromarray(picture).reduce(REDUCTION), np.float32)
        for picture in (before, after)
    ]
    inside = np.asarray(Image.fromarray(mask).convert("L").reduce(REDUCTION)) > 127
    return float(np.sqrt(((small[1] - small[0])[inside] ** 2).mean())) if inside.any() else 0.0


def map_values(
    found: Comparison | None, mask: Mask | None
) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.float32]]:
    """Return a map's values of blocks edited, untouched, and touching edited ones.

    Without a mask, which is (H, W) of the photo, all are untouched.
    """
    none = np.zeros(0, np.float32)
    if found is None or found.map is None:
        return none, none, none
    if mask is None:
        return none, found.map.ravel(), none
    rows, columns = found.map.shape
    small = Image.fromarray(mask).convert("L").resize((columns, rows), Image.Resampling.BOX)
    covered = np.asarray(small, np.float32) / 255
    around = np.pad(covered > 0, 1)
    near = np.zeros(covered.shape, bool)
    for down in range(3):
        for across in range(3):
            near |= around[down : down + rows, across : across + columns]
    return (
        found.map[covered >= EDITED],
        found.map[~near],
        found.map[near & (covered == 0)],
    )


def meets(found: Comparison, mask: Mask, received: tuple[int, ...]) -> bool:
    """Whether a region covers a pixel that was edited."""
    down, across = mask.shape[0] / received[0], mask.shape[1] / received[1]
    return any(
        mask[
            int(region.box[1] * down) : int(region.box[3] * down),
            int(region.box[0] * across) : int(region.box[2] * across),
        ].any()
        for region in found.regions
    )
