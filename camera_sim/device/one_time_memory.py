"""One-time-programmable memory of a simulated device: what is burnt in can't be unburnt.

A real device keeps this in fuses. Here it is a file, and the rules are in the code: identities are
written once, counters only grow, and by a bounded step: a slip of the vendor's own hand, a date
where a count was meant, would otherwise spend a counter for ever. Nothing is burnt but what was
found under a signature that leads to the root; whoever calls `OneTimeMemory.burn` sees to that.
"""

from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from camera_sim.device import durable
from camera_sim.errors import DeviceError

FILE = "otp.json"
MOST = 2**31 - 1
"""The highest number that a counter holds: 32 fuses' worth of binary, its sign left out."""
VERSION_STEP = 1024
"""By how much the security version may grow at once; it grows with the releases that must not be
gone back behind, a few a year."""
LIST_STEP = 1 << 20
"""By how much the number of a revocation list may grow at once; it grows by one with each revoked
certificate, and a device may be off for years."""
MOST_ISSUERS = 16
Counter = Annotated[int, Field(ge=0, le=MOST, strict=True)]


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
    security_version: Counter = 0
    list_numbers: Annotated[dict[str, Counter], Field(max_length=MOST_ISSUERS)] = {}


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
        """Burn: first everything, afterwards only counters, upwards, by a bounded step.

        Raises
        ------
        DeviceError
            If that would change what was burnt in, or a counter grows by too much.
        """
        try:
            fuses = Fuses.model_validate(fuses.model_dump())  # a copy with changes was not checked
        except ValidationError as error:
            raise DeviceError(f"a counter in one-time memory is 0 to {MOST}") from error
        if not self.is_blank:
            _check_grows(self.read(), fuses)
        durable.write_whole(self._path, fuses.model_dump_json(indent=2).encode() + b"\n")


def _check_grows(old: Fuses, new: Fuses) -> None:
    fixed = ("serial", "camera", "root_sha256", "sensor_key")
    if any(getattr(old, name) != getattr(new, name) for name in fixed):
        raise DeviceError(f"device {old.serial} has its identity burnt in already")
    if set(old.list_numbers) != set(new.list_numbers):
        raise DeviceError("the issuers of revocation lists are burnt in, once and for all")
    check_step("security version", old.security_version, new.security_version, VERSION_STEP)
    for name, number in old.list_numbers.items():
        check_step("number of a revocation list", number, new.list_numbers[name], LIST_STEP)


def check_step(what: str, old: int, new: int, most: int) -> None:
    """Check that a counter may be burnt from ``old`` to ``new``.

    Raises
    ------
    DeviceError
        If it would go back, or grow by more than ``most``.
    """
    if new < old:
        raise DeviceError(f"a counter in one-time memory cannot go back: the {what} is {old}")
    if new - old > most:
        raise DeviceError(
            f"the {what} would be burnt from {old} to {new}, and may grow by {most} at once: what "
            "is burnt in cannot be set back"
        )
