"""ONNX Runtime on the CPU, the embedded default."""

from pathlib import Path

import onnxruntime as ort

from camera_sim.engines import Array, Colour, Engine, fitted, inputs_of
from camera_sim.errors import WeightsError
from camera_sim.weights import FOLDER, Model


class OnnxRuntimeEngine(Engine):
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
        options = ort.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        try:
            self._session = ort.InferenceSession(
                entry.read(folder), options, providers=["CPUExecutionProvider"]
            )
        except WeightsError:
            raise
        except Exception as error:  # ONNX Runtime's have no root of their own
            raise WeightsError(f"{folder / entry.file} cannot be loaded: {error}") from error
        shapes = {node.name: node.shape for node in self._session.get_inputs()}
        self._inputs = set(shapes)
        if [node.name for node in self._session.get_outputs()] != ["srgb"]:
            raise WeightsError(f"{folder / entry.file} is a network, but no imaging pipeline")
        self.size = entry.size
        height, width = shapes["mosaic"][2:]
        self.fixed = (height, width) if isinstance(height, int) else None

    def develop(self, packed: Array, colour: Colour) -> Array:
        """Develop a tile; see `Engine.develop`."""
        height, width = packed.shape[1:]
        inputs = inputs_of(fitted(packed, self.fixed), colour)
        fed = {name: value for name, value in inputs.items() if name in self._inputs}
        developed: Array = self._session.run(["srgb"], fed)[0][0]
        return developed[:, : 2 * height, : 2 * width]
