"""``camsim boot``: install a bundle into a simulated device, and boot it."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from camera_sim.device.device import Device
from camera_sim.device.one_photo import settle
from channel.terminal import complain, say
from firmware_export.boot import boot, install, update_revocation_lists

if TYPE_CHECKING:
    from firmware_export.commands import Commands

DEFAULT_DEVICE = Path("device")


def add_to(commands: "Commands") -> None:
    """Add the command."""
    parser = commands.add_parser(
        "boot",
        help="boot a simulated device, with new firmware if a bundle is named",
        description="Install a bundle into the slot that is not in use, and boot: signatures up to "
        "the root of trust in one-time memory, revocation, anti-rollback, self-test; the other "
        "slot where that fails. Exits with 2 where the bundle is refused or nothing boots.",
    )
    parser.add_argument("bundle", nargs="?", type=Path, help="firmware to install first")
    parser.add_argument(
        "--device",
        type=Path,
        default=DEFAULT_DEVICE,
        metavar="DIR",
        help=f"made by `camsim identity issue` (default {DEFAULT_DEVICE})",
    )
    parser.add_argument(
        "--revoked", type=Path, metavar="PEM", help="take the vendor's newer revocation lists first"
    )
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Install, boot, and say what happened."""
    device = Device.open(args.device)
    for words in settle(device):
        complain(f"{words}")
    if args.revoked:
        update_revocation_lists(device, args.revoked)
    if args.bundle:
        install(device, args.bundle)
    booted = boot(device)
    for reason in booted.refused:
        complain(f"{reason}; fell back to slot {booted.slot}")
    manifest = booted.bundle.manifest
    say(
        f"device {device.fuses.serial} booted {manifest.pipeline} {manifest.version} "
        f"from slot {booted.slot}, security version {manifest.security_version}"
    )
    say(f"boot log {booted.log.sha256}")
    return 0
