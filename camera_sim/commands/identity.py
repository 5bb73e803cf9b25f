"""``camsim identity``: a vendor's authority, and the keys of devices and of firmware roles."""

from dataclasses import KW_ONLY, dataclass
from pathlib import Path
from typing import Annotated, Literal

from camera_sim.commands.secrets import (
    PassphraseOptions,
    VendorPassphraseOptions,
    secrets,
    vendor_passphrase,
)
from camera_sim.device.device import DEFAULT_CAMERA, IDENTITY, Device, provision
from camera_sim.device.one_time_memory import OneTimeMemory
from camera_sim.errors import IdentityError
from camera_sim.signing.certificates import Role, common_name, fingerprint, role_of
from camera_sim.signing.identity import (
    PHOTOS,
    add_photo_identity,
    current_generation,
    new_generation,
    read_chain,
)
from camera_sim.signing.keys import SigningKey, SoftwareKey
from camera_sim.signing.pkcs11_key import TokenKey, generate_in_token
from camera_sim.signing.vendor import ISSUED, REVOKED, Vendor
from channel.options import within
from channel.terminal import say, track


@dataclass(frozen=True)
class AlgorithmOptions:
    """Options that several commands share.

    Parameters
    ----------
    algorithm
        Of the key.
    """

    _: KW_ONLY
    algorithm: Literal["es256", "ed25519"] = "es256"


@dataclass(frozen=True)
class KeyOptions(AlgorithmOptions, PassphraseOptions, VendorPassphraseOptions):
    """Options that several commands share.

    Parameters
    ----------
    pkcs11_module
        Make the key in a token.
    pkcs11_token
        The token's label.
    pkcs11_key
        A label for the new key.
    """

    _: KW_ONLY
    pkcs11_module: Path | None = None
    pkcs11_token: str | None = None
    pkcs11_key: str | None = None


@dataclass(frozen=True)
class Show:
    """Print what a vendor, a device or an identity holds.

    Parameters
    ----------
    folder
        Of a vendor, a device or an identity.
    """

    folder: Path

    def __call__(self) -> int:
        """Print what is known of it."""
        if (self.folder / ISSUED).exists():
            _show_vendor(Vendor.open(self.folder))
            return 0
        memory = OneTimeMemory(self.folder)
        if not memory.is_blank:
            fuses = memory.read()
            say(f"device            {fuses.serial}, {fuses.camera}")
            say(f"root of trust     {fuses.root_sha256}")
            say(f"security version  {fuses.security_version}")
            if keys := Device(self.folder).watermark_keys():
                say(f"watermark group   {keys.group.name}")
            _show_frames(Device(self.folder))
        folder = _identity_folder(self.folder)
        for certificate in read_chain(folder / current_generation(folder)):
            say(f"certificate       {common_name(certificate)}")
            say(f"  serial          {certificate.serial_number:040x}")
            say(f"  issued by       {certificate.issuer.rfc4514_string()}")
            say(f"  valid to        {certificate.not_valid_after_utc:%F}")
            say(f"  fingerprint     {fingerprint(certificate)}")
        if (folder / PHOTOS).is_dir():
            left = sum(path.name.isdecimal() for path in (folder / PHOTOS).iterdir())
            say(f"one-time          {left} certificates left")
        return 0


@dataclass(frozen=True)
class Init(AlgorithmOptions, VendorPassphraseOptions):
    """Make a vendor: a root and two authorities under it.

    Parameters
    ----------
    vendor
        A new folder.
    name
        The vendor's name.
    """

    vendor: Path
    _: KW_ONLY
    name: str = "Example Cameras"

    def __call__(self) -> int:
        """Make it, and say its root."""
        vendor = Vendor.create(self.vendor, self.name, self.algorithm, vendor_passphrase(self))
        say(f"{self.name}: root {fingerprint(vendor.root)[:16]}… → {self.vendor}")
        return 0


@dataclass(frozen=True)
class Issue(KeyOptions):
    """Provision a device, or issue a key to a firmware role.

    With --device: make the simulated device (sensor, one-time memory, key and certificate), or
    with --photos add one-time certificates to one. With --role and --out: make a key that signs
    firmware.

    Parameters
    ----------
    vendor
        The vendor's folder.
    role
        What the certificate is for.
    device
        The device's folder.
    out
        The role's new folder.
    name
        Whom the certificate is made out to (roles).
    camera
        Its model.
    photos
        Add N one-time certificates to a device.
    """

    vendor: Path
    _: KW_ONLY
    role: Role = "device"
    device: Path | None = None
    out: Path | None = None
    name: str | None = None
    camera: str = DEFAULT_CAMERA
    photos: Annotated[int, within(1, 1000)] | None = None

    def __call__(self) -> int:
        """Make what was asked for."""
        vendor = Vendor.open(self.vendor, vendor_passphrase(self))
        if self.role == "device":
            return _issue_to_device(self, vendor)
        if self.out is None or self.device or self.photos:
            raise IdentityError(f"--role {self.role} goes with --out DIR")
        if self.out.exists():
            raise IdentityError(f"{self.out} exists; name a new folder, or rotate its key")
        role, name = self.role, self.name or f"{vendor.ledger.organisation} {self.role}"
        identity = new_generation(
            self.out, _new_key(self), lambda public: vendor.issue(role, name, public), secrets(self)
        )
        say(
            f"{role}: {common_name(identity.leaf)}, {identity.leaf.serial_number:040x} → {self.out}"
        )
        return 0


@dataclass(frozen=True)
class Rotate(KeyOptions):
    """Give a device or a role a new key and certificate.

    Parameters
    ----------
    vendor
        The vendor's folder.
    folder
        Of the device, or of the role's identity.
    """

    vendor: Path
    folder: Path

    def __call__(self) -> int:
        """Issue anew, to the same name."""
        vendor = Vendor.open(self.vendor, vendor_passphrase(self))
        folder = _identity_folder(self.folder)
        old = read_chain(folder / current_generation(folder))[0]
        role, name = role_of(old), common_name(old)
        identity = new_generation(
            folder, _new_key(self), lambda public: vendor.issue(role, name, public), secrets(self)
        )
        say(f"{name}: {old.serial_number:040x} → {identity.leaf.serial_number:040x}")
        return 0


@dataclass(frozen=True)
class Revoke(VendorPassphraseOptions):
    """Revoke a certificate; renews the revocation lists.

    Parameters
    ----------
    vendor
        The vendor's folder.
    serial
        Serial number in hex or its beginning, or a folder.
    reason
        Why it is revoked.
    """

    vendor: Path
    serial: str
    _: KW_ONLY
    reason: Literal["key_compromise", "superseded", "cessation_of_operation"] = "key_compromise"

    def __call__(self) -> int:
        """Revoke it, and say whose it was."""
        vendor = Vendor.open(self.vendor, vendor_passphrase(self))
        serial = self.serial
        if Path(serial).is_dir():
            folder = _identity_folder(Path(serial))
            serial = f"{read_chain(folder / current_generation(folder))[0].serial_number:040x}"
        gone = vendor.revoke(serial, self.reason)
        say(f"revoked {gone.role} {gone.subject}, {gone.serial} → {self.vendor / REVOKED}")
        return 0


def _issue_to_device(args: Issue, vendor: Vendor) -> int:
    if args.device is None or args.out:
        raise IdentityError("name the device's folder with --device")
    if args.photos is None:
        device = provision(args.device, vendor, args.camera, _new_key(args), secrets(args))
        fuses = device.fuses
        say(f"device {fuses.serial}, {fuses.camera} → {args.device}")
        return 0
    device = Device.open(args.device)
    name = f"{device.fuses.camera} one-time"
    for _ in track(range(args.photos), "issuing"):
        key = SoftwareKey.generate(args.algorithm)
        add_photo_identity(
            device.identity_folder,
            key,
            lambda public: vendor.issue("device", name, public, one_photo=True),
            secrets(args),
        )
    say(f"{args.photos} one-time certificates → {device.identity_folder / PHOTOS}")
    return 0


def _new_key(args: KeyOptions) -> SigningKey:
    module, token, label = args.pkcs11_module, args.pkcs11_token, args.pkcs11_key
    if not (module or token or label):
        return SoftwareKey.generate(args.algorithm)
    if not (module and token and label):
        raise IdentityError("a key in a token needs --pkcs11-module, --pkcs11-token, --pkcs11-key")
    if not module.is_file():
        raise IdentityError(f"there is no PKCS#11 module {module}")
    return generate_in_token(TokenKey(module=module, token=token, label=label), secrets(args).pin)


def _identity_folder(folder: Path) -> Path:
    return folder if OneTimeMemory(folder).is_blank else folder / IDENTITY


def _show_frames(device: Device) -> None:
    for frame in device.journal.frames():
        say(f"frame {frame:<12}its photo is being signed, or was when a run was cut off")
    for lost in device.used_frames().lost:
        say(f"frame {lost.frame:<12}{lost.words()}")


def _show_vendor(vendor: Vendor) -> None:
    say(f"vendor            {vendor.ledger.organisation}")
    say(f"root              {fingerprint(vendor.root)}")
    for one in vendor.ledger.issued:
        state = f"revoked {one.revoked_on:%F}, {one.reason}" if one.revoked_on else "good"
        say(f"{one.role:<18}{one.serial}  {one.subject}, to {one.not_after:%F}, {state}")
