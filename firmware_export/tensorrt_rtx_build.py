"""TensorRT-RTX engines of exported models, ahead of time: no device is needed.

One engine holds several compute capabilities. Built twice, it is the same byte for byte.
"""

from types import ModuleType
from typing import Any

from camera_sim.engines.cuda import compute_capability, find_runtime
from camera_sim.engines.engine_key import EngineKey
from camera_sim.engines.tensorrt import find_tensorrt
from firmware_export.built_engine import Made, Options, tile_of
from firmware_export.contract import Exported
from firmware_export.errors import ExportError
from firmware_export.tensorrt_network import fix_tile, parse, strongly_typed_network

CAPABILITIES = ("8.0", "8.6", "8.9", "12.0")
"""What is built for where nothing is said: devices since Ampere that TensorRT-RTX 1.7 names."""


def engine_from_model(model: Exported, options: Options) -> Made:
    """Build an engine for devices that need not be here.

    Raises
    ------
    EngineError
        If TensorRT-RTX is not installed, or there is no device where one was asked for.
    ExportError
        If it does not take the model, or knows no such compute capability.
    """
    trt = find_tensorrt("tensorrt-rtx")
    tile = tile_of(model, options.tile)
    logger = _logger(trt)
    builder = trt.Builder(logger)
    network = strongly_typed_network(trt, builder)
    parse(trt.OnnxParser(network, logger), model.content)
    fix_tile(network, tile)
    config = builder.create_builder_config()
    capabilities = aim_at(trt, config, options.capabilities)
    plan = builder.build_serialized_network(network, config)
    if plan is None:
        raise ExportError(
            f"TensorRT-RTX {trt.__version__} could not build {model.contract.name} for "
            f"{', '.join(capabilities)}: {logger.reason}"
        )
    key = EngineKey(
        runtime="tensorrt-rtx",
        version=trt.__version__,
        capabilities=capabilities,
        precision=model.contract.precision,
        tile=tile,
        model_sha256=model.sha256,
    )
    built = bytes(plan)
    return Made(key.of_plan(built), built)


def aim_at(trt: ModuleType, config: Any, capabilities: tuple[str, ...]) -> tuple[str, ...]:
    """Set what the builder builds for; () is the device here, whose capability is returned.

    Raises
    ------
    EngineError
        If there is no device where one was asked for.
    ExportError
        If TensorRT-RTX knows no such capability.
    """
    known = trt.ComputeCapability.__members__
    if not capabilities:
        here = compute_capability(find_runtime())
        config.num_compute_capabilities = 1
        config.set_compute_capability(trt.ComputeCapability.CURRENT, 0)
        return (here,)
    wanted = tuple(sorted(set(capabilities), key=_sort_key))
    for one in wanted:
        if _member(one) not in known:
            names = ", ".join(f"{int(n[2:]) / 10:.1f}" for n in known if n.startswith("SM"))
            raise ExportError(
                f"TensorRT-RTX {trt.__version__} builds for no compute capability {one!r}; it "
                f"knows {names}"
            )
    config.num_compute_capabilities = len(wanted)
    for index, one in enumerate(wanted):
        if not config.set_compute_capability(known[_member(one)], index):
            raise ExportError(f"TensorRT-RTX {trt.__version__} does not build for {one}")
    return wanted


def _member(capability: str) -> str:
    return f"SM{capability.replace('.', '')}"


def _sort_key(capability: str) -> tuple[int, str]:
    digits = capability.replace(".", "")
    return (int(digits) if digits.isascii() and digits.isdigit() else 0, capability)


def _logger(trt: ModuleType) -> Any:
    """Return a logger that keeps the last error, for a sentence, and prints nothing."""

    class Logger(trt.ILogger):  # type: ignore[misc,name-defined] # of a module found while running
        """Keeps the last error."""

        def __init__(self) -> None:
            trt.ILogger.__init__(self)
            self.reason = "no reason given"

        def log(self, severity: Any, message: str) -> None:
            if severity in (trt.ILogger.ERROR, trt.ILogger.INTERNAL_ERROR):
                self.reason = " ".join(message.split())

    return Logger()
