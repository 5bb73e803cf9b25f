"""A shipped pair on held-out pictures: developed, edited, transmitted, and read patch by patch.

Everything here is exact: ONNX Runtime develops, 8-bit edits, libjpeg, the shipped FAN.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from camera_sim import weights as camera_weights
from camera_sim.developing.files import open_engine
from camera_sim.developing.tiles import develop
from camera_sim.engines import Engine
from camera_sim.raw.raw_image import RawImage
from camera_sim.training.pair.validation import edited, through_jpeg
from camera_sim.training.pair.workflow import (
    HISTORIES,
    PAPER_QUALITY,
    PAPER_SCALE,
    UNKNOWN_CAMERA,
    opened,
)
from channel import transmit
from channel.resample import resized
from verifier import weights
from verifier.detectors.model import BATCH, Model
from verifier.features.patches import Place, batches, choose_patches
from verifier.features.watermark_proof import WatermarkProof
from verifier.judging.calibration import mean_log_probabilities

Picture = NDArray[np.uint8]
Logits = NDArray[np.float64]
SIXTEEN_BITS = 257  # levels of 16 bits to one of 8
Send = Callable[[Picture], Picture]


@dataclass(frozen=True)
class DevelopedCapture:
    """A capture developed by the pair's pipeline and by the same pipeline before training."""

    name: str
    watermarked: Picture
    plain: Picture


@dataclass(frozen=True)
class Read:
    """What a downloaded picture says.

    Attributes
    ----------
    logits
        (N, K), of its patches.
    picture
        (K,), the log probabilities of the whole: by the pair's pooling network, or the mean over
        patches where it has none. NaN without patches.
    proof
        How the watermark lies in it, and the evidence for that; None where nothing looked for it.
    """

    logits: Logits
    picture: Logits
    proof: WatermarkProof | None = None

    @property
    def usable(self) -> bool:
        """Whether the picture has a patch."""
        return len(self.logits) > 0

    @property
    def named(self) -> int:
        """The place of the label that the picture is given."""
        return int(self.picture.argmax())


@dataclass(frozen=True)
class Scores(Read):
    """What a downloaded picture says, and its true history."""

    truth: str = field(kw_only=True)


@dataclass(frozen=True)
class Pair:
    """The pair's engine, the plain pipeline's, and the FAN."""

    watermarked: Engine
    plain: Engine
    fan: Model

    def develop(
        self, name: str, capture: RawImage, exposure: float | None = 1.0
    ) -> DevelopedCapture:
        """Develop a capture by both pipelines, as the sensor saw it."""
        pictures = [develop(capture, engine, exposure=exposure) for engine in self._engines]
        return DevelopedCapture(name, *pictures)

    def develop_in_strengths(
        self, name: str, capture: RawImage, strengths: Sequence[float]
    ) -> list[DevelopedCapture]:
        """Develop a capture with the watermark so many times as strong, one capture a strength."""
        watermarked, plain = (
            develop(capture, engine, exposure=1.0, depth=16).astype(np.float32) / SIXTEEN_BITS
            for engine in self._engines
        )
        watermark = watermarked - plain
        pictures = [plain + np.float32(strength) * watermark for strength in (*strengths, 0.0)]
        *of_strengths, without = [_in_8_bits(picture) for picture in pictures]
        return [DevelopedCapture(name, picture, without) for picture in of_strengths]

    @property
    def _engines(self) -> tuple[Engine, Engine]:
        return self.watermarked, self.plain

    def read(self, picture: Picture) -> Read:
        """Read a downloaded (H, W, 3) uint8 picture."""
        entry = self.fan.entry
        patches = choose_patches(picture, entry.input.side, entry.selection)
        logits = self.fan.logits(batches(picture, patches, BATCH))
        if not len(logits):
            return Read(logits, np.full(len(entry.labels), np.nan))
        mean_log = mean_log_probabilities(logits)
        if self.fan.pooling is None:
            return Read(logits, mean_log)
        pooled = self.fan.pooling(picture, mean_log)
        return Read(logits, pooled.log_probabilities, pooled.proof)

    def edit_map(
        self, picture: Picture
    ) -> tuple[NDArray[np.float64], Sequence[Place], tuple[int, int]]:
        """Return each patch's probability of an edit, its left and top, and the picture's size.

        The patches overlap by half.
        """
        entry = self.fan.entry
        selection = entry.selection.model_copy(update={"stride": entry.input.side // 2})
        patches = choose_patches(picture, entry.input.side, selection)
        logits = self.fan.logits(batches(picture, patches, BATCH))
        odds = np.exp(logits - logits.max(axis=1, keepdims=True))
        share = odds[:, entry.indices("edit")].sum(axis=1) / odds.sum(axis=1)
        return share, patches.places, picture.shape[:2]


def _in_8_bits(levels: NDArray[np.floating]) -> Picture:
    picture: Picture = np.clip(np.rint(levels), 0, 255).astype(np.uint8)
    return picture


def paper_channel(picture: Picture) -> Picture:
    """Resize 1:2 by averaging and send through JPEG 50 (Korus & Memon 2019, section 4.4)."""
    height, width = (round(side * PAPER_SCALE) for side in picture.shape[:2])
    return through_jpeg(resized(picture, (height, width), "box"), PAPER_QUALITY, "4:2:0")


def through_platform(name: str) -> Send:
    """Return what a platform makes of an uploaded picture."""

    def send(picture: Picture) -> Picture:
        return opened(transmit(picture, name))

    return send


def score_histories(pair: Pair, captures: Sequence[DevelopedCapture], send: Send) -> list[Scores]:
    """Give each capture every history, send it, and read it."""
    return [
        Scores(**vars(pair.read(send(edited(capture.watermarked, history)))), truth=history)
        for capture in captures
        for history in HISTORIES
    ]


def confusion(scores: Sequence[Scores], classes: int) -> NDArray[np.int64]:
    """Count patches, true history by named class; see `HISTORIES`."""
    counts = np.zeros((len(HISTORIES) + 1, classes), np.int64)
    for score in scores:
        row = (*HISTORIES, UNKNOWN_CAMERA).index(score.truth)
        counts[row] += np.bincount(score.logits.argmax(axis=1), minlength=classes)
    return counts


def patch_accuracy(scores: Sequence[Scores]) -> float:
    """Return the share of patches whose history is named, over the five; NaN without a patch."""
    counts = confusion(scores, scores[0].logits.shape[1])
    return float(np.trace(counts) / counts.sum()) if counts.any() else float("nan")


def pooled(logits: Logits) -> Logits:
    """Sum log probabilities over patches: (N, K) to (K,)."""
    shifted = logits - logits.max(axis=1, keepdims=True)
    log: Logits = (shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))).sum(axis=0)
    return log


def named(logits: Logits) -> int:
    """Return the place of the history that patches together are called, unknown cameras aside."""
    return int(pooled(logits)[: len(HISTORIES)].argmax())


def picture_accuracy(scores: Sequence[Scores], least: int = 1) -> tuple[float, int]:
    """Return the share of pictures whose history is named, and how many there are.

    That a camera is unknown counts as no history.

    Parameters
    ----------
    least
        Pictures of fewer patches are left out.
    """
    judged = [score for score in scores if len(score.logits) >= least]
    of_five = slice(len(HISTORIES))
    right = [HISTORIES[int(score.picture[of_five].argmax())] == score.truth for score in judged]
    return (float(np.mean(right)) if right else float("nan")), len(right)


def accuracy_by_patches(
    scores: Sequence[Scores], counts: Sequence[int], draws: int = 2000, seed: int = 0
) -> list[float]:
    """Return the accuracy of decisions pooled over so many patches of one history.

    The patches of one decision are drawn from all pictures, so this is what a large picture of as
    many independent patches would give. NaN where a history has none.
    """
    rng = np.random.default_rng(seed)
    by_history = {
        history: np.concatenate([s.logits for s in scores if s.truth == history])
        for history in HISTORIES
    }
    if not all(map(len, by_history.values())):
        return [float("nan")] * len(counts)
    accuracies = []
    for count in counts:
        right = [
            named(logits[rng.integers(len(logits), size=count)]) == index
            for index, logits in enumerate(by_history.values())
            for _ in range(draws // len(HISTORIES))
        ]
        accuracies.append(float(np.mean(right)))
    return accuracies


def fan_of(pair_name: str, folder: Path | None = None) -> Model:
    """Return the FAN of a pair, from a folder of the verifier's weights or the shipped one."""
    folder = folder or weights.FOLDER
    return Model(weights.read_manifest(folder).find(pair_name), folder)


def open_pair(
    name: str, run_folder: Path | None = None, before: Path = camera_weights.FOLDER
) -> Pair:
    """Open a pair's engine, the same pipeline before joint training, and the FAN.

    Parameters
    ----------
    run_folder
        Of a joint run; None opens what is shipped.
    before
        Folder of weights of the pipeline before joint training.
    """
    camera = run_folder / "camera" if run_folder else camera_weights.FOLDER
    fan = fan_of(name, run_folder / "verifier" if run_folder else None)
    pipeline = fan.entry.pipeline or ""
    return Pair(
        watermarked=open_engine(pipeline, camera),
        plain=open_engine(pipeline.removesuffix("-fan"), before),
        fan=fan,
    )


def open_run(run_folder: Path, before: Path = camera_weights.FOLDER) -> tuple[str, Pair]:
    """Open the pair of a joint run, whatever it is called: its name, and the pair.

    Raises
    ------
    WeightsError
        If the run has exported no pair.
    """
    name = weights.read_manifest(run_folder / "verifier").models[0].name
    return name, open_pair(name, run_folder, before)
