"""TensorRT engines of exported models, by one way that TensorRT 10 and 11 share.

Networks are strongly typed: the precision is in the ONNX file, and nothing is left to the builder.
Timing caches make builds repeatable; the key beside a plan says where it runs.
"""

import hashlib
from dataclasses import dataclass
from types import ModuleType
from typing import Any

from camera_sim.engines.cuda import compute_capability, find_runtime
from camera_sim.engines.engine_key import Compatibility, EngineKey
from camera_sim.engines.tensorrt import find_tensorrt
from firmware_export.contract import Exported
from firmware_export.errors import ExportError


@dataclass(frozen=True)
class Tiles:
    """Sides of the tiles that one engine takes, in packed pixels: least, best and most."""

    least: int = 32
    best: int = 288
    most: int = 320


@dataclass(frozen=True)
class Options:
    """How an engine is built.

    Attributes
    ----------
    workspace
        Bytes of scratch memory that a layer may take.
    timing_cache
        Of an earlier build with the same TensorRT and device, or b"".
    version_compatible
        Whether later versions of the same major one may run it; the lean runtime too.
    hardware
        Which other devices may run it.
    tiles
        For models of dynamic shape.
    """

    workspace: int = 1 << 30
    timing_cache: bytes = b""
    version_compatible: bool = False
    hardware: Compatibility = "none"
    tiles: Tiles = Tiles()


@dataclass(frozen=True)
class Made:
    """A built engine: what it is for, the plan, and the timing cache after the build."""

    key: EngineKey
    plan: bytes
    timing_cache: bytes


def engine_from_model(model: Exported, options: Options) -> Made:
    """Build an engine for the device of this machine.

    Raises
    ------
    EngineError
        If there is no device or no TensorRT.
    ExportError
        If TensorRT here has no builder, or does not take the model.
    """
    trt, cuda = find_tensorrt(), find_runtime()
    if not hasattr(trt, "Builder"):
        raise ExportError(f"{trt.__name__} only runs engines; building needs pip install tensorrt")
    key = EngineKey(
        tensorrt=trt.__version__,
        compute_capability=compute_capability(cuda),
        precision=model.contract.precision,
        model_sha256=model.sha256,
        version_compatible=options.version_compatible,
        hardware=options.hardware,
    )
    logger = trt.Logger(trt.Logger.ERROR)
    builder = trt.Builder(logger)
    network = strongly_typed_network(trt, builder)
    parse(trt.OnnxParser(network, logger), model.content)
    config = builder_config(trt, builder, options)
    if model.contract.tile is None:
        config.add_optimization_profile(profile(builder, network, model, options.tiles))
    plan = builder.build_serialized_network(network, config)
    if plan is None:
        raise ExportError(f"TensorRT {trt.__version__} could not build {model.contract.name}")
    built = bytes(plan)
    key = key.model_copy(update={"plan_sha256": hashlib.sha256(built).hexdigest()})
    return Made(key, built, bytes(config.get_timing_cache().serialize()))


def strongly_typed_network(trt: ModuleType, builder: Any) -> Any:
    """Return an empty network whose types are the model's; the only kind in TensorRT 11."""
    return builder.create_network(1 << int(trt.NetworkDefinitionCreationFlag.STRONGLY_TYPED))


def parse(parser: Any, content: bytes) -> None:
    """Read an ONNX file into a network.

    Raises
    ------
    ExportError
        With the parser's own words.
    """
    if not parser.parse(content):
        words = "; ".join(parser.get_error(index).desc() for index in range(parser.num_errors))
        raise ExportError(f"TensorRT does not take the model: {words or 'no reason given'}")


def builder_config(trt: ModuleType, builder: Any, options: Options) -> Any:
    """Return the build's settings.

    Raises
    ------
    ExportError
        If the timing cache is of another device or version.
    """
    config = builder.create_builder_config()
    config.set_memory_pool_limit(trt.MemoryPoolType.WORKSPACE, options.workspace)
    cache = config.create_timing_cache(options.timing_cache)
    if not config.set_timing_cache(cache, ignore_mismatch=False):
        raise ExportError("the timing cache is of another device or TensorRT; leave it out")
    if options.version_compatible:
        config.set_flag(trt.BuilderFlag.VERSION_COMPATIBLE)
    level = getattr(trt.HardwareCompatibilityLevel, options.hardware.upper())
    config.hardware_compatibility_level = level
    return config


def profile(builder: Any, network: Any, model: Exported, tiles: Tiles) -> Any:
    """Return the range of tiles that an engine of dynamic shape takes.

    Raises
    ------
    ExportError
        If the sides are not multiples that the network takes, or not in order.
    """
    multiple = model.contract.size.multiple_of
    sides = (tiles.least, tiles.best, tiles.most)
    if any(side % multiple for side in sides) or sorted(sides) != list(sides) or sides[0] < 1:
        raise ExportError(f"tiles are rising multiples of {multiple}, not {sides}")
    made = builder.create_optimization_profile()
    for index in range(network.num_inputs):
        tensor = network.get_input(index)
        if tensor.name == "mosaic":
            made.set_shape("mosaic", *((1, 4, side, side) for side in sides))
    return made
