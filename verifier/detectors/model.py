"""A model of the manifest, run by ONNX Runtime on the CPU, loaded when it is first needed."""

import threading
from collections.abc import Iterable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from channel.onnx_file import open_session
from verifier.detectors.cores import Cores
from verifier.errors import WeightsError
from verifier.report.record import ModelFacts
from verifier.weights import FOLDER, ModelEntry

# Patches at a time on one core: activations of four stay near it, those of sixteen take a tenth
# longer and four times the memory.
BATCH = 4


class Model:
    """One model; safe to use from several threads, and pickles without its session.

    Parameters
    ----------
    entry
        Of the manifest; its digest is checked when it is loaded.
    folder
        Where its file lies.
    threads
        Cores for batches, one batch on each; 0: all cores.
    """

    def __init__(self, entry: ModelEntry, folder: Path = FOLDER, threads: int = 0) -> None:
        self.entry = entry
        self._folder = folder
        self._threads = threads
        self._cores = Cores(threads)
        self._session: Any = None
        self._lock = threading.Lock()

    def __reduce__(self) -> tuple[type["Model"], tuple[ModelEntry, Path, int]]:
        return Model, (self.entry, self._folder, self._threads)

    @property
    def facts(self) -> ModelFacts:
        """What a report says of it."""
        entry = self.entry
        return ModelFacts(
            name=entry.name,
            version=entry.version,
            sha256=entry.sha256,
            pair=entry.pair,
            pipeline=entry.pipeline,
        )

    def logits(self, batches: Iterable[NDArray[np.float32]]) -> NDArray[np.float64]:
        """Run batches (N, 3, side, side) through it: (all N, labels).

        Raises
        ------
        WeightsError
            If the model can't be loaded, or gives what the manifest doesn't say.
        """
        session = self._loaded()
        found = self._cores.each(partial(self._run, session), batches)
        labels = len(self.entry.labels)
        logits = np.concatenate(found) if found else np.zeros((0, labels))
        if logits.ndim != 2 or logits.shape[1] != labels or not np.isfinite(logits).all():
            raise WeightsError(
                f"{self.entry.file} gives {logits.shape} or numbers that aren't finite; the "
                f"manifest says {labels} labels"
            )
        return logits.astype(np.float64)

    def load(self) -> None:
        """Load it now, and not when it is first needed. Raises `WeightsError`."""
        self._loaded()

    def _run(self, session: Any, batch: NDArray[np.float32]) -> NDArray[np.float32]:
        contract = self.entry.input
        try:
            found: NDArray[np.float32] = session.run([contract.output], {contract.name: batch})[0]
        except Exception as error:  # ONNX Runtime's errors have no root of their own
            raise WeightsError(f"{self.entry.file} doesn't run: {error}") from error
        return found

    def _loaded(self) -> Any:
        with self._lock:
            if self._session is None:
                self._session = self._load()
            return self._session

    def _load(self) -> Any:
        content = self.entry.read(self._folder)
        try:
            session = open_session(content, 1)  # cores are shared out by batches
        except Exception as error:  # as above
            path = self._folder / self.entry.file
            raise WeightsError(f"{path} cannot be loaded: {error}") from error
        inputs = [node.name for node in session.get_inputs()]
        outputs = [node.name for node in session.get_outputs()]
        contract = self.entry.input
        if inputs != [contract.name] or contract.output not in outputs:
            raise WeightsError(
                f"{self.entry.file} takes {inputs} and gives {outputs}; the manifest says "
                f"{contract.name} and {contract.output}"
            )
        return session
