"""``camsim firmware engine``: an exported model as a TensorRT engine for the device here."""

from dataclasses import KW_ONLY, astuple, dataclass
from pathlib import Path
from typing import Literal

from channel.options import Out
from channel.terminal import say
from firmware_export import archive
from firmware_export.contract import read_exported
from firmware_export.output import write_results
from firmware_export.tensorrt_build import Options, Tiles, engine_from_model

MIB = 1 << 20
_DEFAULT = Options()


@dataclass(frozen=True)
class Engine:
    """Build a TensorRT engine of an exported model, for the device here.

    Needs an NVIDIA device and TensorRT with its builder.

    Parameters
    ----------
    model
        An exported model.
    workspace
        Memory limit.
    timing_cache
        Read, and renewed.
    version_compatible
        Later TensorRT of this major runs it.
    hardware
        Which other devices run it.
    tiles
        Sides of tiles in packed pixels.
    out
        Folder for engines.
    force
        Replace existing ones.
    """

    model: Path
    _: KW_ONLY
    workspace: int = _DEFAULT.workspace // MIB
    timing_cache: Path | None = None
    version_compatible: bool = False
    hardware: Literal["none", "ampere_plus", "same_compute_capability"] = "none"
    tiles: tuple[int, int, int] = astuple(_DEFAULT.tiles)
    out: Out
    force: bool = False

    def __call__(self) -> int:
        """Build and write engine, key and timing cache."""
        cache = b""
        if self.timing_cache and self.timing_cache.exists():
            cache = archive.read_file(self.timing_cache)
        options = Options(
            workspace=self.workspace * MIB,
            timing_cache=cache,
            version_compatible=self.version_compatible,
            hardware=self.hardware,
            tiles=Tiles(*self.tiles),
        )
        made = engine_from_model(read_exported(self.model), options)
        name = made.key.name
        files = {f"{name}.plan": made.plan, f"{name}.json": made.key.model_dump_json().encode()}
        write_results(self.out, files, force=self.force)
        if self.timing_cache:
            write_results(
                self.timing_cache.parent, {self.timing_cache.name: made.timing_cache}, force=True
            )
        say(f"{len(made.plan)} bytes → {self.out / name}.plan")
        return 0
