"""What a whole picture says, beyond its patches: a pair's pooling network, run by ONNX Runtime.

It reads the statistics of all blocks of a picture that is brought back in step with the camera's
trace (`verifier.features.trace_sync`), and what the analyser says of the patches.
"""

import json
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from channel.onnx_file import open_session
from verifier.errors import WeightsError
from verifier.features.trace_gaps import NO_GAPS, TraceGaps, trace_gaps
from verifier.features.trace_proof import TraceProof, prove_trace
from verifier.features.trace_statistics import trace_statistics
from verifier.features.trace_sync import Sync, TracePattern, find_trace, in_step
from verifier.judging.calibration import log_softmax
from verifier.weights import FOLDER, PoolingEntry, checked_bytes

Pixels = NDArray[np.uint8]
INPUTS = ("statistics", "patches")
OUTPUT = "logits"
PATTERN = "pattern"
"""Key of the file's metadata: the trace's period in 8-bit levels, as JSON."""


@dataclass(frozen=True)
class Pooled:
    """What a picture says: the log probability of each label, (K,), and how the trace lay in it.

    ``gaps`` are parts without the trace, where it was found at a size at which edits can be told.
    """

    log_probabilities: NDArray[np.float64]
    proof: TraceProof
    gaps: TraceGaps = NO_GAPS

    @property
    def sync(self) -> Sync:
        """How the trace lay in it."""
        return self.proof.sync


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
        self._loaded: tuple[Any, TracePattern] | None = None
        self._lock = threading.Lock()

    def __reduce__(self) -> tuple[type["Pooling"], tuple[PoolingEntry, Path]]:
        return Pooling, (self._entry, self._folder)

    def __call__(self, pixels: Pixels, mean_log: NDArray[np.float64]) -> Pooled:
        """Judge a picture.

        Parameters
        ----------
        pixels
            (H, W, 3), uint8, sRGB.
        mean_log
            (K,) mean over its patches of the log probability of each label.

        Raises
        ------
        WeightsError
            If the network can't be loaded, or gives what it shouldn't.
        """
        session, pattern = self._open()
        sync = find_trace(pixels, pattern)
        brought_back = in_step(pixels, sync, pattern.period)
        statistics = trace_statistics(brought_back, pattern, sync)
        fed = (statistics, mean_log.astype(np.float32))
        try:
            logits = session.run(
                [OUTPUT], {name: value[None] for name, value in zip(INPUTS, fed, strict=True)}
            )[0][0]
        except Exception as error:  # ONNX Runtime's errors have no root of their own
            raise WeightsError(f"{self._entry.file} doesn't run: {error}") from error
        if logits.shape != mean_log.shape or not np.isfinite(logits).all():
            raise WeightsError(f"{self._entry.file} gives {logits.shape} for {mean_log.shape}")
        height, width = pixels.shape[:2]
        proof = prove_trace(brought_back, pattern, sync, (height, width))
        asked = proof.holds and not sync.scaled
        gaps = trace_gaps(pixels, pattern, sync) if asked else NO_GAPS
        return Pooled(log_softmax(logits.astype(np.float64)), proof, gaps)

    @property
    def pattern(self) -> TracePattern:
        """The trace that is looked for."""
        return self._open()[1]

    def _open(self) -> tuple[Any, TracePattern]:
        with self._lock:
            if self._loaded is None:
                self._loaded = self._load()
            return self._loaded

    def _load(self) -> tuple[Any, TracePattern]:
        path = self._folder / self._entry.file
        content = checked_bytes(self._folder, self._entry.file, self._entry.sha256)
        try:
            session = open_session(content, 1)
            pattern = json.loads(session.get_modelmeta().custom_metadata_map[PATTERN])
            return session, TracePattern(np.array(pattern, np.float64))
        except Exception as error:  # as above; a file without a pattern can't be used either
            raise WeightsError(f"{path} cannot be loaded: {error}") from error
