"""Whole pictures that a pair's pooling network learns from, with every history.

Scenes are captured whole, or in large squares, developed by the pair and by the pipeline
before, edited, and transmitted three ways: by the paper's channel, at full size through a
platform's encoder or libjpeg, and shrunk by any scale before that. What is kept of each are
the statistics of its blocks and what its patches say. Large pictures can be added as a camera takes
them, whole,
through the paper's channel: the texture of smaller scenes teaches little of theirs.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from camera_sim.developing.tiles import develop
from camera_sim.developing.watermark_grid import PERIOD
from camera_sim.evaluation.fidelity import capture_of
from camera_sim.pipelines import classical
from camera_sim.sensor.sensor import BASE_ISO, LOW_PASS_BLUR
from camera_sim.training.nip.data import SceneSource
from camera_sim.training.pair.captures import Pair, Send, open_pair, paper_channel
from camera_sim.training.pair.validation import as_camera_file, edited, through_jpeg
from camera_sim.training.pair.workflow import (
    FILTERS,
    HISTORIES,
    PLATFORMS,
    UNKNOWN_CAMERA_CLASS,
    opened,
)
from channel import transmit
from channel.errors import PictureError
from channel.picture_file.srgb import load_picture
from channel.resample import resized
from verifier.detectors.model import BATCH
from verifier.features.patches import batches, choose_patches
from verifier.features.watermark_statistics import statistics_count, watermark_statistics
from verifier.features.watermark_sync import MeasuredPattern, find_watermark, synchronised
from verifier.judging.calibration import mean_log_probabilities

Picture = NDArray[np.uint8]

KINDS = ("1:2, JPEG 50", "full size", "shrunk")
# Sides of the squares that are captured, and how often.
SIDES, CHANCES = (512, 768, 1024, 1536, 2560), (0.15, 0.2, 0.25, 0.2, 0.2)
LEAST_SIDE = 448
# Large pictures are shrunk up to so much first, others enlarged: scenes are sharp or soft.
LARGE_SIDE, SHRUNK, MOST_SHRINKAGE = 900, 0.6, 3.0
ENLARGED, ENLARGEMENTS = 0.3, (1.05, 1.8)
CAMERA_JPEG, CROPPED, CLASSICAL, THROUGH_PLATFORM = 0.6, 0.15, 0.33, 0.5
MOST_CROPPED = 64
FULL_QUALITIES, SHRUNK_QUALITIES = (40, 95), (55, 95)
SCALES = (0.27, 0.95)
# Patches of a picture that are asked: more cost time and say little more on average.
PATCHES = 4
# A part of each picture is kept as well: blocks that are few teach what few can say.
LEAST_PART = 192
# Of a picture that is taken whole, so many; and of its rows and columns up to so many are left out,
# since a JPEG file's squares would lie where the camera's do, as no sensor's picture has them.
PARTS_OF_WHOLE, MOST_LEFT_OUT = 5, 7


@dataclass(frozen=True)
class Kept:
    """What is kept of pictures, N of them.

    Attributes
    ----------
    statistics, patches
        (N, count) and (N, classes) float16: inputs of the pooling network.
    labels, kinds, pictures
        (N,) int64: class, place in `KINDS`, and from which picture it was made.
    parts
        (N,) bool: whether it is a part of a picture.
    """

    statistics: NDArray[np.float16]
    patches: NDArray[np.float16]
    labels: NDArray[np.int64]
    kinds: NDArray[np.int64]
    pictures: NDArray[np.int64]
    parts: NDArray[np.bool_]


class Said(NamedTuple):
    """What one downloaded picture, or a part of it, says: a row of `Kept`."""

    statistics: NDArray[np.float32]
    patches: NDArray[np.float64]
    part: bool


class Row(NamedTuple):
    """What is said of a downloaded picture, its class, and its channel's place in `KINDS`."""

    said: Said
    label: int
    kind: int


@dataclass
class Gathering:
    """Keeps what pictures say: of a part's number, or of a whole picture's path, for any worker.

    Parameters
    ----------
    pair
        Opens the pair, in the worker.
    folders
        Pictures of each folder; all folders are drawn from alike.
    whole
        Pictures that can be taken whole.
    pattern
        (period, period) that the pair embeds, in 8-bit levels.
    draws
        Of a part.
    """

    pair: "PairOpener"
    folders: Sequence[Sequence[Path]]
    whole: Sequence[Path]
    pattern: NDArray[np.float64]
    draws: int
    seed: int
    _numbers: dict[Path, int] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self._numbers = numbered([*self.folders, self.whole])

    def __call__(self, part: int | Path) -> Kept:
        """Draw a part, or take a picture whole; of one that can't be read nothing is kept."""
        if isinstance(part, Path):
            return self._kept([(row, self._numbers[part]) for row in self._taken(part)])
        rows, draw = list[tuple[Row, int]](), 0
        rng = np.random.default_rng([self.seed, part])
        while draw < self.draws:
            folder = self.folders[int(rng.integers(len(self.folders)))]
            path = folder[int(rng.integers(len(folder)))]
            try:
                scene = _varied(load_picture(path), rng)
            except PictureError:
                continue
            rows.extend((row, self._numbers[path]) for row in self._draw(scene, rng))
            draw += 1
        return self._kept(rows)

    def _kept(self, rows: Sequence[tuple[Row, int]]) -> Kept:
        """Put rows together, each with its picture's number."""
        statistics = np.array([row.said.statistics for row, _ in rows], np.float16)
        patches = np.array([row.said.patches for row, _ in rows], np.float16)
        return Kept(
            statistics.reshape(-1, statistics_count(self._measured)),
            patches.reshape(-1, UNKNOWN_CAMERA_CLASS + 1),
            np.array([row.label for row, _ in rows], np.int64),
            np.array([row.kind for row, _ in rows], np.int64),
            np.array([picture for _, picture in rows], np.int64),
            np.array([row.said.part for row, _ in rows], np.bool_),
        )

    @cached_property
    def _pair(self) -> Pair:
        return self.pair()

    @cached_property
    def _measured(self) -> MeasuredPattern:
        return MeasuredPattern(self.pattern)

    def _taken(self, path: Path) -> Iterator[Row]:
        """Take a picture whole, at base ISO, and send it through the paper's channel."""
        try:
            picture = load_picture(path)
        except PictureError:
            return
        if min(picture.shape[:2]) < LEAST_SIDE + MOST_LEFT_OUT:
            return
        number = self._numbers[path]
        rng = np.random.default_rng([self.seed, number])
        top, left = (int(cut) for cut in rng.integers(1, MOST_LEFT_OUT + 1, size=2))
        scene = np.ascontiguousarray(picture[top:, left:])
        capture = capture_of(scene, number, BASE_ISO, LOW_PASS_BLUR).image
        watermarked, plain = (
            develop(capture, engine, exposure=1.0)
            for engine in (self._pair.watermarked, self._pair.plain)
        )
        most = self._pair.fan.entry.selection.most_patches
        for label, made in enumerate(
            [*(edited(watermarked, history) for history in HISTORIES), plain]
        ):
            for said in self._read(paper_channel(made), rng, most, PARTS_OF_WHOLE):
                yield Row(said, label, KINDS.index("1:2, JPEG 50"))

    def _draw(self, scene: Picture, rng: np.random.Generator) -> Iterator[Row]:
        """Yield what is said of each picture made of a scene."""
        labels = (*range(len(HISTORIES)), UNKNOWN_CAMERA_CLASS, UNKNOWN_CAMERA_CLASS)
        pictures = self._pictures(scene, rng)
        for kind, send in enumerate(_channels(rng)):
            for label, picture in zip(labels, pictures, strict=True):
                for said in self._read(send(picture), rng, PATCHES, parts=1):
                    yield Row(said, label, kind)

    def _pictures(self, scene: Picture, rng: np.random.Generator) -> list[Picture]:
        """Return the pair's picture with each history, and two of unknown cameras."""
        shortest = min(scene.shape[:2])
        side = min(shortest, int(rng.choice(SIDES, p=CHANCES))) // PERIOD * PERIOD
        source = SceneSource([scene], noise_free=0.6, darkest=3.0)
        capture, exposure, _ = source.draw(rng, side)
        watermarked, plain = (
            develop(capture, engine, exposure=exposure)
            for engine in (self._pair.watermarked, self._pair.plain)
        )
        top, left = (int(rng.integers(length - side + 1)) for length in scene.shape[:2])
        other = np.ascontiguousarray(scene[top : top + side, left : left + side])
        if rng.random() < CLASSICAL:
            developed = np.clip(classical.develop_rggb(capture, exposure), 0, 1)
            other = (developed * 255 + 0.5).astype(np.uint8)
        if rng.random() < CAMERA_JPEG:
            watermarked, plain = as_camera_file(watermarked), as_camera_file(plain)
        pictures = [edited(watermarked, history) for history in HISTORIES]
        pictures += [edited(p, HISTORIES[rng.integers(len(HISTORIES))]) for p in (plain, other)]
        if rng.random() >= CROPPED:
            return pictures
        top, left = (int(cut) for cut in rng.integers(1, MOST_CROPPED, size=2))
        return [np.ascontiguousarray(picture[top:, left:]) for picture in pictures]

    def _read(
        self, downloaded: Picture, rng: np.random.Generator, most: int, parts: int
    ) -> Iterator[Said]:
        """Yield what a downloaded picture says, by so many patches, and what parts of it say."""
        entry = self._pair.fan.entry
        selection = entry.selection.model_copy(update={"most_patches": most})
        patches = choose_patches(downloaded, entry.input.side, selection)
        if not patches.places:
            return
        logits = self._pair.fan.logits(batches(downloaded, patches, BATCH))
        said = mean_log_probabilities(logits)
        sync = find_watermark(downloaded, self._measured)
        back = synchronised(downloaded, sync, self._measured.period)
        yield Said(watermark_statistics(back, self._measured, sync), said, part=False)
        if min(back.shape[:2]) < LEAST_PART:
            return
        for _ in range(parts):
            (top, height), (left, width) = (_part(side, rng) for side in back.shape[:2])
            part = np.ascontiguousarray(back[top : top + height, left : left + width])
            yield Said(watermark_statistics(part, self._measured, sync), said, part=True)


@dataclass(frozen=True)
class PairOpener:
    """Opens a pair where it is needed: sessions don't travel between processes.

    Attributes
    ----------
    run_folder, before
        See `open_pair`.
    """

    name: str
    run_folder: Path | None
    before: Path

    def __call__(self) -> Pair:
        """Open it."""
        return open_pair(self.name, self.run_folder, self.before)


def numbered(folders: Sequence[Sequence[Path]]) -> dict[Path, int]:
    """Give each picture of folders a number; one that is in two of them has one."""
    files = sorted({path for folder in folders for path in folder})
    return {path: number for number, path in enumerate(files)}


def _part(side: int, rng: np.random.Generator) -> tuple[int, int]:
    """Draw where a part of a side begins, and its length, in whole periods."""
    periods = side // PERIOD
    length = int(rng.integers(4, periods + 1))
    return PERIOD * int(rng.integers(periods - length + 1)), PERIOD * length


def _varied(picture: Picture, rng: np.random.Generator) -> Picture:
    """Shrink or enlarge a scene, or leave it."""
    side = min(picture.shape[:2])
    if side < LEAST_SIDE:
        raise PictureError(f"a picture of {side} pixels a side is too small")
    if side > LARGE_SIDE and rng.random() < SHRUNK:
        factor = 1 / float(rng.uniform(1, max(1.0, min(MOST_SHRINKAGE, side / 600))))
        return resized(picture, _scaled(picture, factor), "box")
    if side < LARGE_SIDE and rng.random() < ENLARGED:
        size = _scaled(picture, float(rng.uniform(*ENLARGEMENTS)))
        return resized(picture, size, "bicubic" if rng.random() < 0.5 else "lanczos")
    return picture


def _scaled(picture: Picture, factor: float) -> tuple[int, int]:
    height, width = picture.shape[:2]
    return round(height * factor), round(width * factor)


def _channels(rng: np.random.Generator) -> Iterator[Send]:
    """Draw a channel of each of `KINDS`."""
    yield paper_channel
    yield _encoder(rng, FULL_QUALITIES)
    scale = float(np.exp(rng.uniform(*np.log(SCALES))))
    resampling = FILTERS[int(rng.integers(len(FILTERS)))]
    encode = _encoder(rng, SHRUNK_QUALITIES)
    yield lambda picture: encode(resized(picture, _scaled(picture, scale), resampling))


def _encoder(rng: np.random.Generator, qualities: tuple[int, int]) -> Send:
    """Draw a platform's encoder, or libjpeg at a quality."""
    if rng.random() < THROUGH_PLATFORM:
        platform = PLATFORMS[int(rng.integers(len(PLATFORMS)))]
        return lambda picture: opened(transmit(picture, platform))
    quality = int(rng.integers(qualities[0], qualities[1] + 1))
    return lambda picture: through_jpeg(picture, quality, "4:2:0")
