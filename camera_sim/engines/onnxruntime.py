"""ONNX Runtime on the CPU, the embedded default."""

from pathlib import Path

import numpy as np
import onnxruntime as ort

from camera_sim.engines import Array, Colour, Engine
from camera_sim.errors import WeightsError
from camera_sim.weights import FOLDER, WeightsEntry


class OnnxRuntimeEngine(Engine):
    """A network of the manifest in an ONNX Runtime session.

    Parameters
    ----------
    entry
        The network; its digest is checked.
    folder
        Where its file lies.
    threads
        Threads inside one call; 1 where tiles already run side by side.

    Raises
    ------
    WeightsError
        If the file is missing, altered, or not a model that ONNX Runtime takes.
    """

    def __init__(self, entry: WeightsEntry, folder: Path = FOLDER, threads: int = 1) -> None:
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
        self._inputs = {node.name for node in self._session.get_inputs()}
        if [node.name for node in self._session.get_outputs()] != ["srgb"]:
            raise WeightsError(f"{folder / entry.file} is a network, but no imaging pipeline")
        self.size = entry.size

    def develop(self, packed: Array, colour: Colour) -> Array:
        """Develop a tile; see `Engine.develop`."""
        inputs = {
            "mosaic": packed[None],
            "white_balance": colour.white_balance[None],
            "camera_to_srgb": colour.camera_to_srgb[None],
            "exposure": np.array([[colour.exposure]], np.float32),
            "noise": colour.noise[None],
        }
        fed = {name: value for name, value in inputs.items() if name in self._inputs}
        developed: Array = self._session.run(["srgb"], fed)[0][0]
        return developed
