"""``camsim watermark withdraw-key`` and ``key-dates``: when a key of a measuring service counts."""

from dataclasses import KW_ONLY, dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Annotated

from camera_sim.errors import IdentityError
from channel.options import read_by
from channel.terminal import say
from watermark.key_files import read_any_key_file
from watermark.key_register import key_paths, paths_of_keys
from watermark.key_validity import Validity, read_validity, set_validity


def day_of(text: str) -> date:
    """Parse a day such as 2026-11-29."""
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise ValueError(f"must be a day such as 2026-11-29, not {text!r}") from error


Day = Annotated[date | None, read_by(day_of)]


@dataclass(frozen=True)
class WithdrawKey:
    """Withdraw a watermark key: what it reads proves nothing from that day on.

    The key stays in its file, so that a measuring service can say so. `camsim serve
    --measuring-keys` counts it at once, without a restart.

    Parameters
    ----------
    folder
        Of the keys, with all that is under it; the file validity.json there gets the day.
    key
        Its name, as `camsim watermark keys` prints it.
    on
        Since which day, in UTC (default: today).
    """

    folder: Path
    key: str
    _: KW_ONLY
    on: Day = None

    def __call__(self) -> int:
        """Write it down, and say so."""
        _check(self.folder, self.key)
        before = read_validity(self.folder).get(self.key, Validity()).withdrawn
        if before:
            raise IdentityError(f"{self.key} was withdrawn on {before}; nothing was changed")
        day = self.on or datetime.now(UTC).date()
        set_validity(self.folder, self.key, withdrawn=day)
        say(f"{self.key} is withdrawn since {day}: what it reads proves nothing")
        return 0


@dataclass(frozen=True)
class KeyDates:
    """Say from when until when cameras embed a watermark key, as keys rotate.

    Photos that were taken in time are measured afterwards, too; the answer names the last day.

    Parameters
    ----------
    folder
        Of the keys, with all that is under it; the file validity.json there gets the days.
    key
        Its name, as `camsim watermark keys` prints it.
    since
        First day, in UTC.
    until
        Last day.
    """

    folder: Path
    key: str
    _: KW_ONLY
    since: Day = None
    until: Day = None

    def __call__(self) -> int:
        """Write it down, and say so."""
        dates = {name: day for name in ("since", "until") if (day := getattr(self, name))}
        if not dates:
            raise IdentityError("there is nothing to note; give --since, --until or both")
        _check(self.folder, self.key)
        now = set_validity(self.folder, self.key, **dates)
        say(
            f"{self.key}: in use since {now.since or 'ever'}, until {now.until or 'further notice'}"
        )
        return 0


def _check(folder: Path, name: str) -> None:
    """Refuse a name that no key of a folder has."""
    if not folder.is_dir():
        raise IdentityError(f"{folder} is no folder of keys")
    names = [read_any_key_file(path).name for path in paths_of_keys(key_paths([folder]))]
    if name not in names:
        raise IdentityError(
            f"no key in {folder} is called {name}; it holds {', '.join(names) or 'none'}"
        )
