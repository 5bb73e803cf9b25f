"""The simulated device: a folder that stands for a camera's storage, its sensor and its fuses.

::

    DEVICE/
    ├── otp.json       one-time-programmable memory: root of trust, serial, anti-rollback counter
    ├── root.pem       the vendor's root; OTP holds its fingerprint
    ├── authorities.pem  the two authorities under it
    ├── revoked.pem    the vendor's revocation lists
    ├── identity/      the key and certificate that sign photos
    ├── sensor/        the sensor's own key, and the number of the last frame
    ├── captures.json  which frames' tokens have been used
    └── slots/         firmware, see `firmware_export.boot`
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from cryptography import x509
from pydantic import BaseModel, ConfigDict, ValidationError

from camera_sim import capture_token, durable
from camera_sim.capture_token import CaptureToken
from camera_sim.certificates import fingerprint, from_pem, to_pem, verify_issued
from camera_sim.errors import DeviceError, TokenError
from camera_sim.identity import Secrets, new_generation
from camera_sim.keys import SigningKey, SoftwareKey, key_id, read_key, write_key
from camera_sim.one_time_memory import Fuses, OneTimeMemory
from camera_sim.revocation import RevocationLists
from camera_sim.vendor import AUTHORITIES as VENDOR_AUTHORITIES
from camera_sim.vendor import REVOKED, Vendor, read_certificate

DEFAULT_CAMERA = "camsim C1"
ROOT, AUTHORITIES, IDENTITY = "root.pem", "authorities.pem", "identity"
CAPTURES = "captures.json"
SENSOR_KEY, SENSOR_COUNTER = Path("sensor/key.pem"), Path("sensor/counter")


class Used(BaseModel):
    """Frames whose tokens have been used: every one up to ``all_to``, and single later ones."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    all_to: int = 0
    also: tuple[int, ...] = ()

    def has(self, counter: int) -> bool:
        """Whether this frame's token was used."""
        return counter <= self.all_to or counter in self.also

    def adding(self, counter: int) -> "Used":
        """Return this with one more."""
        later = {*self.also, counter}
        all_to = self.all_to
        while all_to + 1 in later:
            all_to += 1
        return Used(all_to=all_to, also=tuple(sorted(n for n in later if n > all_to)))


@dataclass(frozen=True)
class Device:
    """A provisioned device.

    Attributes
    ----------
    folder
        Where it is.
    """

    folder: Path

    @classmethod
    def open(cls, folder: Path) -> "Device":
        """Open a device.

        Raises
        ------
        DeviceError
            If it was never provisioned.
        """
        OneTimeMemory(folder).read()
        return cls(folder)

    @property
    def memory(self) -> OneTimeMemory:
        """Its one-time memory."""
        return OneTimeMemory(self.folder)

    @property
    def fuses(self) -> Fuses:
        """What is burnt in, as of now."""
        return self.memory.read()

    @property
    def identity_folder(self) -> Path:
        """Where the identity that signs photos lies."""
        return self.folder / IDENTITY

    def root(self) -> x509.Certificate:
        """Return the vendor's root, once it is the one that is burnt in.

        Raises
        ------
        DeviceError
            If it was exchanged.
        """
        certificate = read_certificate(self.folder / ROOT)
        if fingerprint(certificate) != self.fuses.root_sha256:
            raise DeviceError(
                f"{self.folder / ROOT} is not the root of trust that is burnt into the device"
            )
        return certificate

    def authorities(self) -> tuple[x509.Certificate, ...]:
        """Return the vendor's issuing authorities, once they are under the root of trust.

        Raises
        ------
        DeviceError
            If they cannot be read.
        IdentityError
            If they are another vendor's.
        """
        path, root = self.folder / AUTHORITIES, self.root()
        try:
            found = from_pem(path.read_bytes(), path)
        except OSError as error:
            raise DeviceError(f"{path} cannot be read: {error.strerror}") from error
        for authority in found:
            verify_issued(authority, root)
        return found

    def revocation_lists(self) -> RevocationLists:
        """Return the revocation lists that the device holds.

        Raises
        ------
        DeviceError
            If they are missing.
        """
        path = self.folder / REVOKED
        try:
            return RevocationLists(path.read_bytes(), path)
        except OSError as error:
            raise DeviceError(
                f"{path} cannot be read ({error.strerror}); without it nothing is known to be good"
            ) from error

    def attest(self, frame_sha256: str) -> bytes:
        """Be the sensor: number a frame that it has just taken, and sign it.

        Raises
        ------
        DeviceError
            If the sensor is not the one that is burnt in.
        """
        sensor = self._sensor()
        with durable.locked(self.folder):
            counter = self._last_frame() + 1
            durable.write_whole(self.folder / SENSOR_COUNTER, str(counter).encode())
        token = CaptureToken(
            device=self.fuses.serial,
            frame_sha256=frame_sha256,
            counter=counter,
            captured_at=datetime.now(UTC).replace(microsecond=0),
        )
        return capture_token.issue(token, sensor)

    def _sensor(self) -> SoftwareKey:
        key = read_key(self.folder / SENSOR_KEY, None)
        if key_id(key.public) != self.fuses.sensor_key:
            raise DeviceError(f"{self.folder / SENSOR_KEY} is not this device's sensor")
        return key

    def _last_frame(self) -> int:
        try:
            return int((self.folder / SENSOR_COUNTER).read_text("ascii"))
        except (OSError, ValueError) as error:
            raise DeviceError(f"{self.folder / SENSOR_COUNTER} is damaged") from error

    def check_capture(self, raw: Path) -> CaptureToken:
        """Return the token of a RAW file that this device's sensor took, not yet used.

        Raises
        ------
        TokenError
            With the reason.
        """
        token = capture_token.read(raw, self._sensor().public)
        if token.device != self.fuses.serial:
            raise TokenError(f"its capture token is of the device {token.device}")
        if self._used().has(token.counter):
            raise TokenError(f"its capture token, of frame {token.counter}, was used before")
        return token

    def use_up(self, token: CaptureToken) -> None:
        """Mark a token as used: it signs one photo.

        Raises
        ------
        TokenError
            If it was used meanwhile.
        """
        with durable.locked(self.folder):
            used = self._used()
            if used.has(token.counter):
                raise TokenError(f"its capture token, of frame {token.counter}, was used before")
            content = used.adding(token.counter).model_dump_json().encode()
            durable.write_whole(self.folder / CAPTURES, content)

    def _used(self) -> Used:
        path = self.folder / CAPTURES
        try:
            return Used.model_validate_json(path.read_bytes())
        except (OSError, ValidationError) as error:
            raise DeviceError(f"{path} is damaged: which captures were signed is lost") from error


def provision(
    folder: Path, vendor: Vendor, camera: str, key: SigningKey, secrets: Secrets
) -> Device:
    """Make a device, as the vendor's factory does: sensor, identity, lists, and the fuses last.

    Raises
    ------
    DeviceError
        If the folder is a device already, or holds something else.
    """
    memory = OneTimeMemory(folder)
    if not memory.is_blank:
        raise DeviceError(
            f"{folder} is provisioned as device {memory.read().serial}; "
            "`camsim identity rotate` gives it a new key"
        )
    sensor = SoftwareKey.generate("ed25519")
    serial = key_id(sensor.public)[:12].upper()
    write_key(folder / SENSOR_KEY, sensor, None)
    durable.write_whole(folder / SENSOR_COUNTER, b"0")
    durable.write_whole(folder / CAPTURES, Used().model_dump_json().encode())
    durable.write_whole(folder / ROOT, to_pem([vendor.root]))
    authorities = [vendor.authority(name) for name in VENDOR_AUTHORITIES]
    durable.write_whole(folder / AUTHORITIES, to_pem(authorities))
    durable.write_whole(folder / REVOKED, (vendor.folder / REVOKED).read_bytes())
    name = f"{camera} {serial}"
    new_generation(
        folder / IDENTITY, key, lambda public: vendor.issue("device", name, public), secrets
    )
    lists = RevocationLists((folder / REVOKED).read_bytes(), folder / REVOKED)
    memory.burn(
        Fuses(
            serial=serial,
            camera=camera,
            root_sha256=fingerprint(vendor.root),
            sensor_key=key_id(sensor.public),
            list_numbers=lists.numbers,
        )
    )
    return Device(folder)
