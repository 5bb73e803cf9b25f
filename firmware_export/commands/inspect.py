"""``camsim firmware inspect`` and ``verify``."""

import argparse
import hashlib
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from camera_sim.signing.certificates import common_name, fingerprint
from camera_sim.signing.revocation import RevocationLists
from camera_sim.signing.vendor import read_certificate
from channel.terminal import say
from firmware_export import archive
from firmware_export.bundle import Bundle, read_bundle
from firmware_export.commands.parity import print_report
from firmware_export.errors import BundleError

if TYPE_CHECKING:
    from firmware_export.commands import Commands


def add_to(actions: "Commands") -> None:
    """Add the commands."""
    parser = actions.add_parser("inspect", help="print what a bundle says; trusts nothing")
    parser.add_argument("bundle", type=Path)
    parser.set_defaults(run=_inspect)
    parser = actions.add_parser(
        "verify", help="check a bundle's form, files, signatures, roles and revocation"
    )
    parser.add_argument("bundle", type=Path)
    parser.add_argument("--root", type=Path, required=True, metavar="PEM", help="vendor's root")
    parser.add_argument(
        "--revoked", type=Path, required=True, metavar="PEM", help="vendor's revocation lists"
    )
    parser.add_argument("--fan", type=Path, metavar="ONNX", help="check that it is this pair's")
    parser.set_defaults(run=_verify)


def _inspect(args: argparse.Namespace) -> int:
    bundle = read_bundle(args.bundle)
    _print(bundle)
    for chain in bundle.chains.values():
        say(f"claims to be signed by {common_name(chain[0])}, {fingerprint(chain[0])[:16]}…")
    if not bundle.signatures:
        say("not signed")
    return 0


def _verify(args: argparse.Namespace) -> int:
    bundle = read_bundle(args.bundle)
    lists = RevocationLists(archive.read_file(args.revoked), args.revoked)
    try:
        signers = bundle.verify(read_certificate(args.root), lists, at=datetime.now(UTC))
    except BundleError as error:
        raise type(error)(f"{args.bundle} is refused: {error}") from error
    if args.fan:
        _check_fan(bundle, args.fan)
    for role, certificate in signers.items():
        say(f"{role:<11}{common_name(certificate)}, {certificate.serial_number:040x}")
    say(f"{args.bundle}: good, {bundle.sha256}")
    return 0


def _check_fan(bundle: Bundle, path: Path) -> None:
    digest = hashlib.sha256(archive.read_file(path)).hexdigest()
    wanted = bundle.manifest.fan_sha256
    if wanted != digest:
        raise BundleError(
            f"{path} ({digest[:12]}…) is not the FAN of this firmware's pair "
            f"{bundle.manifest.pair or 'none'} ({wanted[:12] + '…' if wanted else 'none'})"
        )


def _print(bundle: Bundle) -> None:
    manifest = bundle.manifest
    say(f"firmware          {manifest.pipeline} {manifest.version} for {manifest.camera}")
    say(f"security version  {manifest.security_version}")
    say(f"pair              {manifest.pair or 'none'}")
    say(f"digest            {bundle.sha256}")
    for part in manifest.parts():
        say(f"  {part.path:<32}{part.bytes:>10}  {part.sha256[:16]}…")
    for report in manifest.parity:
        print_report(report)
