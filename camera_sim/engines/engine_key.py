"""What a TensorRT engine was built for, and whether it may run here.

A plan is tied to TensorRT's version and to the device's compute capability unless it was built to
be more; running it elsewhere fails late, or not at all. So each plan has its key beside it, and the
key is compared before the plan is opened.
"""

import hashlib
from typing import Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from camera_sim.device.firmware import Precision
from camera_sim.errors import EngineError

Compatibility = Literal["none", "ampere_plus", "same_compute_capability"]
AMPERE = (8, 0)


class EngineKey(BaseModel):
    """What an engine was built for.

    Attributes
    ----------
    tensorrt
        Version, as ``11.4.0.106``.
    compute_capability
        Of the device that built it, as ``9.0``.
    model_sha256
        Of the ONNX file.
    plan_sha256
        Of the engine itself: the plan beside the key is checked against it before it is opened.
    version_compatible
        Whether later versions of the same major one run it.
    hardware
        Which other devices run it.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    tensorrt: str
    compute_capability: str
    precision: Precision
    model_sha256: str
    plan_sha256: str = ""
    version_compatible: bool = False
    hardware: Compatibility = "none"

    @property
    def name(self) -> str:
        """A file name that says all of it."""
        flags = f"{'-vc' if self.version_compatible else ''}-{self.hardware}"
        return (
            f"{self.model_sha256[:12]}-{self.precision}-trt{self.tensorrt}"
            f"-sm{self.compute_capability}{flags}"
        )


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


def check_runs(key: EngineKey, tensorrt: str, compute_capability: str) -> None:
    """Compare a key with what is here.

    Raises
    ------
    EngineError
        If the engine would not run, with what differs.
    """
    built, here = _numbers(key.tensorrt), _numbers(tensorrt)
    compatible = key.version_compatible and built[0] == here[0] and built <= here
    if built != here and not compatible:
        raise EngineError(
            f"the engine was built by TensorRT {key.tensorrt}, and {tensorrt} is here; "
            "build it again with `camsim firmware engine`"
        )
    if not _device_fits(key, compute_capability):
        raise EngineError(
            f"the engine was built for compute capability {key.compute_capability} "
            f"(hardware compatibility: {key.hardware}), and this device has {compute_capability}; "
            "build it again here with `camsim firmware engine`"
        )


def check_plan(key: EngineKey, plan: bytes) -> None:
    """Check that a plan is the one that the key was written for.

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
    return key.compute_capability == compute_capability


def _numbers(version: str) -> tuple[int, ...]:
    try:
        return tuple(int(part) for part in version.split(".") if part)
    except ValueError as error:
        raise EngineError(f"{version!r} is no version number") from error
