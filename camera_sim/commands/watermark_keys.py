"""``camsim watermark keys`` and ``camsim watermark export-key``: keys, their names and places."""

from dataclasses import KW_ONLY, dataclass
from pathlib import Path

from camera_sim.device.device import WATERMARK, Device
from camera_sim.errors import DeviceError, IdentityError, OutputError
from camera_sim.signing.vendor import WATERMARK_GROUP, Vendor
from channel.terminal import complain, say
from watermark.errors import WatermarkError
from watermark.key_files import read_key_file, write_key_file
from watermark.key_folder import DEVICE, GROUP, group_key_files, user_folder
from watermark.keys import DeviceSecret, GroupKey, Key


@dataclass(frozen=True)
class ListKeys:
    """List the watermark keys that are known, and where they lie.

    They are those of your own folder: $CAMSIM_WATERMARK_KEYS, else camsim/watermark in
    $XDG_CONFIG_HOME, else in ~/.config. Their secrets are not shown.
    """

    def __call__(self) -> int:
        """Print a line a key; 2 if one could not be read."""
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


def _listed(path: Path, kind: type[Key]) -> bool:
    """Print a key's line, and say whether it could be read."""
    try:
        key = read_key_file(path, kind)
    except WatermarkError as error:
        complain(error)
        return False
    say(f"{'group key' if kind is GroupKey else 'device secret':<15}{key.name}  {path}")
    return True
