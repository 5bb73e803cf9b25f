"""What opens keys: from a file, from the environment, or asked for at a terminal."""

import getpass
import os
import sys
from dataclasses import KW_ONLY, dataclass
from pathlib import Path

from camera_sim.errors import IdentityError
from camera_sim.signing.identity import Secrets
from channel.errors import reason_of

PASSPHRASE, VENDOR_PASSPHRASE, PIN = "CAMSIM_PASSPHRASE", "CAMSIM_VENDOR_PASSPHRASE", "CAMSIM_PIN"


@dataclass(frozen=True)
class PassphraseOptions:
    """What opens a device's or a person's key.

    Parameters
    ----------
    passphrase_file
        Holds the key's passphrase (or $CAMSIM_PASSPHRASE; '-' asks).
    pin_file
        Holds a PKCS#11 token's PIN (or $CAMSIM_PIN).
    """

    _: KW_ONLY
    passphrase_file: Path | None = None
    pin_file: Path | None = None


@dataclass(frozen=True)
class VendorPassphraseOptions:
    """What opens the vendor's keys.

    Parameters
    ----------
    vendor_passphrase_file
        Holds the passphrase of the vendor's keys (or $CAMSIM_VENDOR_PASSPHRASE; '-' asks).
    """

    _: KW_ONLY
    vendor_passphrase_file: Path | None = None


def secrets(args: PassphraseOptions) -> Secrets:
    """Gather what opens a key."""
    passphrase = _secret(args.passphrase_file, PASSPHRASE)
    pin = _secret(args.pin_file, PIN)
    return Secrets(passphrase.encode() if passphrase else None, pin)


def vendor_passphrase(args: VendorPassphraseOptions) -> bytes | None:
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
        raise IdentityError(
            f"the passphrase file {file} cannot be read: {reason_of(error)}"
        ) from error
    if not text:
        raise IdentityError(f"the passphrase file {file} is empty")
    return text
