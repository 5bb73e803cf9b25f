"""What an earlier run left in a folder: gone on with, or kept unless asked to replace it."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

from camera_sim.developing.output import check_absent
from camera_sim.errors import OutputError

Record = TypeVar("Record")


def check_new(out: Path | None, *names: str, force: bool) -> None:
    """Refuse to replace tables: said before minutes of work.

    Raises
    ------
    OutputError
        If a file is there, and ``force`` is not given.
    """
    if out:
        _check_folder(out)
        for name in names:
            check_absent(out / name, force=force)


def _check_folder(out: Path) -> None:
    if out.exists() and not out.is_dir():
        raise OutputError(f"{out} is no folder; name another --out")


def earlier_run(
    file: Path,
    settings: Mapping[str, Any],
    records: str,
    record: Callable[[dict[str, Any]], Record],
    *,
    force: bool,
) -> list[Record]:
    """Return the records that a run of the same settings left; none where there is no file.

    Parameters
    ----------
    records
        Under which name they are in the file.
    record
        Makes one of what the file has of it.
    force
        Begin anew in place of another run.

    Raises
    ------
    OutputError
        If the file is of another run, or damaged, and ``force`` is not given.
    """
    _check_folder(file.parent)
    check_absent(file, force=True)
    if not file.exists():
        return []
    reason = "is damaged"
    try:
        content = json.loads(file.read_bytes())
        earlier: Mapping[str, Any] = content["settings"]
        differing = [n for n in {**settings, **earlier} if settings.get(n) != earlier.get(n)]
        if not differing:
            return [record(one) for one in content[records]]
        reason = f"is of a run with other {' and '.join(differing)}"
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        pass
    if force:
        return []
    raise OutputError(f"{file} {reason}; name another --out, or overwrite it with --force")
