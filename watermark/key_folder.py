"""The folder of a user's or a device's watermark keys.

``group.json`` is the key of the device group that its photos belong to, ``device.json`` the secret
that gives each photo a key of its own. Group keys of others lie beside them, under any name.
"""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from watermark.embedding import Watermark
from watermark.errors import WatermarkError
from watermark.key_files import read_key_file, write_key_file
from watermark.keys import DeviceSecret, GroupKey

GROUP, DEVICE = "group.json", "device.json"
VARIABLE: Final = "CAMSIM_WATERMARK_KEYS"


@dataclass(frozen=True)
class EmbeddingKeys:
    """What a camera embeds its watermark with.

    Attributes
    ----------
    group
        Key of its device group.
    device
        Its own secret.
    """

    group: GroupKey
    device: DeviceSecret

    def watermark(self, payload: bytes) -> Watermark:
        """Return the watermark of a photo that a payload of 8 bytes names."""
        return Watermark(payload, self.group, self.device.of_photo(payload))


def user_folder() -> Path:
    """Return the folder of a user's own keys, which may not be there yet.

    It is $CAMSIM_WATERMARK_KEYS, else ``camsim/watermark`` in $XDG_CONFIG_HOME, else in
    ``~/.config`` (XDG Base Directory Specification 0.8).

    Raises
    ------
    WatermarkError
        If the user has no home folder.
    """
    if named := os.environ.get(VARIABLE):
        return Path(named)
    configured = Path(os.environ.get("XDG_CONFIG_HOME", ""))
    if configured.is_absolute():  # the standard has others ignored
        return configured / "camsim" / "watermark"
    try:
        return Path.home() / ".config" / "camsim" / "watermark"
    except RuntimeError as error:
        raise WatermarkError(
            f"there is no home folder for watermark keys; name a folder by ${VARIABLE}"
        ) from error


def own_keys(folder: Path) -> tuple[EmbeddingKeys, bool]:
    """Open a folder's keys, and make those that are missing.

    Of several processes that make them at once, all get the same.

    Returns
    -------
    The keys, and whether any was made.

    Raises
    ------
    WatermarkError
        If one can't be read, or the folder can't be written.
    """
    made = [
        write_key_file(folder / GROUP, GroupKey.draw()),
        write_key_file(folder / DEVICE, DeviceSecret.draw()),
    ]
    return open_keys(folder), any(made)


def open_keys(folder: Path) -> EmbeddingKeys:
    """Open a folder's own keys.

    Raises
    ------
    WatermarkError
        If one is missing, or can't be read.
    """
    return EmbeddingKeys(
        read_key_file(folder / GROUP, GroupKey), read_key_file(folder / DEVICE, DeviceSecret)
    )


def group_key_files(folder: Path) -> Iterator[Path]:
    """Name the files of a folder that may be group keys: those of JSON but ``device.json``."""
    found = folder.glob("*.json") if folder.is_dir() else ()
    yield from sorted(path for path in found if path.name != DEVICE)
