"""Edited copies of many photos, measured and kept: an interruption loses one photo."""

import json
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from camera_sim.engines import Engine
from camera_sim.errors import TrainingError
from camera_sim.evaluation.watermark.edited import (
    KERNELS,
    STANDARD,
    Measured,
    drawn_edits,
    measured,
)
from camera_sim.evaluation.watermark.photos import Keys, Shot, shots
from channel.output import write
from verifier.watermark.description import NAMES

ROWS = "measured.jsonl"
WAYS = (("facebook",), ("twitter",), ("telegram",), ("linkedin",), ())
"""After which copies are judged; others compress too strongly."""
WAYS_EACH = 3
"""Of each edit of a photo, drawn."""


def gathered(
    files: Sequence[Path], engine: Engine, folder: Path, seed: int
) -> Iterator[list[Measured]]:
    """Measure edited copies of each photo that the folder doesn't have yet; yield all of a photo.

    Parameters
    ----------
    files
        Large photographs, whose captures are simulated.
    folder
        Where ``measured.jsonl`` lies, or is begun.
    """
    known = kept(folder)
    for number, file in enumerate(files):
        rows = [row for row in known if row.photo == file.name]
        if not rows:
            keys = Keys.of_seed(seed, zlib.crc32(file.name.encode()))
            shot = next(iter(shots([file], engine, keys, first=number)))
            rows = list(_of_photo(shot, seed))
            known += rows
            _keep(folder, known)
        yield rows


def _of_photo(shot: Shot, seed: int) -> Iterator[Measured]:
    rng = np.random.default_rng([seed, zlib.crc32(shot.name.encode())])
    for edit in (*STANDARD, *drawn_edits(rng)):
        drawn = rng.choice(len(WAYS), WAYS_EACH, replace=False)
        yield from measured(shot, edit, [WAYS[int(one)] for one in drawn])


def kept(folder: Path) -> list[Measured]:
    """Read what a run has measured so far.

    Raises
    ------
    TrainingError
        If its file is damaged, or of another version.
    """
    path = folder / ROWS
    if not path.exists():
        return []
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
        rows = [_row(json.loads(line)) for line in lines]
    except (ValueError, TypeError, KeyError) as error:
        raise TrainingError(f"{path} is damaged; delete it to measure anew") from error
    lengths = {len(numbers) for row in rows for numbers in (row.keyed, row.blind)}
    kinds = {row.kind for row in rows}
    if not lengths <= {0, len(NAMES)} or (rows and not kinds.issuperset(KERNELS)):
        raise TrainingError(f"{path} is of another version; delete it to measure anew")
    return rows


def _row(row: dict[str, Any]) -> Measured:
    lists = {name: tuple(row[name]) for name in ("way", "keyed", "blind")}
    return Measured(**(row | lists))


def _keep(folder: Path, rows: Sequence[Measured]) -> None:
    text = "".join(json.dumps(row.row()) + "\n" for row in rows)
    write(folder / ROWS, text.encode(), force=True)
