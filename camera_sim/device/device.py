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
    ├── watermark/     keys of its watermark: its group's, and its own secret
    ├── unfinished/    photos that are being signed, see `camera_sim.device.photo_journal`
    ├── photos/        signed photos whose own place was taken, or could not be written
    └── slots/         firmware, see `firmware_export.boot`
"""

import shutil
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from cryptography import x509
from pydantic import ValidationError

from camera_sim.device import capture_token, durable
from camera_sim.device.capture_token import CaptureToken
from camera_sim.device.one_time_memory import Fuses, OneTimeMemory
from camera_sim.device.photo_journal import PhotoJournal
from camera_sim.device.used_frames import MOST_FRAMES, UsedFrames
from camera_sim.errors import DeviceError, IdentityError, TokenError
from camera_sim.raw.raw_file import RawFile
from camera_sim.signing.certificates import fingerprint, from_pem, to_pem, verify_issued
from camera_sim.signing.identity import Secrets, new_generation
from camera_sim.signing.keys import SigningKey, SoftwareKey, key_id, read_key, write_key
from camera_sim.signing.revocation import RevocationLists
from camera_sim.signing.vendor import AUTHORITIES as VENDOR_AUTHORITIES
from camera_sim.signing.vendor import REVOKED, Vendor, read_certificate
from watermark.errors import WatermarkError
from watermark.key_files import write_key_file
from watermark.key_folder import DEVICE, GROUP, EmbeddingKeys, open_keys
from watermark.keys import DeviceSecret

DEFAULT_CAMERA = "camsim C1"
ROOT, AUTHORITIES, IDENTITY = "root.pem", "authorities.pem", "identity"
CAPTURES = "captures.json"
WATERMARK = "watermark"
SENSOR_KEY, SENSOR_COUNTER = Path("sensor/key.pem"), Path("sensor/counter")


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
            counter = max(self._last_frame(), self._highest_used()) + 1
            if counter > MOST_FRAMES:
                raise DeviceError(f"the sensor has counted its last frame, {MOST_FRAMES}")
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
        path = self.folder / SENSOR_COUNTER
        try:
            text = path.read_text("ascii")
        except (OSError, UnicodeDecodeError):
            text = ""
        if text.isdecimal() and len(text) <= len(str(MOST_FRAMES)):
            return int(text)
        raise DeviceError(
            f"{path} is damaged: write the number of the last frame into it; the highest that a "
            f"photo used is {self._highest_used()}"
        )

    def _highest_used(self) -> int:
        """Return it, so that a counter that was set back gives no number twice."""
        return max(self.used_frames().last, *self.journal.frames(), 0)

    def check_capture(self, raw: RawFile) -> CaptureToken:
        """Return the token of a RAW file that this device's sensor took, not yet used.

        Raises
        ------
        TokenError
            With the reason.
        """
        token = capture_token.read(raw.content, self._sensor().public)
        if token.device != self.fuses.serial:
            raise TokenError(f"its capture token is of the device {token.device}")
        self.check_unused(token)
        return token

    def check_unused(self, token: CaptureToken) -> None:
        """Check that no photo was signed, or is being signed, with a token.

        Raises
        ------
        TokenError
            If one was; the message says what became of it.
        """
        used, frame = self.used_frames(), token.counter
        if not used.has(frame) and frame not in self.journal.frames():
            return
        fate = ", for a photo that was never finished" if used.loss(frame) else ""
        raise TokenError(f"its capture token, of frame {frame}, was used before{fate}")

    def use_up(self, token: CaptureToken) -> None:
        """Mark a token as used: it signs one photo.

        Raises
        ------
        TokenError
            If it was used meanwhile.
        """
        with durable.locked(self.folder):
            self.check_unused(token)
            self.write_used(self.used_frames().adding(token.counter))

    def watermark_keys(self) -> EmbeddingKeys | None:
        """Return what it embeds watermarks with; None of a device from before there were keys.

        Raises
        ------
        DeviceError
            If they can't be read.
        """
        folder = self.folder / WATERMARK
        if not folder.exists():
            return None
        try:
            return open_keys(folder)
        except WatermarkError as error:
            raise DeviceError(str(error)) from error

    def used_frames(self) -> UsedFrames:
        """Return which frames' tokens were used.

        Raises
        ------
        DeviceError
            If that is lost.
        """
        path = self.folder / CAPTURES
        try:
            return UsedFrames.model_validate_json(path.read_bytes())
        except (OSError, ValidationError) as error:
            raise DeviceError(f"{path} is damaged: which captures were signed is lost") from error

    def write_used(self, used: UsedFrames) -> None:
        """Replace what is known of used frames; whoever calls holds the device's lock."""
        durable.write_whole(self.folder / CAPTURES, used.model_dump_json().encode())

    @property
    def journal(self) -> PhotoJournal:
        """Its photos that are being signed."""
        return PhotoJournal(self.folder)


def provision(
    folder: Path, vendor: Vendor, camera: str, key: SigningKey, secrets: Secrets
) -> Device:
    """Make a device, as the vendor's factory does: sensor, identity, lists, and the fuses last.

    It is made under another name and gets its own by one rename: whole, or not at all.

    Raises
    ------
    DeviceError
        If the folder is a device already, or holds something else.
    IdentityError
        If the vendor's authorities or revocation lists are not under its root, or its watermark key
        can't be read.
    """
    _check_free(folder)
    authorities, lists = _vendor_lists(vendor)
    numbers = lists.verify(authorities)
    group = vendor.watermark_group()
    making = folder.with_name(f".{folder.name}.part")
    shutil.rmtree(making, ignore_errors=True)
    sensor = SoftwareKey.generate("ed25519")
    serial = key_id(sensor.public)[:12].upper()
    write_key(making / SENSOR_KEY, sensor, None)
    durable.write_whole(making / SENSOR_COUNTER, b"0")
    durable.write_whole(making / CAPTURES, UsedFrames().model_dump_json().encode())
    durable.write_whole(making / ROOT, to_pem([vendor.root]))
    durable.write_whole(making / AUTHORITIES, to_pem(authorities))
    durable.write_whole(making / REVOKED, lists.content)
    write_key_file(making / WATERMARK / GROUP, group)
    write_key_file(making / WATERMARK / DEVICE, DeviceSecret.draw())
    name = f"{camera} {serial}"
    new_generation(
        making / IDENTITY, key, lambda public: vendor.issue("device", name, public), secrets
    )
    OneTimeMemory(making).burn(
        Fuses(
            serial=serial,
            camera=camera,
            root_sha256=fingerprint(vendor.root),
            sensor_key=key_id(sensor.public),
            list_numbers=numbers,
        )
    )
    durable.move(making, folder)
    return Device(folder)


def _check_free(folder: Path) -> None:
    memory = OneTimeMemory(folder)
    if not memory.is_blank:
        raise DeviceError(
            f"{folder} is provisioned as device {memory.read().serial}; "
            "`camsim identity rotate` gives it a new key"
        )
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise DeviceError(f"{folder} holds something else; name a new folder for the device")


def _vendor_lists(vendor: Vendor) -> tuple[list[x509.Certificate], RevocationLists]:
    """Return a vendor's authorities, known to be under its root, and its lists, read once."""
    authorities = [vendor.authority(name) for name in VENDOR_AUTHORITIES]
    for authority in authorities:
        verify_issued(authority, vendor.root)
    path = vendor.folder / REVOKED
    try:
        return authorities, RevocationLists(path.read_bytes(), path)
    except OSError as error:
        raise IdentityError(f"{path} cannot be read: {error.strerror}") from error
