"""What a whole picture says, beyond its patches: a pair's pooling network, run by ONNX Runtime.

It reads the statistics of all blocks of a picture that is synchronised with the camera's
watermark (`verifier.features.watermark_sync`), and what the FAN says of the patches.
"""

import json
import threading
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from channel.network_folder import checked_bytes
from channel.onnx_file import open_session
from verifier.errors import WeightsError
from verifier.features.watermark_gaps import NO_GAPS, WatermarkGaps, watermark_gaps
from verifier.features.watermark_proof import WatermarkProof, prove_watermark
from verifier.features.watermark_statistics import watermark_statistics
from verifier.features.watermark_sync import MeasuredPattern, Sync, find_watermark, synchronised
from verifier.judging.calibration import log_softmax
from verifier.weights import FOLDER, PoolingEntry

Pixels = NDArray[np.uint8]
INPUTS = ("statistics", "patches")
OUTPUT = "logits"
PATTERN = "pattern"
"""Key of the file's metadata: the watermark's period in 8-bit levels, as JSON."""


@dataclass(frozen=True)
class Measured:
    """A picture, the statistics of its blocks, and the evidence for a watermark in it."""

    pixels: Pixels
    statistics: NDArray[np.float32]
    proof: WatermarkProof


@dataclass(frozen=True)
class Pooled:
    """The log probability of each label, (K,), and where the watermark was found in the picture."""

    log_probabilities: NDArray[np.float64]
    proof: WatermarkProof
    pixels: Pixels
    pattern: MeasuredPattern

    @property
    def sync(self) -> Sync:
        """Where the watermark was found."""
        return self.proof.sync

    @cached_property
    def gaps(self) -> WatermarkGaps:
        """Parts without the watermark, where it was found at a size at which edits can be detected.

        They are looked for when they are first asked for: most answers don't need them.
        """
        asked = self.proof.holds and not self.sync.scaled
        return watermark_gaps(self.pixels, self.pattern, self.sync) if asked else NO_GAPS


class Pooling:
    """A pair's pooling network; safe to use from several threads, and pickles without its session.

    Parameters
    ----------
    entry
        Of the manifest; its digest is checked when it is loaded.
    folder
        Where its file lies.
    """

    def __init__(self, entry: PoolingEntry, folder: Path = FOLDER) -> None:
        self._entry = entry
        self._folder = folder
        self._loaded: tuple[Any, MeasuredPattern] | None = None
        self._lock = threading.Lock()

    def __reduce__(self) -> tuple[type["Pooling"], tuple[PoolingEntry, Path]]:
        return Pooling, (self._entry, self._folder)

    def __call__(self, pixels: Pixels, mean_log: NDArray[np.float64]) -> Pooled:
        """Measure a picture, and judge it: see `measure` and `judge`."""
        return self.judge(self.measure(pixels), mean_log)

    def load(self) -> None:
        """Load it now, and not when it is first needed. Raises `WeightsError`."""
        self._open()

    def measure(self, pixels: Pixels) -> Measured:
        """Measure what the watermark's blocks say of a picture: (H, W, 3), uint8, sRGB.

        Raises
        ------
        WeightsError
            If the network can't be loaded.
        """
        proof, brought_back = self._proved(pixels)
        statistics = watermark_statistics(brought_back, self.pattern, proof.sync)
        return Measured(pixels, statistics, proof)

    def prove(self, pixels: Pixels) -> WatermarkProof:
        """Look for the watermark alone: how it lies in a picture, and the evidence for that."""
        return self._proved(pixels)[0]

    def _proved(self, pixels: Pixels) -> tuple[WatermarkProof, Pixels]:
        """Return the proof, and the picture as the watermark lay in it at first."""
        pattern = self.pattern
        sync = find_watermark(pixels, pattern)
        brought_back = synchronised(pixels, sync, pattern.period)
        height, width = pixels.shape[:2]
        return prove_watermark(brought_back, pattern, sync, (height, width)), brought_back

    def judge(self, measured: Measured, mean_log: NDArray[np.float64]) -> Pooled:
        """Judge a picture.

        Parameters
        ----------
        measured
            What `measure` gave.
        mean_log
            (K,) mean over its patches of the log probability of each label.

        Raises
        ------
        WeightsError
            If the network can't be loaded, or gives what it shouldn't.
        """
        session, pattern = self._open()
        fed = (measured.statistics, mean_log.astype(np.float32))
        try:
            logits = session.run(
                [OUTPUT], {name: value[None] for name, value in zip(INPUTS, fed, strict=True)}
            )[0][0]
        except Exception as error:  # ONNX Runtime's errors have no root of their own
            raise WeightsError(f"{self._entry.file} doesn't run: {error}") from error
        if logits.shape != mean_log.shape or not np.isfinite(logits).all():
            raise WeightsError(f"{self._entry.file} gives {logits.shape} for {mean_log.shape}")
        found = log_softmax(logits.astype(np.float64))
        return Pooled(found, measured.proof, measured.pixels, pattern)

    @property
    def pattern(self) -> MeasuredPattern:
        """The watermark that is looked for."""
        return self._open()[1]

    def _open(self) -> tuple[Any, MeasuredPattern]:
        with self._lock:
            if self._loaded is None:
                self._loaded = self._load()
            return self._loaded

    def _load(self) -> tuple[Any, MeasuredPattern]:
        path = self._folder / self._entry.file
        content = checked_bytes(self._folder, self._entry.file, self._entry.sha256, WeightsError)
        try:
            session = open_session(content, 1)
            pattern = json.loads(session.get_modelmeta().custom_metadata_map[PATTERN])
            return session, MeasuredPattern(np.array(pattern, np.float64))
        except Exception as error:  # as above; a file without a pattern can't be used either
            raise WeightsError(f"{path} cannot be loaded: {error}") from error
