"""TensorRT engines of exported models, by one way that TensorRT 10 and 11 share.

They are built on the device that runs them, with the vendor's builder. Timing caches make builds
repeatable; the key beside a plan says where it runs.
"""

from dataclasses import astuple
from types import ModuleType
from typing import Any

from camera_sim.engines.cuda import compute_capability, find_runtime
from camera_sim.engines.engine_key import EngineKey
from camera_sim.engines.tensorrt import find_tensorrt
from firmware_export.built_engine import Made, Options, tile_of
from firmware_export.contract import Exported
from firmware_export.errors import ExportError
from firmware_export.tensorrt_network import fix_tile, parse, profile, strongly_typed_network


def engine_from_model(model: Exported, options: Options) -> Made:
    """Build an engine for the device of this machine.

    Raises
    ------
    EngineError
        If there is no device or no TensorRT.
    ExportError
        If TensorRT here has no builder, or does not take the model.
    """
    trt, cuda = find_tensorrt("tensorrt"), find_runtime()
    if not hasattr(trt, "Builder"):
        raise ExportError(f"{trt.__name__} only runs engines; building needs pip install tensorrt")
    tile = tile_of(model, options.tile) if model.contract.tile or options.tile else None
    key = EngineKey(
        runtime="tensorrt",
        version=trt.__version__,
        capabilities=(compute_capability(cuda),),
        precision=model.contract.precision,
        tile=tile,
        tiles=None if tile else astuple(options.tiles),
        model_sha256=model.sha256,
        version_compatible=options.version_compatible,
        hardware=options.hardware,
    )
    logger = trt.Logger(trt.Logger.ERROR)
    builder = trt.Builder(logger)
    network = strongly_typed_network(trt, builder)
    parse(trt.OnnxParser(network, logger), model.content)
    config = builder_config(trt, builder, options)
    if tile:
        fix_tile(network, tile)
    else:
        config.add_optimization_profile(profile(builder, network, model, options.tiles))
    plan = builder.build_serialized_network(network, config)
    if plan is None:
        raise ExportError(f"TensorRT {trt.__version__} could not build {model.contract.name}")
    built = bytes(plan)
    return Made(key.of_plan(built), built, bytes(config.get_timing_cache().serialize()))


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
