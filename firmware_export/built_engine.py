"""A built engine, and the options of every builder."""

from dataclasses import dataclass

from camera_sim.engines.engine_key import Compatibility, EngineKey
from firmware_export.contract import Exported
from firmware_export.errors import ExportError

INNER = 256  # packed pixels: the tiles that developing likes best, see `developing.tiles`


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
    tile
        Height and width of its one tile in packed pixels; None where it takes `tiles`.
    tiles
        For models of dynamic shape, where there is no ``tile``.
    capabilities
        Compute capabilities that TensorRT-RTX builds for; () is the device here.
    workspace
        Bytes of scratch memory that a layer may take; TensorRT's.
    timing_cache
        Of an earlier build with the same TensorRT and device, or b"".
    version_compatible
        Whether later versions of the same major one may run it; the lean runtime too.
    hardware
        Which other devices may run it.
    """

    tile: tuple[int, int] | None = None
    tiles: Tiles = Tiles()
    capabilities: tuple[str, ...] = ()
    workspace: int = 1 << 30
    timing_cache: bytes = b""
    version_compatible: bool = False
    hardware: Compatibility = "none"


@dataclass(frozen=True)
class Made:
    """A built engine: what it is for, its bytes, and TensorRT's timing cache after the build."""

    key: EngineKey
    plan: bytes
    timing_cache: bytes = b""


def tile_of(model: Exported, tile: tuple[int, int] | None = None) -> tuple[int, int]:
    """Return the one tile of a model: the model's own, the one asked for, or the best for speed.

    Raises
    ------
    ExportError
        If the model has another, or takes no such tile.
    """
    size, own = model.contract.size, model.contract.tile
    if own is not None:
        if tile not in (None, own):
            raise ExportError(f"{model.contract.name} takes tiles of {own[0]}×{own[1]} alone")
        return own
    multiple = size.multiple_of
    side = INNER + 2 * multiple * -(-size.receptive_field // multiple)
    height, width = tile or (side, side)
    least = 2 * size.receptive_field + multiple
    if any(side % multiple or side < least for side in (height, width)):
        raise ExportError(
            f"a tile's sides are multiples of {multiple} and at least {least} packed pixels, not "
            f"{height}×{width}"
        )
    return height, width
