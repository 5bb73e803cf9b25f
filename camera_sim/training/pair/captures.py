"""A jointly trained pair on held-out pictures: developed, edited, transmitted, and read.

Everything here is exact: ONNX Runtime develops, 8-bit edits, libjpeg, the exported FAN.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
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
    opened,
)
from channel import transmit
from channel.resample import resized
from verifier import weights
from verifier.detectors.model import BATCH, Model
from verifier.errors import WeightsError
from verifier.features.patches import batches, choose_patches

Picture = NDArray[np.uint8]
Logits = NDArray[np.float64]
Send = Callable[[Picture], Picture]


@dataclass(frozen=True)
class DevelopedCapture:
    """A capture developed by the pair's pipeline and by the same pipeline before training."""

    name: str
    watermarked: Picture
    plain: Picture


@dataclass(frozen=True)
class Scores:
    """What a downloaded picture says: (N, K) logits of its patches; and its true history."""

    logits: Logits
    truth: str


@dataclass(frozen=True)
class Pair:
    """The pair's engine, the plain pipeline's, and the FAN."""

    watermarked: Engine
    plain: Engine
    fan: Model

    def develop(self, name: str, capture: RawImage) -> DevelopedCapture:
        """Develop a capture by both pipelines, as the sensor saw it."""
        pictures = [develop(capture, one, exposure=1.0) for one in (self.watermarked, self.plain)]
        return DevelopedCapture(name, *pictures)

    def read(self, picture: Picture) -> Logits:
        """Read a downloaded (H, W, 3) uint8 picture: (N, K) logits of its patches."""
        entry = self.fan.entry
        patches = choose_patches(picture, entry.input.side, entry.selection)
        return self.fan.logits(batches(picture, patches, BATCH))


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
        Scores(pair.read(send(edited(capture.watermarked, history))), history)
        for capture in captures
        for history in HISTORIES
    ]


def confusion(scores: Sequence[Scores], classes: int) -> NDArray[np.int64]:
    """Count patches, true history by named class; see `HISTORIES`."""
    counts = np.zeros((len(HISTORIES), classes), np.int64)
    for score in scores:
        row = HISTORIES.index(score.truth)
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
    """Return the share of pictures whose history their patches name, and how many there are.

    That a camera is unknown counts as no history.

    Parameters
    ----------
    least
        Pictures of fewer patches are left out.
    """
    judged = [score for score in scores if len(score.logits) >= least]
    right = [HISTORIES[named(score.logits)] == score.truth for score in judged]
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


def open_pair(run_folder: Path, before: Path = camera_weights.FOLDER) -> Pair:
    """Open the pair of a joint run, and the same pipeline before joint training.

    Parameters
    ----------
    before
        Folder of weights of the pipeline before joint training.

    Raises
    ------
    WeightsError
        If the run has exported no pair.
    """
    verifier = run_folder / "verifier"
    entries = weights.read_manifest(verifier).models
    if not entries:
        raise WeightsError(f"{verifier} holds no FAN; name the folder of a run of `train joint`")
    fan, pipeline = Model(entries[0], verifier), entries[0].pipeline or ""
    return Pair(
        watermarked=open_engine(pipeline, run_folder / "camera"),
        plain=open_engine(pipeline, before),
        fan=fan,
    )
