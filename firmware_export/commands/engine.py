"""``camsim firmware engine``: an exported model as a file for one runtime."""

from collections.abc import Callable
from dataclasses import KW_ONLY, astuple, dataclass
from pathlib import Path
from typing import Annotated, Literal

from camera_sim import weights
from camera_sim.engines.engine_key import EngineRuntime
from channel.options import SOME, Out
from channel.terminal import say
from firmware_export import archive
from firmware_export.built_engine import Made, Options, Tiles
from firmware_export.contract import Exported, read_exported
from firmware_export.errors import ExportError
from firmware_export.output import write_results
from firmware_export.tensorrt_rtx_build import CAPABILITIES

MIB = 1 << 20
_DEFAULT = Options()
# Which options another runtime has no use for.
ONLY: dict[str, EngineRuntime] = {
    "capability": "tensorrt-rtx", "timing_cache": "tensorrt", "version_compatible": "tensorrt",
    "hardware": "tensorrt", "tiles": "tensorrt", "workspace": "tensorrt",
    "int16": "litert", "weights": "litert", "calibrate": "litert",
}  # fmt: skip


@dataclass(frozen=True)
class Engine:
    """Build an engine of an exported model.

    tensorrt-rtx builds for NVIDIA devices that need not be here; tensorrt, with the vendor's
    builder, for the device that is here; litert for phones and small boards.

    Parameters
    ----------
    model
        An exported model.
    runtime
        What is to run it.
    tile
        Its one tile, in packed pixels.
    capability
        Compute capabilities to build for, or current: the device here (tensorrt-rtx).
    tiles
        Sides of tiles, where it takes several (tensorrt).
    workspace
        Memory limit in MiB (tensorrt).
    timing_cache
        Read, and renewed (tensorrt).
    version_compatible
        Later TensorRT of this major runs it (tensorrt).
    hardware
        Which other devices run it (tensorrt).
    int16
        Activations in int16, weights in int8 (litert).
    calibrate
        Held-out captures for the ranges of int16 (litert).
    weights
        Folder of the weights that the model was exported from (litert).
    out
        Folder for engines.
    force
        Replace existing ones.
    """

    model: Path
    _: KW_ONLY
    runtime: EngineRuntime = "tensorrt-rtx"
    tile: tuple[int, int] | None = None
    capability: Annotated[tuple[str, ...], SOME] = CAPABILITIES
    tiles: tuple[int, int, int] = astuple(_DEFAULT.tiles)
    workspace: int = _DEFAULT.workspace // MIB
    timing_cache: Path | None = None
    version_compatible: bool = False
    hardware: Literal["none", "ampere_plus", "same_compute_capability"] = "none"
    int16: bool = False
    calibrate: Annotated[tuple[Path, ...], SOME] | None = None
    weights: Path = weights.FOLDER
    out: Out
    force: bool = False

    def __call__(self) -> int:
        """Build, and write engine, key and timing cache."""
        for name, runtime in ONLY.items():
            if runtime != self.runtime and getattr(self, name) != getattr(type(self), name):
                raise ExportError(f"--{name.replace('_', '-')} goes with --runtime {runtime}")
        made = BUILDERS[self.runtime](self, read_exported(self.model))
        key = made.key.model_dump_json().encode()
        files = {made.key.file: made.plan, f"{made.key.name}.json": key}
        write_results(self.out, files, force=self.force)
        if self.timing_cache:
            write_results(
                self.timing_cache.parent, {self.timing_cache.name: made.timing_cache}, force=True
            )
        say(f"{made.key.words}")
        say(f"{len(made.plan)} bytes, SHA-256 {made.key.plan_sha256} → {self.out / made.key.file}")
        return 0


def _rtx(args: Engine, model: Exported) -> Made:
    from firmware_export.tensorrt_rtx_build import engine_from_model

    capabilities = () if args.capability == ("current",) else tuple(args.capability)
    return engine_from_model(model, Options(tile=args.tile, capabilities=capabilities))


def _tensorrt(args: Engine, model: Exported) -> Made:
    from firmware_export.tensorrt_build import engine_from_model

    cache = b""
    if args.timing_cache and args.timing_cache.exists():
        cache = archive.read_file(args.timing_cache)
    options = Options(
        tile=args.tile,
        tiles=Tiles(*args.tiles),
        workspace=args.workspace * MIB,
        timing_cache=cache,
        version_compatible=args.version_compatible,
        hardware=args.hardware,
    )
    return engine_from_model(model, options)


def _litert(args: Engine, model: Exported) -> Made:
    from firmware_export.calibration import feeds_of, read_captures
    from firmware_export.litert_build import engine_from_weights

    captures = read_captures(args.calibrate) if args.calibrate else []
    if args.int16 and not captures:
        raise ExportError("--int16 needs held-out captures; name --calibrate")
    made = engine_from_weights(model, args.weights, args.tile)
    if not args.int16:
        return made
    from firmware_export.litert_int16 import in_int16

    return in_int16(made, feeds_of(captures, made.key.tile))


BUILDERS: dict[EngineRuntime, Callable[[Engine, Exported], Made]] = {
    "tensorrt-rtx": _rtx,
    "tensorrt": _tensorrt,
    "litert": _litert,
}
