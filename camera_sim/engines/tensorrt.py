"""TensorRT-RTX, and TensorRT 10 and 11: asynchronous execution with pinned buffers, by name.

The engine's key is compared first, then a device is looked for, and only then is TensorRT asked: on
a machine without a driver ``deserialize_cuda_engine`` ends the process (seen with 11.4).
"""

import importlib
import threading
from collections.abc import Mapping
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
from camera_sim.engines.cuda import Buffer, compute_capability, find_runtime
from camera_sim.engines.cuda import checked as succeeded
from camera_sim.engines.engine_files import Engines, Keyed, engines_in, engines_of
from camera_sim.engines.engine_key import EngineRuntime, check_plan, check_runs
from camera_sim.errors import EngineError, InferenceError
from camera_sim.weights import Model
from channel.extras import to_install

OUTPUT = "srgb"
RUNTIMES: tuple[EngineRuntime, ...] = ("tensorrt-rtx", "tensorrt")
# By runtime: what it is imported as. Of TensorRT: the whole of it; its lean runtime, which runs
# version-compatible engines; and that as its wheels alone install it.
LIBRARIES: dict[EngineRuntime, tuple[str, ...]] = {
    "tensorrt-rtx": ("tensorrt_rtx",),
    "tensorrt": ("tensorrt", "tensorrt_lean", "tensorrt_lean_bindings"),
}
INSTALL: dict[EngineRuntime, str] = {
    "tensorrt-rtx": to_install("tensorrt"),
    "tensorrt": "pip install tensorrt, with the vendor's index",
}


def find_tensorrt(runtime: EngineRuntime) -> ModuleType:
    """Return TensorRT-RTX, or TensorRT.

    Raises
    ------
    EngineError
        If it is not installed.
    """
    reasons = []
    for name in LIBRARIES[runtime]:
        try:
            return importlib.import_module(name)
        except (ImportError, OSError, RuntimeError) as error:
            reasons.append(f"{name}: {' '.join(str(error).split())}")
    raise EngineError(
        f"{runtime} is not installed ({'; '.join(reasons)}); {INSTALL[runtime]}, or "
        "develop with --engine onnxruntime"
    )


class TensorRTEngine(TileEngine):
    """A network as an engine of TensorRT-RTX or TensorRT.

    Parameters
    ----------
    model
        The network that the engine must have been built from.
    precision
        And in which arithmetic.
    engines
        To choose from.

    Raises
    ------
    EngineError
        If there is no library, no device, or no engine of this network that runs here.
    """

    name = "tensorrt"

    def __init__(self, model: Model, precision: str, engines: Engines) -> None:
        self.size = model.size
        keyed = [one for one in engines_of(model, precision, engines, RUNTIMES)
                 if one[0].precision == precision]  # fmt: skip
        if not keyed:
            raise EngineError(f"no engine of the model {model.sha256[:12]}… is in {precision}")
        self._cuda = find_runtime()
        key, plan = _that_runs(keyed, compute_capability(self._cuda))
        self.precision, self.engine_sha256 = key.precision, key.plan_sha256
        self._trt = find_tensorrt(key.runtime)
        self._engine = self._opened(plan)
        self._lanes = threading.local()
        self._names = [
            self._engine.get_tensor_name(index) for index in range(self._engine.num_io_tensors)
        ]
        if OUTPUT not in self._names:
            raise EngineError(f"the engine has no output {OUTPUT!r}; it is no imaging pipeline")
        self.takes_watermark = WATERMARK in self._names
        mosaic = tuple(self._engine.get_tensor_shape("mosaic"))
        self.fixed = None if -1 in mosaic else (int(mosaic[2]), int(mosaic[3]))

    @classmethod
    def of(cls, source: Source) -> "TensorRTEngine":
        """Open the engine of a network; see `engines.Source`."""
        engines = engines_in(source.folder_of_engines) if source.engines is None else source.engines
        return cls(source.model, source.precision, engines)

    def _opened(self, plan: bytes) -> Any:
        self._logger = self._trt.Logger(self._trt.Logger.ERROR)
        self._runtime = self._trt.Runtime(self._logger)
        if hasattr(self._runtime, "get_engine_validity"):
            _check_valid(self._trt, *self._runtime.get_engine_validity(plan))
        # Version-compatible plans carry their own runtime.
        self._runtime.engine_host_code_allowed = True
        engine = self._runtime.deserialize_cuda_engine(plan)
        if engine is None:
            raise EngineError("TensorRT cannot open the engine; build it again")
        return engine

    def develop(self, packed: Array, colour: Colour, watermark: Array | None = None) -> Array:
        """Develop a tile; see `TileEngine.develop`."""
        height, width = packed.shape[1:]
        inputs = inputs_of(fitted(packed, self.fixed), colour, watermark)
        fed = {name: value for name, value in inputs.items() if name in self._names}
        try:
            developed = self._lane().run(fed)
        except EngineError as error:
            raise InferenceError(f"the engine failed while it ran: {error}") from error
        return checked(developed[:, : 2 * height, : 2 * width], packed, "of the engine")

    def _lane(self) -> "_Lane":
        """Return this thread's own context, stream and buffers."""
        if not hasattr(self._lanes, "lane"):
            self._lanes.lane = _Lane(self._cuda, self._engine.create_execution_context())
        lane: _Lane = self._lanes.lane
        return lane


class _Lane:
    """An execution context with its stream and its buffers, used by one thread."""

    def __init__(self, cuda: ModuleType, context: Any) -> None:
        self._cuda, self._context = cuda, context
        self._stream = succeeded(cuda.cudaStreamCreate())
        self._buffers: dict[str, Buffer] = {}

    def run(self, fed: Mapping[str, Array]) -> Array:
        for name, value in fed.items():
            if not self._context.set_input_shape(name, value.shape):
                raise EngineError(f"the engine takes no {name} of shape {value.shape}")
            self._buffer(name, value.shape).host[:] = value
        _, _, height, width = fed["mosaic"].shape
        result = self._buffer(OUTPUT, (1, 3, 2 * height, 2 * width))
        for name in fed:
            self._buffers[name].upload(self._stream)
        if not self._context.execute_async_v3(int(self._stream)):
            raise EngineError("TensorRT failed to run the engine")
        result.download(self._stream)
        succeeded(self._cuda.cudaStreamSynchronize(self._stream))
        developed: Array = result.host[0].copy()
        return developed

    def _buffer(self, name: str, shape: tuple[int, ...]) -> Buffer:
        """Return a tensor's buffer, made anew where its shape changed."""
        held = self._buffers.get(name)
        if held is not None and held.host.shape == shape:
            return held
        if held is not None:
            held.free()
        made = self._buffers[name] = Buffer(self._cuda, shape)
        self._context.set_tensor_address(name, made.device)
        return made


def _that_runs(keyed: list[Keyed], capability: str) -> Keyed:
    """Return the first engine that fits what is installed and the device.

    Raises
    ------
    EngineError
        Why the first does not, if none does.
    """
    problems: list[EngineError] = []
    for key, plan in keyed:
        try:
            check_plan(key, plan)
            check_runs(key, find_tensorrt(key.runtime).__version__, capability)
        except EngineError as error:
            problems.append(error)
        else:
            return key, plan
    raise problems[0]


def _check_valid(trt: ModuleType, validity: Any, diagnostics: int) -> None:
    """Raise `EngineError` where TensorRT-RTX itself says that an engine does not run here."""
    if validity != trt.EngineValidity.INVALID:
        return
    kinds = trt.EngineInvalidityDiagnostics.__members__
    reasons = [name for name, value in kinds.items() if diagnostics & int(value)]
    words = ", ".join(name.replace("_", " ").lower() for name in reasons) or "no reason given"
    raise EngineError(f"TensorRT-RTX refuses the engine on this device: {words}")
