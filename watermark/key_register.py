"""All keys that a measuring service knows, and how each stands: folders and files of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Generic, TypeVar

from channel.errors import reason_of
from watermark.errors import WatermarkError
from watermark.key_files import read_any_key_file
from watermark.key_validity import VALIDITY, Validity, read_validity
from watermark.keys import DeviceSecret, GroupKey, Key

MOST_DEVICES: Final = 1000
"""Secrets that one photo is measured with; each costs some milliseconds."""
MOST_GROUPS: Final = 64

K = TypeVar("K", bound=Key)


@dataclass(frozen=True)
class Registered(Generic[K]):
    """A key, and when it is in use."""

    key: K
    validity: Validity


@dataclass(frozen=True)
class KeyRegister:
    """Keys of device groups, and secrets of devices, each once."""

    groups: tuple[Registered[GroupKey], ...]
    devices: tuple[Registered[DeviceSecret], ...]

    @classmethod
    def read(cls, places: Sequence[Path]) -> "KeyRegister":
        """Read key files, and folders of them with all that is under them.

        A file `VALIDITY` of any of these folders says when they are in use. A key that one of
        several withdraws is withdrawn.

        Raises
        ------
        WatermarkError
            If one can't be read, there are too many, or a group's key or a secret is missing.
        """
        paths = key_paths(places)
        known = _validity([path.parent for path in paths if path.name == VALIDITY])
        keys = {k.name: k for k in map(read_any_key_file, paths_of_keys(paths))}.values()
        groups = tuple(Registered(k, _of(known, k)) for k in keys if isinstance(k, GroupKey))
        devices = tuple(Registered(k, _of(known, k)) for k in keys if isinstance(k, DeviceSecret))
        _check(places, groups, devices)
        return cls(groups, devices)


def key_paths(places: Sequence[Path]) -> list[Path]:
    """Name the files of keys, and those of their validity, in order; raises `WatermarkError`."""
    paths: list[Path] = []
    for place in places:
        try:
            if place.is_dir():
                inside = sorted(place.rglob("*.json"))
                paths += [p for p in inside if not p.name.startswith(".")]
            else:
                paths += [place, *([v] if (v := place.with_name(VALIDITY)).exists() else [])]
        except (OSError, ValueError) as error:
            raise WatermarkError(f"{place} can't be read: {reason_of(error)}") from error
        if len(paths) > 2 * (MOST_DEVICES + MOST_GROUPS):
            raise WatermarkError(f"{place} holds too many files; name a folder of keys alone")
    return paths


def paths_of_keys(paths: Sequence[Path]) -> list[Path]:
    """Leave out the files that say when keys are in use."""
    return [path for path in paths if path.name != VALIDITY]


def _validity(folders: Sequence[Path]) -> dict[str, Validity]:
    found: dict[str, Validity] = {}
    for folder in folders:
        for name, one in read_validity(folder).items():
            if name not in found or (one.withdrawn and not found[name].withdrawn):
                found[name] = one
    return found


def _of(known: dict[str, Validity], key: Key) -> Validity:
    return known.get(key.name, Validity())


def _check(places: Sequence[Path], groups: Sequence[object], devices: Sequence[object]) -> None:
    named = ", ".join(map(str, places))
    for what, found, most in (
        ("key of a device group", groups, MOST_GROUPS),
        ("secret of a device", devices, MOST_DEVICES),
    ):
        if not found:
            raise WatermarkError(f"there is no {what} in {named}; add its file")
        if len(found) > most:
            raise WatermarkError(
                f"{named} holds {len(found):,} keys of one kind ({what}), and at most {most:,} "
                "are taken; name fewer"
            )
