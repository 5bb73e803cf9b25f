"""What opens keys: from a file, from the environment, or asked for at a terminal."""

import argparse
import getpass
import os
import sys
from pathlib import Path

from camera_sim.errors import IdentityError
from camera_sim.signing.identity import Secrets

PASSPHRASE, VENDOR_PASSPHRASE, PIN = "CAMSIM_PASSPHRASE", "CAMSIM_VENDOR_PASSPHRASE", "CAMSIM_PIN"


def add_passphrase(parser: argparse.ArgumentParser) -> None:
    """Add what opens a device's or a person's key."""
    parser.add_argument(
        "--passphrase-file",
        type=Path,
        metavar="FILE",
        help=f"holds the key's passphrase (or ${PASSPHRASE}; '-' asks)",
    )
    parser.add_argument(
        "--pin-file", type=Path, metavar="FILE", help=f"holds a PKCS#11 token's PIN (or ${PIN})"
    )


def add_vendor_passphrase(parser: argparse.ArgumentParser) -> None:
    """Add what opens the vendor's keys."""
    parser.add_argument(
        "--vendor-passphrase-file",
        type=Path,
        metavar="FILE",
        help=f"holds the passphrase of the vendor's keys (or ${VENDOR_PASSPHRASE}; '-' asks)",
    )


def secrets(args: argparse.Namespace) -> Secrets:
    """Gather what opens a key."""
    passphrase = _secret(args.passphrase_file, PASSPHRASE)
    pin = _secret(args.pin_file, PIN)
    return Secrets(passphrase.encode() if passphrase else None, pin)


def vendor_passphrase(args: argparse.Namespace) -> bytes | None:
    """Return what opens the vendor's keys, or None."""
    passphrase = _secret(args.vendor_passphrase_file, VENDOR_PASSPHRASE)
    return passphrase.encode() if passphrase else None


def _secret(file: Path | None, variable: str) -> str | None:
    if file is None:
        return os.environ.get(variable) or None
    if str(file) == "-":
        if not sys.stdin.isatty():
            raise IdentityError("a passphrase can be asked for at a terminal only; name a file")
        return getpass.getpass("passphrase: ")
    try:
        text = file.read_text(encoding="utf-8").removesuffix("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise IdentityError(f"the passphrase file {file} cannot be read: {error}") from error
    if not text:
        raise IdentityError(f"the passphrase file {file} is empty")
    return text
