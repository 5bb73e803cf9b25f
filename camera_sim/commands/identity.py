"""``camsim identity``: a vendor's authority, and the keys of devices and of firmware roles."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from camera_sim.commands.secrets import (
    add_passphrase,
    add_vendor_passphrase,
    secrets,
    vendor_passphrase,
)
from camera_sim.device.device import DEFAULT_CAMERA, IDENTITY, Device, provision
from camera_sim.device.one_time_memory import OneTimeMemory
from camera_sim.errors import IdentityError
from camera_sim.signing.certificates import ROLES, Role, common_name, fingerprint, role_of
from camera_sim.signing.identity import (
    PHOTOS,
    add_photo_identity,
    current_generation,
    new_generation,
    read_chain,
)
from camera_sim.signing.keys import ALGORITHMS, SigningKey, SoftwareKey
from camera_sim.signing.pkcs11_key import TokenKey, generate_in_token
from camera_sim.signing.revocation import REASONS
from camera_sim.signing.vendor import ISSUED, REVOKED, Vendor
from channel.terminal import say

if TYPE_CHECKING:
    from camera_sim.commands import Commands


def add_to(commands: "Commands") -> None:
    """Add the commands."""
    actions = commands.add_parser(
        "identity", help="a simulated vendor's authority, and the keys of devices and firmware"
    ).add_subparsers(required=True, metavar="ACTION")
    _add_init(actions)
    _add_issue(actions)
    _add_rotate(actions)
    _add_revoke(actions)
    show = actions.add_parser("show", help="print what a vendor, a device or an identity holds")
    show.add_argument("folder", type=Path)
    show.set_defaults(run=_show)


def _add_init(actions: "Commands") -> None:
    parser = actions.add_parser("init", help="make a vendor: a root and two authorities under it")
    parser.add_argument("vendor", type=Path, help="a new folder")
    parser.add_argument("--name", default="Example Cameras", help="the vendor's name")
    _add_algorithm(parser)
    add_vendor_passphrase(parser)
    parser.set_defaults(run=_init)


def _add_issue(actions: "Commands") -> None:
    parser = actions.add_parser(
        "issue",
        help="provision a device, or issue a key to a firmware role",
        description="With --device: make the simulated device (sensor, one-time memory, key and "
        "certificate), or with --photos add one-time certificates to one. With --role and --out: "
        "make a key that signs firmware.",
    )
    parser.add_argument("vendor", type=Path)
    parser.add_argument("--role", choices=ROLES, default="device")
    parser.add_argument("--device", type=Path, metavar="DIR", help="the device's folder")
    parser.add_argument("--out", type=Path, metavar="DIR", help="the role's new folder")
    parser.add_argument("--name", help="whom the certificate is made out to (roles)")
    parser.add_argument("--camera", default=DEFAULT_CAMERA, help=f"model ({DEFAULT_CAMERA})")
    parser.add_argument(
        "--photos", type=int, metavar="N", help="add N one-time certificates to a device"
    )
    _add_key(parser)
    parser.set_defaults(run=_issue)


def _add_rotate(actions: "Commands") -> None:
    parser = actions.add_parser("rotate", help="give a device or a role a new key and certificate")
    parser.add_argument("vendor", type=Path)
    parser.add_argument("folder", type=Path, help="of the device, or of the role's identity")
    _add_key(parser)
    parser.set_defaults(run=_rotate)


def _add_revoke(actions: "Commands") -> None:
    parser = actions.add_parser("revoke", help="revoke a certificate; renews the revocation lists")
    parser.add_argument("vendor", type=Path)
    parser.add_argument("serial", help="serial number in hex or its beginning, or a folder")
    parser.add_argument("--reason", choices=REASONS, default="key_compromise")
    add_vendor_passphrase(parser)
    parser.set_defaults(run=_revoke)


def _add_algorithm(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--algorithm", choices=ALGORITHMS, default="es256", help="of the key (default es256)"
    )


def _add_key(parser: argparse.ArgumentParser) -> None:
    _add_algorithm(parser)
    parser.add_argument("--pkcs11-module", type=Path, metavar="LIB", help="make the key in a token")
    parser.add_argument("--pkcs11-token", metavar="LABEL", help="the token's label")
    parser.add_argument("--pkcs11-key", metavar="LABEL", help="a label for the new key")
    add_passphrase(parser)
    add_vendor_passphrase(parser)


def _init(args: argparse.Namespace) -> int:
    vendor = Vendor.create(args.vendor, args.name, args.algorithm, vendor_passphrase(args))
    say(f"{args.name}: root {fingerprint(vendor.root)[:16]}… → {args.vendor}")
    return 0


def _issue(args: argparse.Namespace) -> int:
    vendor = Vendor.open(args.vendor, vendor_passphrase(args))
    if args.role == "device":
        return _issue_to_device(args, vendor)
    if args.out is None or args.device or args.photos:
        raise IdentityError(f"--role {args.role} goes with --out DIR")
    if args.out.exists():
        raise IdentityError(f"{args.out} exists; name a new folder, or rotate its key")
    name = args.name or f"{vendor.ledger.organisation} {args.role}"
    role: Role = args.role
    identity = new_generation(
        args.out, _new_key(args), lambda public: vendor.issue(role, name, public), secrets(args)
    )
    say(f"{role}: {common_name(identity.leaf)}, {identity.leaf.serial_number:040x} → {args.out}")
    return 0


def _issue_to_device(args: argparse.Namespace, vendor: Vendor) -> int:
    if args.device is None or args.out:
        raise IdentityError("name the device's folder with --device")
    if args.photos is None:
        device = provision(args.device, vendor, args.camera, _new_key(args), secrets(args))
        fuses = device.fuses
        say(f"device {fuses.serial}, {fuses.camera} → {args.device}")
        return 0
    if not 1 <= args.photos <= 1000:
        raise IdentityError(f"--photos is 1 to 1000, not {args.photos}")
    device = Device.open(args.device)
    name = f"{device.fuses.camera} one-time"
    for _ in range(args.photos):
        key = SoftwareKey.generate(args.algorithm)
        add_photo_identity(
            device.identity_folder,
            key,
            lambda public: vendor.issue("device", name, public, one_photo=True),
            secrets(args),
        )
    say(f"{args.photos} one-time certificates → {device.identity_folder / PHOTOS}")
    return 0


def _new_key(args: argparse.Namespace) -> SigningKey:
    named = (args.pkcs11_module, args.pkcs11_token, args.pkcs11_key)
    if not any(named):
        return SoftwareKey.generate(args.algorithm)
    if not all(named):
        raise IdentityError("a key in a token needs --pkcs11-module, --pkcs11-token, --pkcs11-key")
    module, token, label = named
    if not module.is_file():
        raise IdentityError(f"there is no PKCS#11 module {module}")
    return generate_in_token(TokenKey(module=module, token=token, label=label), secrets(args).pin)


def _rotate(args: argparse.Namespace) -> int:
    vendor = Vendor.open(args.vendor, vendor_passphrase(args))
    folder = _identity_folder(args.folder)
    old = read_chain(folder / current_generation(folder))[0]
    role, name = role_of(old), common_name(old)
    identity = new_generation(
        folder, _new_key(args), lambda public: vendor.issue(role, name, public), secrets(args)
    )
    say(f"{name}: {old.serial_number:040x} → {identity.leaf.serial_number:040x}")
    return 0


def _revoke(args: argparse.Namespace) -> int:
    vendor = Vendor.open(args.vendor, vendor_passphrase(args))
    serial = args.serial
    if Path(serial).is_dir():
        folder = _identity_folder(Path(serial))
        serial = f"{read_chain(folder / current_generation(folder))[0].serial_number:040x}"
    gone = vendor.revoke(serial, args.reason)
    say(f"revoked {gone.role} {gone.subject}, {gone.serial} → {args.vendor / REVOKED}")
    return 0


def _identity_folder(folder: Path) -> Path:
    return folder if OneTimeMemory(folder).is_blank else folder / IDENTITY


def _show(args: argparse.Namespace) -> int:
    if (args.folder / ISSUED).exists():
        _show_vendor(Vendor.open(args.folder))
        return 0
    memory = OneTimeMemory(args.folder)
    if not memory.is_blank:
        fuses = memory.read()
        say(f"device            {fuses.serial}, {fuses.camera}")
        say(f"root of trust     {fuses.root_sha256}")
        say(f"security version  {fuses.security_version}")
        _show_frames(Device(args.folder))
    folder = _identity_folder(args.folder)
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
