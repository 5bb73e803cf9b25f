"""OpenVINO on the processor: Intel's, and ARM's."""

import os
import threading
from types import ModuleType
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
from camera_sim.errors import EngineError, InferenceError, WeightsError
from channel.errors import ModelFileError
from channel.extras import to_install
from channel.onnx_file import check_whole

OUTPUT = "srgb"
_ONE_AT_A_TIME = threading.Lock()


def _meet_numpy(openvino: ModuleType) -> None:
    """Ask OpenVINO for a first type of numpy's, in one thread.

    Its bindings look numpy up when they first need it. Two threads that do so at once may wait for
    each other for ever: one for Python's lock, the other with it for what the first has begun
    (seen with 2026.4).
    """
    with _ONE_AT_A_TIME:
        openvino.Type.f32.to_dtype()


class OpenVinoEngine(TileEngine):
    """A network compiled by OpenVINO, in fp32: its default is bf16 where a processor has that.

    Raises
    ------
    EngineError
        If OpenVINO is not installed.
    WeightsError
        If the file is missing, altered, or not a model that OpenVINO takes.
    """

    name = "openvino"

    def __init__(self, source: Source) -> None:
        try:
            import openvino
        except ImportError as error:
            raise EngineError(
                f"OpenVINO is not installed: {to_install('openvino')}; or develop with "
                "--engine onnxruntime"
            ) from error
        _meet_numpy(openvino)
        content, self._file = source.model.read(source.folder), source.model.file
        threads = os.cpu_count() or 1  # a stream a thread: tiles run side by side
        settings = {"NUM_STREAMS": threads, "INFERENCE_NUM_THREADS": threads,
                    "INFERENCE_PRECISION_HINT": "f32"}  # fmt: skip
        try:
            check_whole(content)
            network = openvino.Core().read_model(content)
            self._network = openvino.Core().compile_model(network, "CPU", settings)
        except (RuntimeError, ModelFileError) as error:
            raise WeightsError(f"{self._file} cannot be loaded by OpenVINO: {error}") from error
        # OpenVINO lists what it folded into an input among that input's names.
        shapes = {name: node.partial_shape for node in self._network.inputs for name in node.names}
        outputs = [OUTPUT in node.names for node in self._network.outputs]
        if outputs != [True] or "mosaic" not in shapes:
            raise WeightsError(f"{self._file} is a network, but no imaging pipeline")
        self._inputs = set(shapes)
        self.takes_watermark = WATERMARK in shapes
        self.size = source.model.size
        sides = list(shapes["mosaic"])[2:]
        if all(side.is_static for side in sides):
            self.fixed = (sides[0].get_length(), sides[1].get_length())
        self._lanes = threading.local()

    @classmethod
    def of(cls, source: Source) -> "OpenVinoEngine":
        """Open a network; see `engines.Source`."""
        return cls(source)

    def develop(self, packed: Array, colour: Colour, watermark: Array | None = None) -> Array:
        """Develop a tile; see `TileEngine.develop`."""
        height, width = packed.shape[1:]
        inputs = inputs_of(fitted(packed, self.fixed), colour, watermark)
        fed = {name: value for name, value in inputs.items() if name in self._inputs}
        try:
            developed: Array = self._request().infer(fed, share_inputs=True)[0][0]
        except RuntimeError as error:
            reason = " ".join(str(error).split())
            raise InferenceError(f"the network {self._file} failed: {reason}") from error
        return checked(developed[:, : 2 * height, : 2 * width], packed, self._file)

    def _request(self) -> Any:
        """Return this thread's own request."""
        if not hasattr(self._lanes, "request"):
            self._lanes.request = self._network.create_infer_request()
        return self._lanes.request
