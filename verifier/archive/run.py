"""Verifying an archive: list, analyse by many workers, write parts, put them together."""

import hashlib
import logging
import math
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Final

from fleet import Engine, FleetError, WorkerDied
from verifier.archive.analysis import ArchiveOptions, Shard, analyse_shard
from verifier.archive.listing import pictures
from verifier.archive.rows import SCHEMA, Row, row_of_error
from verifier.archive.shard_store import Notice, ShardStore
from verifier.errors import OutputError, WorkerError

Progress = Callable[[int, int], None]
_log = logging.getLogger(__name__)
_ROUNDS: Final = 3  # in which a disk may damage what was written
# Parts of each worker, so that the last to finish is late by an eighth of its work at most.
_PARTS_OF_A_WORKER: Final = 8
_MANY: Final = 64  # workers, where nobody says how many there will be


@dataclass(frozen=True)
class Archive:
    """What is verified, and where the table goes.

    Attributes
    ----------
    source
        As `pictures` takes it.
    out
        A Parquet file.
    shard
        Most pictures that are done and written together: what a kill costs, for each worker. A
        small archive has smaller parts, so that no worker is idle.
    force
        Whether a finished table may be replaced.
    """

    source: str
    out: Path
    shard: int = 100
    force: bool = False


@dataclass(frozen=True)
class Summary:
    """What came out of a run: pictures of all runs together, and of this one alone."""

    photos: int
    done_now: int
    seconds: float
    verdicts: dict[str, int]


def verify_archive(
    archive: Archive,
    options: ArchiveOptions,
    engine: Engine,
    progress: Progress = lambda *_: None,
    notice: Notice = _log.warning,
) -> Summary:
    """Write a table with a row for each picture; goes on where an earlier run was stopped.

    Parameters
    ----------
    progress
        Called with the pictures that are done and all of them.
    notice
        Called with a sentence for all of an earlier run that is dropped.

    Raises
    ------
    OutputError
        If the table is there already, is being made by another run, or can't be written.
    PhotoNotFoundError
        If there are no pictures.
    WorkerError
        If workers can't be started, or one failed for another reason than its picture.
    """
    _check_new(archive)
    start = time.perf_counter()
    store = ShardStore(archive.out, notice)
    verdicts: Counter[str] = Counter()
    with store.alone():
        plan = store.planned(
            archive.source,
            _digest(options),
            partial(_shard_size, archive.shard, engine.workers or _MANY),
            pictures(archive.source),
        )
        _check_new(archive)  # another run may have finished it meanwhile
        before = done = store.written(plan)
        progress(done, plan.photos)
        for _ in range(_ROUNDS):
            for shard, rows in _analysed(options, engine, store.shards(plan)):
                store.write(plan, shard, rows)
                done += len(rows)
                verdicts.update(row.get("verdict") or "error" for row in rows)
                progress(done, plan.photos)
            if store.finish(plan):
                break
            before = done = store.written(plan)
        else:
            raise OutputError(f"parts in {store.folder} can't be read again; use another disk")
    return Summary(plan.photos, done - before, time.perf_counter() - start, dict(verdicts))


def _shard_size(most: int, workers: int, photos: int) -> int:
    """Return how many pictures are done and written together; one worker is never idle."""
    return most if workers == 1 else min(most, math.ceil(photos / (workers * _PARTS_OF_A_WORKER)))


def _check_new(archive: Archive) -> None:
    if archive.out.exists() and not archive.force:
        raise OutputError(f"{archive.out} exists; add --force to replace it")


def _analysed(
    options: ArchiveOptions, engine: Engine, shards: Iterator[Shard]
) -> Iterator[tuple[Shard, list[Row]]]:
    """Yield each shard with its rows; one that no worker survives is done picture by picture."""
    deadly: list[Shard] = []
    act = partial(analyse_shard, options)
    try:
        with closing(engine.map(act, shards)) as results:  # type: ignore[type-var]
            for shard, rows in results:
                if isinstance(rows, WorkerDied):
                    deadly.append(shard)
                else:
                    yield shard, rows
        for shard in deadly:
            yield shard, _one_by_one(act, engine, shard)
    except FleetError as error:
        raise WorkerError(str(error)) from error


def _one_by_one(act: Callable[[Shard], list[Row]], engine: Engine, shard: Shard) -> list[Row]:
    """Find the picture that kills its workers; it becomes a row as the others do."""
    singles = [Shard(place, (photo,)) for place, photo in enumerate(shard.photos)]
    rows: dict[int, Row] = {}
    for single, result in engine.map(act, singles):
        [photo] = single.photos
        died = row_of_error(photo, "WorkerError", "every worker that analysed it died")
        rows[single.number] = died if isinstance(result, WorkerDied) else result[0]
    return [rows[place] for place in range(len(singles))]


def _digest(options: ArchiveOptions) -> str:
    """Tell runs with other options or models apart."""
    manifest = (options.folder / "manifest.json").read_bytes()
    parts = (repr(options), str(SCHEMA), _version())
    return hashlib.sha256("\n".join(parts).encode() + manifest).hexdigest()


def _version() -> str:
    try:
        return version("camsim")
    except PackageNotFoundError:  # run from a folder
        return "0"
