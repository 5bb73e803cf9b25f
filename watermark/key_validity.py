"""When a watermark key is in use, and whether it was withdrawn: a file beside the keys.

::

    {"kind": "camsim watermark key validity", "version": 1,
     "keys": {"0011223344556677": {"since": "2026-01-01", "withdrawn": "2026-05-03"}}}

It names keys and holds none.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any, Final, Literal

from channel.errors import OutputError, reason_of
from channel.output import write
from channel.regular_file import read_regular
from watermark.errors import WatermarkError

VALIDITY: Final = "validity.json"
KIND: Final = "camsim watermark key validity"
VERSION: Final = 1
State = Literal["in use", "not in use yet", "ended", "withdrawn"]
_MOST_BYTES: Final = 2_000_000
_FIELDS: Final = ("since", "until", "withdrawn")


@dataclass(frozen=True)
class Validity:
    """When a key is in use: dates in UTC, each included; None: no such date.

    Attributes
    ----------
    since, until
        Of the photos that cameras embed it in. Photos that were taken in time stay readable.
    withdrawn
        Since when what it reads proves nothing, whenever the photo is said to be from.

    Raises
    ------
    WatermarkError
        If it ends before it begins.
    """

    since: date | None = None
    until: date | None = None
    withdrawn: date | None = None

    def __post_init__(self) -> None:
        if self.since and self.until and self.until < self.since:
            raise WatermarkError(f"a key can't be in use from {self.since} until {self.until}")

    def state(self, today: date) -> State:
        """Return how the key stands on a day."""
        if self.withdrawn and self.withdrawn <= today:
            return "withdrawn"
        if self.since and today < self.since:
            return "not in use yet"
        return "ended" if self.until and self.until < today else "in use"


def read_validity(folder: Path) -> dict[str, Validity]:
    """Read when a folder's keys are in use, by their names; a folder without the file says nothing.

    Raises
    ------
    WatermarkError
        If the file can't be read, or a part of it is no date.
    """
    path = folder / VALIDITY
    try:
        content = read_regular(path) if path.exists() else None
    except OSError as error:
        raise WatermarkError(f"{path} can't be read: {reason_of(error)}") from error
    return {} if content is None else _parsed(content, path)


def set_validity(folder: Path, name: str, **dates: date) -> Validity:
    """Note when a key is in use, and keep what is known of the others.

    Parameters
    ----------
    dates
        Those of `Validity` that change.

    Raises
    ------
    WatermarkError
        If the file is damaged, or can't be written.
    """
    known = read_validity(folder)
    known[name] = replace(known.get(name, Validity()), **dates)
    keys = {key: {k: _written(v) for k, v in asdict(one).items()} for key, one in known.items()}
    content = json.dumps({"kind": KIND, "version": VERSION, "keys": keys}, indent=2) + "\n"
    try:
        write(folder / VALIDITY, content.encode(), force=True)
    except OutputError as error:
        raise WatermarkError(str(error)) from error
    return known[name]


def _written(day: date | None) -> str | None:
    return day.isoformat() if day else None


def _parsed(content: bytes, path: Path) -> dict[str, Validity]:
    try:
        described: Any = json.loads(content) if len(content) <= _MOST_BYTES else None
        if described["kind"] != KIND:
            raise ValueError("it is another file")
        if described["version"] != VERSION:
            raise WatermarkError(f"{path} is of another version; read it with a newer camsim")
        return {str(name): _validity(one) for name, one in described["keys"].items()}
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise WatermarkError(
            f"{path} doesn't say when keys are in use ({error}); mend it: no key can be trusted "
            "without it"
        ) from error


def _validity(stated: Mapping[str, Any]) -> Validity:
    if unknown := stated.keys() - set(_FIELDS):
        raise ValueError(f"no date is called {min(unknown)!a}")
    return Validity(**{k: date.fromisoformat(v) for k, v in stated.items() if v is not None})
