"""``camsim boot``: install a bundle into a simulated device, and boot it."""

from dataclasses import KW_ONLY, dataclass
from pathlib import Path

from camera_sim.device.device import Device
from camera_sim.device.one_photo import settle
from channel.terminal import complain, say
from firmware_export.boot import boot, install, update_revocation_lists

DEFAULT_DEVICE = Path("device")


@dataclass(frozen=True)
class Boot:
    """Boot a simulated device, with new firmware if a bundle is named.

    Install a bundle into the slot that is not in use, and boot. Checks are signatures up to the
    root of trust in one-time memory, revocation, anti-rollback and self-test; where one fails, the
    other slot boots. Exits with 2 where the bundle is refused or nothing boots.

    Parameters
    ----------
    bundle
        Firmware to install first.
    device
        Made by `camsim identity issue`.
    revoked
        Take the vendor's newer revocation lists first.
    """

    bundle: Path | None = None
    _: KW_ONLY
    device: Path = DEFAULT_DEVICE
    revoked: Path | None = None

    def __call__(self) -> int:
        """Install, boot, and say what happened."""
        device = Device.open(self.device)
        for words in settle(device):
            complain(f"{words}")
        if self.revoked:
            update_revocation_lists(device, self.revoked)
        if self.bundle:
            install(device, self.bundle)
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
