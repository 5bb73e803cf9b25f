"""TensorRT 10 and 11: asynchronous execution with pinned buffers, inputs and outputs by name.

The plan's key is compared first, then a device is looked for, and only then is TensorRT asked: on a
machine without a driver ``deserialize_cuda_engine`` ends the process (seen with 11.4).
"""

import threading
from collections.abc import Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

from camera_sim.engines import Array, Colour, TileEngine, checked, fitted, inputs_of
from camera_sim.engines.cuda import Buffer, compute_capability, find_runtime
from camera_sim.engines.cuda import checked as succeeded
from camera_sim.engines.engine_key import EngineKey, check_plan, check_runs, read_key
from camera_sim.errors import EngineError, InferenceError
from camera_sim.weights import Model
from channel.extras import to_install

Plans = Mapping[str, tuple[str, bytes]]
"""By file name: the key's JSON, and the plan."""
OUTPUT = "srgb"
# The whole of it; its lean runtime; and that as its wheels alone install it.
LIBRARIES = ("tensorrt", "tensorrt_lean", "tensorrt_lean_bindings")


def find_tensorrt() -> ModuleType:
    """Return TensorRT, or its lean runtime, which runs version-compatible engines.

    Raises
    ------
    EngineError
        If neither is installed.
    """
    import importlib

    reasons = []
    for name in LIBRARIES:
        try:
            return importlib.import_module(name)
        except (ImportError, OSError, RuntimeError) as error:
            reasons.append(f"{name}: {' '.join(str(error).split())}")
    raise EngineError(
        f"TensorRT is not installed ({'; '.join(reasons)}); {to_install('tensorrt')}, or "
        "develop with --engine onnxruntime"
    )


def plans_in(folder: Path | None) -> Plans:
    """Read the engines of a folder, each a ``.plan`` with its ``.json``.

    Raises
    ------
    EngineError
        If no folder is named, or one cannot be read.
    """
    if folder is None:
        raise EngineError("name the folder of TensorRT engines with --engines")
    try:
        return {
            plan.name: (plan.with_suffix(".json").read_text(encoding="utf-8"), plan.read_bytes())
            for plan in sorted(folder.glob("*.plan"))
        }
    except (OSError, UnicodeDecodeError) as error:
        raise EngineError(f"the engines in {folder} cannot be read: {error}") from error


class TensorRTEngine(TileEngine):
    """A network as a TensorRT engine.

    Parameters
    ----------
    model
        The network that the engine must have been built from.
    precision
        And in which arithmetic.
    plans
        To choose from.

    Raises
    ------
    EngineError
        If there is no library, no device, or no engine of this network that runs here.
    """

    name = "tensorrt"

    def __init__(self, model: Model, precision: str, plans: Plans) -> None:
        self.size = model.size
        keyed = _of_model(model, precision, plans)
        self._trt, self._cuda = find_tensorrt(), find_runtime()
        plan = _that_runs(keyed, self._trt.__version__, compute_capability(self._cuda))
        self._engine = self._opened(plan)
        self._lanes = threading.local()
        self._names = [
            self._engine.get_tensor_name(index) for index in range(self._engine.num_io_tensors)
        ]
        if OUTPUT not in self._names:
            raise EngineError(f"the engine has no output {OUTPUT!r}; it is no imaging pipeline")
        mosaic = tuple(self._engine.get_tensor_shape("mosaic"))
        self.fixed = None if -1 in mosaic else (int(mosaic[2]), int(mosaic[3]))

    def _opened(self, plan: bytes) -> Any:
        self._logger = self._trt.Logger(self._trt.Logger.ERROR)
        self._runtime = self._trt.Runtime(self._logger)
        # Version-compatible plans carry their own runtime.
        self._runtime.engine_host_code_allowed = True
        engine = self._runtime.deserialize_cuda_engine(plan)
        if engine is None:
            raise EngineError("TensorRT cannot open the engine; build it again")
        return engine

    def develop(self, packed: Array, colour: Colour) -> Array:
        """Develop a tile; see `TileEngine.develop`."""
        height, width = packed.shape[1:]
        inputs = inputs_of(fitted(packed, self.fixed), colour)
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


def _of_model(model: Model, precision: str, plans: Plans) -> list[tuple[EngineKey, bytes]]:
    keyed = [(read_key(text, name), plan) for name, (text, plan) in plans.items()]
    if not keyed:
        raise EngineError("there is no TensorRT engine; build one with `camsim firmware engine`")
    of_model = [
        (key, plan)
        for key, plan in keyed
        if key.model_sha256 == model.sha256 and key.precision == precision
    ]
    if not of_model:
        raise EngineError(
            f"no engine was built from the {precision} model {model.sha256[:12]}…; build one with "
            "`camsim firmware engine`"
        )
    return of_model


def _that_runs(keyed: list[tuple[EngineKey, bytes]], tensorrt: str, capability: str) -> bytes:
    problems: list[EngineError] = []
    for key, plan in keyed:
        try:
            check_runs(key, tensorrt, capability)
            check_plan(key, plan)
        except EngineError as error:
            problems.append(error)
        else:
            return plan
    raise problems[0]
