"""One-time-programmable memory of a simulated device: what is burnt in can't be unburnt.

A real device keeps this in fuses. Here it is a file, and the rules are in the code: identities are
written once, counters only grow.
"""

from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from camera_sim import durable
from camera_sim.errors import DeviceError

FILE = "otp.json"


class Fuses(BaseModel):
    """What is burnt in.

    Attributes
    ----------
    serial
        Of the device.
    camera
        Its model: which firmware is for it.
    root_sha256
        Fingerprint of the vendor's root certificate: the root of trust.
    sensor_key
        Key id of the sensor that signs captures.
    security_version
        The least that a bundle must have: the anti-rollback counter.
    list_numbers
        The least number of each issuer's revocation list.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    serial: str
    camera: str
    root_sha256: str
    sensor_key: str
    security_version: int = Field(default=0, ge=0)
    list_numbers: dict[str, int] = {}


class OneTimeMemory:
    """The fuses of one device.

    Parameters
    ----------
    folder
        The device's.
    """

    def __init__(self, folder: Path) -> None:
        self._path = folder / FILE

    @property
    def is_blank(self) -> bool:
        """Whether nothing was burnt in yet."""
        return not self._path.exists()

    def read(self) -> Fuses:
        """Return what is burnt in.

        Raises
        ------
        DeviceError
            If the memory is blank or damaged.
        """
        try:
            return Fuses.model_validate_json(self._path.read_bytes())
        except FileNotFoundError as error:
            raise DeviceError(
                f"{self._path.parent} is no provisioned device; provision it with "
                "`camsim identity issue VENDOR --device DIR`"
            ) from error
        except (OSError, ValidationError) as error:
            raise DeviceError(f"the one-time memory {self._path} is damaged") from error

    def burn(self, fuses: Fuses) -> None:
        """Burn: first everything, afterwards only counters, and those only upwards.

        Raises
        ------
        DeviceError
            If that would change what was burnt in.
        """
        if not self.is_blank:
            _check_grows(self.read(), fuses)
        durable.write_whole(self._path, fuses.model_dump_json(indent=2).encode() + b"\n")


def _check_grows(old: Fuses, new: Fuses) -> None:
    fixed = ("serial", "camera", "root_sha256", "sensor_key")
    if any(getattr(old, name) != getattr(new, name) for name in fixed):
        raise DeviceError(f"device {old.serial} has its identity burnt in already")
    shrunk = any(new.list_numbers.get(name, 0) < n for name, n in old.list_numbers.items())
    if new.security_version < old.security_version or shrunk:
        raise DeviceError("a counter in one-time memory cannot go back")
