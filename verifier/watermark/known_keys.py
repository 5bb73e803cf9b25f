"""The keys that watermarks are read with: a user's own, and those that others gave."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from channel.errors import reason_of
from verifier.errors import SettingsError
from watermark.errors import WatermarkError
from watermark.key_files import read_key_file
from watermark.key_folder import group_key_files, user_folder
from watermark.keys import GroupKey


@dataclass(frozen=True)
class KnownKeys:
    """Group keys, each once.

    Attributes
    ----------
    problems
        A sentence for each file of the user's folder that can't be read.
    """

    keys: tuple[GroupKey, ...]
    problems: tuple[str, ...] = ()


def known_keys(named: Sequence[GroupKey | str | Path] = ()) -> KnownKeys:
    """Gather the keys of the user's folder, after those that are named.

    Parameters
    ----------
    named
        Keys, or their files.

    Raises
    ------
    SettingsError
        If a named file can't be read, or no key is known at all.
    """
    known = keys_if_any(named)
    if not known.keys:
        raise SettingsError(
            "; ".join(known.problems)
            or f"no watermark key is known: there is none in {_folder()}; give one by --key, or "
            "keys= in Python; `camsim watermark export-key` writes it at the camera"
        )
    return known


def keys_if_any(named: Sequence[GroupKey | str | Path] = ()) -> KnownKeys:
    """Gather keys as `known_keys` does; there may be none.

    Raises
    ------
    SettingsError
        If a named file can't be read.
    """
    keys = list(keys_of(named))
    files, problems = _own_files()
    for file in files:
        try:
            keys.append(_read(file))
        except WatermarkError as error:
            problems.append(str(error))
    return KnownKeys(tuple({key.name: key for key in keys}.values()), tuple(problems))


def keys_of(named: Sequence[GroupKey | str | Path]) -> tuple[GroupKey, ...]:
    """Return keys, those of files read. Raises `SettingsError`."""
    try:
        return tuple(key if isinstance(key, GroupKey) else _read(Path(key)) for key in named)
    except WatermarkError as error:
        raise SettingsError(str(error)) from error


def _own_files() -> tuple[list[Path], list[str]]:
    """List the files of the user's folder, and say if it can't be read."""
    try:
        return list(group_key_files(user_folder())), []
    except WatermarkError:  # the user has no home, so no keys there
        return [], []
    except OSError as error:
        return [], [f"the folder of watermark keys can't be read: {reason_of(error)}"]


def _folder() -> Path:
    try:
        return user_folder()
    except WatermarkError as error:
        raise SettingsError(str(error)) from error


def _read(file: Path) -> GroupKey:
    return read_key_file(file, GroupKey)
