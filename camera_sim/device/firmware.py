"""What a device booted, as far as developing needs to know; `firmware_export.boot` finds it out."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from camera_sim.device.device import Device
from camera_sim.errors import DeviceError
from camera_sim.weights import SizeRequirements

Precision = Literal["fp32", "fp16", "bf16", "int8"]
PRECISIONS: tuple[Precision, ...] = ("fp32", "fp16", "bf16", "int8")


@dataclass(frozen=True)
class FirmwareModel:
    """A network out of a verified bundle, held in memory: nothing is read from disk again.

    Attributes
    ----------
    file
        Its name in the bundle.
    sha256
        Of ``content``, an ONNX file.
    """

    file: str
    sha256: str
    precision: Precision
    size: SizeRequirements
    content: bytes

    def read(self, folder: Path) -> bytes:
        """Return the model; the folder of shipped weights has no say."""
        del folder
        return self.content


@dataclass(frozen=True)
class Firmware:
    """Firmware that booted.

    Attributes
    ----------
    models
        By precision.
    default
        The precision to run unless another is asked for.
    engines
        TensorRT engines by file name, each with its key's JSON.
    bundle_sha256, boot_log_sha256
        For the credential of every photo.
    slot
        Where it lies.
    """

    pipeline: str
    pair: str | None
    models: Mapping[Precision, FirmwareModel]
    default: Precision
    bundle_sha256: str
    boot_log_sha256: str
    engines: Mapping[str, tuple[str, bytes]]
    slot: str = ""

    def model(self, precision: Precision | None) -> FirmwareModel:
        """Return the network of a precision.

        Raises
        ------
        DeviceError
            If the firmware has none of it.
        """
        wanted = precision or self.default
        if wanted not in self.models:
            raise DeviceError(
                f"the firmware that booted has no {wanted} model; it has {', '.join(self.models)}"
            )
        return self.models[wanted]


class FirmwareSource(ABC):
    """Where developing gets a device's firmware from, and to whom it reports how that went."""

    @abstractmethod
    def booted(self, device: Device) -> Firmware:
        """Return the firmware that a device last booted, checked once more."""

    @abstractmethod
    def fall_back(self, device: Device, failed: Firmware, reason: str) -> Firmware:
        """Boot the other slot, until the next boot, since a model failed while it developed.

        Raises
        ------
        DeviceError
            If the other slot does not boot either; the message says why.
        """

    @abstractmethod
    def take_back(self, device: Device, failed: Firmware) -> None:
        """Undo `fall_back`, if it was done: the other slot failed at the same frame too."""

    @abstractmethod
    def has_run(self, device: Device, firmware: Firmware) -> None:
        """Note that a firmware developed a photo; one that failed before it ever ran is left."""
