"""ONNX Runtime on the CPU, the embedded default."""

from pathlib import Path
from typing import Any

from camera_sim.engines import (
    WATERMARK,
    Array,
    Colour,
    Source,
    TileEngine,
    checked,
    fitted,
    inputs_of,
)
from camera_sim.errors import InferenceError, WeightsError
from camera_sim.weights import FOLDER, Model
from channel.onnx_file import open_session

MOSAIC_AXES = 4  # a batch of one, planes, height and width


class OnnxRuntimeEngine(TileEngine):
    """A network in an ONNX Runtime session.

    Parameters
    ----------
    entry
        The network, of a manifest or of a device's firmware; its digest is checked.
    folder
        Where its file lies.
    threads
        Threads inside one call; 1 where tiles already run side by side.

    Raises
    ------
    WeightsError
        If the file is missing, altered, or not a model that ONNX Runtime takes.
    """

    name = "onnxruntime"

    def __init__(self, entry: Model, folder: Path = FOLDER, threads: int = 1) -> None:
        content, self._file = entry.read(folder), entry.file
        try:
            self._session = self._session_of(content, threads)
        except Exception as error:  # ONNX Runtime's have no root of their own
            raise WeightsError(f"{folder / entry.file} cannot be loaded: {error}") from error
        shapes = {node.name: node.shape for node in self._session.get_inputs()}
        self._inputs = set(shapes)
        self.takes_watermark = WATERMARK in shapes
        outputs = [node.name for node in self._session.get_outputs()]
        if outputs != ["srgb"] or len(shapes.get("mosaic", ())) != MOSAIC_AXES:
            raise WeightsError(f"{folder / entry.file} is a network, but no imaging pipeline")
        self.size = entry.size
        height, width = shapes["mosaic"][2:]
        self.fixed = (height, width) if isinstance(height, int) else None

    @classmethod
    def of(cls, source: Source) -> "OnnxRuntimeEngine":
        """Open a network; see `engines.Source`."""
        return cls(source.model, source.folder)

    def _session_of(self, content: bytes, threads: int) -> Any:
        """Open a session of a model's bytes."""
        return open_session(content, threads)

    def develop(self, packed: Array, colour: Colour, watermark: Array | None = None) -> Array:
        """Develop a tile; see `TileEngine.develop`."""
        height, width = packed.shape[1:]
        inputs = inputs_of(fitted(packed, self.fixed), colour, watermark)
        fed = {name: value for name, value in inputs.items() if name in self._inputs}
        try:
            developed: Array = self._session.run(["srgb"], fed)[0][0]
        except Exception as error:  # ONNX Runtime's, as above; MemoryError too
            reason = " ".join(str(error).split())
            raise InferenceError(f"the network {self._file} failed: {reason}") from error
        return checked(developed[:, : 2 * height, : 2 * width], packed, self._file)
