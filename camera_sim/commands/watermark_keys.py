"""``camsim watermark keys`` and ``camsim watermark export-key``: keys, their names and places."""

from dataclasses import KW_ONLY, dataclass
from datetime import UTC, date, datetime
from pathlib import Path

from camera_sim.device.device import WATERMARK, Device
from camera_sim.errors import DeviceError, IdentityError, OutputError
from camera_sim.signing.vendor import WATERMARK_GROUP, Vendor
from channel.terminal import complain, say
from watermark.errors import WatermarkError
from watermark.key_files import read_key_file, write_key_file
from watermark.key_folder import DEVICE, GROUP, group_key_files, user_folder
from watermark.key_register import KeyRegister
from watermark.key_validity import Validity
from watermark.keys import DeviceSecret, GroupKey, Key


@dataclass(frozen=True)
class ListKeys:
    """List the watermark keys that are known, and where they lie.

    They are those of your own folder: $CAMSIM_WATERMARK_KEYS, else camsim/watermark in
    $XDG_CONFIG_HOME, else in ~/.config. Their secrets are not shown.

    Parameters
    ----------
    folder
        Another folder, such as a measuring service's, with all that is under it; how each of its
        keys stands is printed, too.
    """

    _: KW_ONLY
    folder: Path | None = None

    def __call__(self) -> int:
        """Print a line a key; 2 if one could not be read."""
        if self.folder:
            return _register_listed(self.folder)
        folder = user_folder()
        wanted: list[tuple[Path, type[Key]]] = [(f, GroupKey) for f in group_key_files(folder)]
        if (folder / DEVICE).exists():
            wanted.append((folder / DEVICE, DeviceSecret))
        if not wanted:
            say(f"there are no keys in {folder}; `camsim develop` makes them the first time")
        return 2 if [path for path, kind in wanted if not _listed(path, kind)] else 0


@dataclass(frozen=True)
class ExportKey:
    """Write a group's watermark key for whoever is to read its photos.

    A newsroom that gets the file reads payloads with it, by `camsim watermark read --key` or from
    its own folder of keys. Whoever has it can also embed payloads: give it to nobody else.

    Parameters
    ----------
    out
        The new file; an existing one is never replaced.
    device
        Of this simulated device's group (default: that of your own folder).
    vendor
        Of this vendor's devices.
    """

    out: Path
    _: KW_ONLY
    device: Path | None = None
    vendor: Path | None = None

    def __call__(self) -> int:
        """Write it, and say its name."""
        if self.device and self.vendor:
            raise IdentityError("--device and --vendor name one key each; give one of them")
        key = read_key_file(_group_file(self), GroupKey)
        if self.out.is_dir():
            raise OutputError(f"{self.out} is a directory; name a file")
        if not write_key_file(self.out, key):
            raise OutputError(f"{self.out} exists, and keys are never overwritten; name a new file")
        say(f"group key {key.name} → {self.out}")
        return 0


def _group_file(args: ExportKey) -> Path:
    if args.device:
        file = Device.open(args.device).folder / WATERMARK / GROUP
        if not file.exists():
            raise DeviceError(
                f"{args.device} has no watermark keys: it was provisioned before there were any"
            )
        return file
    if args.vendor:
        vendor = Vendor.open(args.vendor)
        vendor.watermark_group()
        return vendor.folder / WATERMARK_GROUP
    file = user_folder() / GROUP
    if not file.exists():
        raise IdentityError(
            f"there is no group key {file}: `camsim develop` makes it with the first watermark; "
            "--device and --vendor name others"
        )
    return file


def _register_listed(folder: Path) -> int:
    """Print the keys of a folder, and how each stands today."""
    if not folder.is_dir():
        raise IdentityError(f"{folder} is no folder of keys")
    register = KeyRegister.read([folder])
    today = datetime.now(UTC).date()
    for kind, found in (("group key", register.groups), ("device secret", register.devices)):
        for one in found:
            say(f"{kind:<15}{one.key.name}  {_standing(one.validity, today)}")
    return 0


def _standing(validity: Validity, today: date) -> str:
    state = validity.state(today)
    days = {"withdrawn": validity.withdrawn, "ended": validity.until}
    days["not in use yet"] = validity.since
    return f"{state} ({days[state]})" if state in days else state


def _listed(path: Path, kind: type[Key]) -> bool:
    """Print a key's line, and say whether it could be read."""
    try:
        key = read_key_file(path, kind)
    except WatermarkError as error:
        complain(error)
        return False
    say(f"{'group key' if kind is GroupKey else 'device secret':<15}{key.name}  {path}")
    return True
