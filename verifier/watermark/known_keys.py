"""The keys that watermarks are read with: a user's own, and those that others gave."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

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
    keys, problems = list(keys_of(named)), []
    folder = _folder()
    for file in group_key_files(folder):
        try:
            keys.append(_read(file))
        except WatermarkError as error:
            problems.append(str(error))
    if not keys:
        raise SettingsError(
            "; ".join(problems)
            or f"no watermark key is known: there is none in {folder}; give the file of one by "
            "--key (from Python, keys=), as `camsim watermark export-key` writes it at the camera"
        )
    return KnownKeys(tuple({key.name: key for key in keys}.values()), tuple(problems))


def keys_of(named: Sequence[GroupKey | str | Path]) -> tuple[GroupKey, ...]:
    """Return keys, those of files read. Raises `SettingsError`."""
    try:
        return tuple(key if isinstance(key, GroupKey) else _read(Path(key)) for key in named)
    except WatermarkError as error:
        raise SettingsError(str(error)) from error


def _folder() -> Path:
    try:
        return user_folder()
    except WatermarkError as error:
        raise SettingsError(str(error)) from error


def _read(file: Path) -> GroupKey:
    return read_key_file(file, GroupKey)
