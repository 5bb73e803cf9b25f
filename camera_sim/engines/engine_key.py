"""What an engine's file was built from and for, and whether it may run here.

A TensorRT engine is tied to the builder's version and to compute capabilities, a LiteRT file to its
tile; running one elsewhere fails late, or not at all. So each has its key beside it, and the key is
compared before the file is opened.
"""

import hashlib
from typing import Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from camera_sim.device.firmware import Precision
from camera_sim.errors import EngineError

Compatibility = Literal["none", "ampere_plus", "same_compute_capability"]
EngineRuntime = Literal["tensorrt", "tensorrt-rtx", "litert"]
EnginePrecision = Precision | Literal["int16x8"]
"""``int16x8``: activations in int16, weights in int8."""
AMPERE = (8, 0)
SUFFIXES: dict[EngineRuntime, str] = {
    "tensorrt": ".plan", "tensorrt-rtx": ".plan", "litert": ".tflite"
}  # fmt: skip


class EngineKey(BaseModel):
    """What an engine was built from and for.

    Attributes
    ----------
    runtime
        What runs it.
    version
        Of the builder, as ``1.7.1.116``.
    capabilities
        Compute capabilities of the NVIDIA devices that it is for, as ``8.6``; () where it is for
        none.
    precision
        Its arithmetic.
    tile
        Height and width of its one tile in packed pixels; None where it takes several.
    tiles
        Least, best and most side of the tiles of one that takes several.
    model_sha256
        Of the ONNX file that it was built from.
    plan_sha256
        Of the engine itself: the file beside the key is checked against it before it is opened.
    version_compatible
        Whether later versions of the same major one run it.
    hardware
        Which other devices run it.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    runtime: EngineRuntime
    version: str
    capabilities: tuple[str, ...] = ()
    precision: EnginePrecision
    tile: tuple[int, int] | None = None
    tiles: tuple[int, int, int] | None = None
    model_sha256: str
    plan_sha256: str = ""
    version_compatible: bool = False
    hardware: Compatibility = "none"

    @property
    def name(self) -> str:
        """A file name that says all of it."""
        parts = [self.model_sha256[:12], self.precision, f"{self.runtime}-{self.version}"]
        if self.capabilities:
            parts.append("sm" + "-".join(self.capabilities))
        if self.tile:
            parts.append(f"{self.tile[0]}x{self.tile[1]}")
        if self.tiles:
            parts.append("to".join(map(str, self.tiles[::2])))
        if self.version_compatible:
            parts.append("vc")
        if self.hardware != "none":
            parts.append(self.hardware)
        return "-".join(parts)

    @property
    def file(self) -> str:
        """Name of the engine's file."""
        return self.name + SUFFIXES[self.runtime]

    @property
    def words(self) -> str:
        """What it is for, to be read in a log."""
        named = ", ".join(self.capabilities)
        places = f" for compute capability {named}" if named else ""
        tile = f", tiles of {self.tile[0]}×{self.tile[1]}" if self.tile else ""
        return (
            f"{self.runtime} {self.version}, {self.precision}{places}{tile}, "
            f"from {self.model_sha256[:12]}…"
        )

    def of_plan(self, plan: bytes) -> "EngineKey":
        """Return the key with an engine's digest in it."""
        return self.model_copy(update={"plan_sha256": hashlib.sha256(plan).hexdigest()})


def read_key(text: str | bytes, name: str) -> EngineKey:
    """Read a key.

    Raises
    ------
    EngineError
        If it is none.
    """
    try:
        return EngineKey.model_validate_json(text)
    except ValidationError as error:
        raise EngineError(f"{name} does not say what its engine was built for") from error


def check_runs(key: EngineKey, version: str, compute_capability: str) -> None:
    """Compare an NVIDIA engine's key with what is here.

    Raises
    ------
    EngineError
        If the engine would not run, with what differs.
    """
    built, here = _numbers(key.version), _numbers(version)
    compatible = key.version_compatible and built[0] == here[0] and built <= here
    if built != here and not compatible:
        raise EngineError(
            f"the engine was built by {key.runtime} {key.version}, and {version} is here; "
            "build it again with `camsim firmware engine`"
        )
    if not _device_fits(key, compute_capability):
        raise EngineError(
            f"the engine was built for compute capability {', '.join(key.capabilities)} "
            f"(hardware compatibility: {key.hardware}), and this device has {compute_capability}; "
            "build one for it with `camsim firmware engine`"
        )


def check_plan(key: EngineKey, plan: bytes) -> None:
    """Check that an engine is the one that the key was written for.

    Raises
    ------
    EngineError
        If it is not, or the key does not say.
    """
    if key.plan_sha256 != hashlib.sha256(plan).hexdigest():
        raise EngineError(
            f"the engine {key.name} is not the one that its key describes; build it again with "
            "`camsim firmware engine`"
        )


def _device_fits(key: EngineKey, compute_capability: str) -> bool:
    if key.hardware == "ampere_plus":
        return _numbers(compute_capability) >= AMPERE
    return compute_capability in key.capabilities


def _numbers(version: str) -> tuple[int, ...]:
    try:
        return tuple(int(part) for part in version.split("."))
    except ValueError as error:
        raise EngineError(f"{version!r} is no version number") from error
