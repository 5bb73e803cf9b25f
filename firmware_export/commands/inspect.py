"""``camsim firmware inspect`` and ``verify``."""

import hashlib
from dataclasses import KW_ONLY, dataclass
from datetime import UTC, datetime
from pathlib import Path

from camera_sim.signing.certificates import common_name, fingerprint
from camera_sim.signing.revocation import RevocationLists
from camera_sim.signing.vendor import read_certificate
from channel.terminal import say
from firmware_export import archive
from firmware_export.bundle import Bundle, read_bundle
from firmware_export.commands.parity import print_report
from firmware_export.errors import BundleError


@dataclass(frozen=True)
class Inspect:
    """Print what a bundle says; trusts nothing.

    Parameters
    ----------
    bundle
        The bundle, .camfw.
    """

    bundle: Path

    def __call__(self) -> int:
        """Print what the bundle claims."""
        bundle = read_bundle(self.bundle)
        _print(bundle)
        for chain in bundle.chains.values():
            say(f"claims to be signed by {common_name(chain[0])}, {fingerprint(chain[0])[:16]}…")
        if not bundle.signatures:
            say("not signed")
        return 0


@dataclass(frozen=True)
class Verify:
    """Check a bundle's form, files, signatures, roles and revocation.

    Parameters
    ----------
    bundle
        The bundle, .camfw.
    root
        Vendor's root.
    revoked
        Vendor's revocation lists.
    fan
        Check that it is this pair's.
    """

    bundle: Path
    _: KW_ONLY
    root: Path
    revoked: Path
    fan: Path | None = None

    def __call__(self) -> int:
        """Print what it is, or refuse it."""
        bundle = read_bundle(self.bundle)
        lists = RevocationLists(archive.read_file(self.revoked), self.revoked)
        try:
            signers = bundle.verify(read_certificate(self.root), lists, at=datetime.now(UTC))
        except BundleError as error:
            raise type(error)(f"{self.bundle} is refused: {error}") from error
        if self.fan:
            _check_fan(bundle, self.fan)
        for role, certificate in signers.items():
            say(f"{role:<11}{common_name(certificate)}, {certificate.serial_number:040x}")
        say(f"{self.bundle}: good, {bundle.sha256}")
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
