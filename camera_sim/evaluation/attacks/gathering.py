"""Averages over photos of a device group, in bounded memory.

Frequencies of the watermark belong to the picture, so photos of any size are averaged in the
photo's own coordinates, at one size. Small captures are gathered, for they carry the same lines:
squares cut from photographs at random, each captured and developed with a payload of its own.
"""

import zipfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from PIL import Image

from camera_sim.developing.tiles import develop
from camera_sim.engines import Engine
from camera_sim.evaluation.attacks.attack import Array
from camera_sim.evaluation.attacks.estimating import weighed
from camera_sim.evaluation.fidelity import capture_of
from camera_sim.evaluation.watermark.photos import NOISES, Keys, Picture
from camera_sim.sensor.sensor import LOW_PASS_BLUR
from channel.output import replacing

COUNTS = (10, 100, 1000)
SCENES = 32  # photographs that are held at a time, reduced
SCENE_SIDE = 2048
KEPT_EACH = 50  # photos, after which the sum is written


@dataclass(frozen=True)
class Gathering:
    """How photos are gathered.

    Attributes
    ----------
    side
        Pixels a side of each.
    longer_side
        That their watermarks state: of the photos that they stand for.
    scenes
        Names of the photographs that they show parts of.
    """

    engine: Engine
    keys: Keys
    side: int
    longer_side: int
    seed: int
    scenes: tuple[str, ...] = ()

    def photo(self, scenes: Sequence[Picture], number: int) -> Picture:
        """Take the photo of a number, (side, side, 3) uint8; the same each time."""
        rng = np.random.default_rng([self.seed, number])
        scene = _square(scenes[number % len(scenes)], self.side, rng)
        noise = NOISES[number % len(NOISES)]
        capture = capture_of(scene, number, noise, LOW_PASS_BLUR).image
        watermark = self.keys.watermark(rng.bytes(8))
        plane = watermark.plane((self.longer_side, self.longer_side))
        return develop(capture, self.engine, exposure=1.0, watermark=plane)

    @property
    def words(self) -> str:
        """What makes two gatherings the same."""
        keys = self.keys.group.name, self.keys.device.name
        return f"{self.engine.name} {keys} {self.side} {self.longer_side} {self.seed} {self.scenes}"


@dataclass
class Sum:
    """The sum of so many weighed photos, and the means after some of them."""

    total: Array
    count: int = 0
    means: dict[int, Array] = field(default_factory=dict)

    def add(self, photo: Picture, counts: Sequence[int]) -> None:
        """Add a photo."""
        self.total += weighed(photo)
        self.count += 1
        if self.count in counts:
            self.means[self.count] = self.total / np.float32(self.count)


def gathered(
    gathering: Gathering,
    scenes: Callable[[], Sequence[Picture]],
    counts: Sequence[int],
    file: Path | None = None,
    progress: Callable[[Iterator[int], int], Iterator[int]] = lambda numbers, _: numbers,
) -> dict[int, Array]:
    """Return the mean of so many photos, for each count; it goes on where a file left off.

    The scenes are loaded where any is missing.
    """
    done = _read(file, gathering.words) if file else None
    done = done or Sum(np.zeros((gathering.side, gathering.side), np.float32))
    left = range(done.count, max(counts))
    shown = scenes() if left else ()
    for number in progress(iter(left), len(left)):
        done.add(gathering.photo(shown, number), counts)
        if file and (done.count % KEPT_EACH == 0 or done.count == max(counts)):
            _write(file, gathering.words, done)
    return {count: done.means[count] for count in counts if count in done.means}


def reduced_scene(picture: Picture) -> Picture:
    """Make a photograph small enough to hold many."""
    image = Image.fromarray(picture)
    image.thumbnail((SCENE_SIDE, SCENE_SIDE), Image.Resampling.LANCZOS)
    return np.asarray(image)


def _square(scene: Picture, side: int, rng: np.random.Generator) -> Picture:
    least, most = min(side, *scene.shape[:2]), min(scene.shape[:2])
    length = int(rng.integers(least, most + 1))
    top, left = (int(rng.integers(s - length + 1)) for s in scene.shape[:2])
    part = Image.fromarray(scene[top : top + length, left : left + length])
    return np.asarray(part.resize((side, side), Image.Resampling.LANCZOS))


def _read(file: Path, words: str) -> Sum | None:
    """Read a sum that was written; None if it is of other photos, or damaged."""
    try:
        with np.load(file) as found:
            if str(found["words"]) != words:
                return None
            means = {int(n): mean for n, mean in zip(found["counts"], found["means"], strict=True)}
            return Sum(found["total"], int(found["count"]), means)
    except (OSError, ValueError, KeyError, zipfile.BadZipFile):
        return None


def _write(file: Path, words: str, done: Sum) -> None:
    means = np.stack([*done.means.values()]) if done.means else np.zeros((0, 1, 1), np.float32)
    with replacing(file) as temporary, temporary.open("wb") as opened:
        np.savez(opened, words=words, total=done.total, count=done.count,
                 counts=[*done.means], means=means)  # fmt: skip
