"""The folder of a run that isn't finished: its list of pictures, and the parts that are written.

The list is made once, so a run that goes on does so over the same pictures, and a part is there
whole or not at all: no picture can be lost or counted twice. What a crash, a full disk or a bad one
left damaged is dropped, told, and done again: each part says itself of what it is.
"""

import fcntl
import hashlib
import json
import logging
import os
import re
import secrets
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from itertools import islice
from pathlib import Path
from typing import Final

import pyarrow as pa
import pyarrow.parquet as pq
from pydantic import AliasChoices, BaseModel, ConfigDict, Field, ValidationError

from channel.printable import name_as_text
from verifier.archive.analysis import Shard
from verifier.archive.rows import SCHEMA, Row, table
from verifier.errors import OutputError, PhotoNotFoundError

_log = logging.getLogger(__name__)
_ROWS_OF_A_GROUP: Final = 50_000  # in the finished table
_CODEC: Final = "zstd"
_PART: Final = re.compile(r"\d{9,}\.parquet")
_OURS: Final = re.compile(
    r"\d{9,}\.(parquet|writing)|(photos|plan|table)\.writing|photos\.jsonl|plan\.json"
)
_RUN: Final = b"camsim.run"  # which run made a table
_OF: Final = b"camsim.of"  # digest of a part's pictures and options

Notice = Callable[[str], None]
ShardSize = Callable[[int], int]
"""How many pictures a part has, by how many there are in all."""


class Plan(BaseModel):
    """What a run is of; another one in the same place is refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    run: str
    source: str
    options: str = Field(validation_alias=AliasChoices("options", "how"))  # older runs: how
    shard: int
    photos: int
    names: str  # digest of the list


class ShardStore:
    """The folder beside the table, with the table's name and ``.parts``.

    Parameters
    ----------
    out
        The table.
    notice
        Told, in a sentence, of all that is dropped; the log, if it isn't given.
    """

    def __init__(self, out: Path, notice: Notice = _log.warning) -> None:
        self._out = out
        self._notice = notice
        self.folder = out.with_name(out.name + ".parts")

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Keep a second run out; raises `OutputError` if there is one."""
        with _written(self.folder):
            self.folder.mkdir(parents=True, exist_ok=True)
            descriptor = os.open(self.folder / "lock", os.O_RDWR | os.O_CREAT, 0o644)
        try:
            self._lock(descriptor)
            yield
        finally:
            os.close(descriptor)

    def _lock(self, descriptor: int) -> None:
        # The system takes the lock from a process that dies: a file that lies there locks nothing.
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise OutputError(f"another run is at work in {self.folder}; wait for it") from error
        except OSError as error:
            raise OutputError(f"{self.folder} can't be locked: {error.strerror}") from error
        if not os.fstat(descriptor).st_nlink:
            raise OutputError(f"another run has just finished {self._out}; look at it first")

    def planned(
        self, source: str, options: str, shard_size: ShardSize, photos: Iterable[str]
    ) -> Plan:
        """Return the plan of an earlier run, or list the pictures and make one.

        Raises
        ------
        OutputError
            If the folder is of another run, or can't be written.
        PhotoNotFoundError
            If there are no pictures.
        """
        with _written(self.folder):
            for leftover in self.folder.glob("*.writing"):
                if _OURS.fullmatch(leftover.name):
                    leftover.unlink()
            found = self._read_plan()
            if found and self._is_finished(found):
                self._empty()  # the run was killed while it tidied up
                found = None
            if found is None:
                return self._make_plan(source, options, shard_size, photos)
        if (found.source, found.options) != (name_as_text(source), options):
            raise OutputError(
                f"{self.folder} is of another run: of {found.source}, or of other options, models "
                "or version; finish that one, or delete the folder"
            )
        return found

    def shards(self, plan: Plan) -> Iterator[Shard]:
        """Yield what isn't written yet."""
        for shard in self._all(plan):
            if not self._part(shard.number).exists():
                yield shard

    def written(self, plan: Plan) -> int:
        """Count the pictures that are written; drops parts that are damaged, or of another list."""
        known: set[Path] = set()
        count = 0
        for shard in self._all(plan):
            part = self._part(shard.number)
            known.add(part)
            if part.exists() and self._is_whole(part, plan, shard):
                count += len(shard.photos)
        for part in self.folder.glob("*.parquet"):
            if _PART.fullmatch(part.name) and part not in known:
                self._drop(part, "it is of another list of pictures")
        return count

    def _is_whole(self, part: Path, plan: Plan, shard: Shard) -> bool:
        try:
            found = pq.read_metadata(part)
            schema = found.schema.to_arrow_schema()
        except (OSError, ValueError, pa.ArrowException):
            return self._drop(part, "it is cut off or damaged")
        if not schema.equals(SCHEMA) or found.num_rows != len(shard.photos):
            return self._drop(part, "its table is another version's")
        if not _marks(plan, shard).items() <= (found.metadata or {}).items():
            return self._drop(part, "it is of another list of pictures, or of other options")
        return True

    def _drop(self, part: Path, why: str) -> bool:
        self._notice(f"{part} is dropped and its pictures are done again: {why}")
        with _written(part):
            part.unlink(missing_ok=True)
        return False

    def write(self, plan: Plan, shard: Shard, rows: list[Row]) -> None:
        """Write a part, whole or not at all; raises `OutputError`."""
        part = self._part(shard.number)
        marked = table(rows).replace_schema_metadata(_marks(plan, shard))
        with _replacing(part, part.with_suffix(".writing")) as temporary:
            pq.write_table(marked, temporary, compression=_CODEC, write_page_checksum=True)

    def finish(self, plan: Plan) -> bool:
        """Put the parts together, in the order of the pictures, and delete them.

        Returns
        -------
        bool
            False: a part was damaged and is dropped, so its pictures are to be done again.

        Raises
        ------
        OutputError
            If the table can't be written.
        """
        try:
            with _replacing(self._out, self.folder / "table.writing") as temporary:
                self._join(temporary, plan)
        except _DamagedError as error:
            self._drop(error.part, "it can't be read")
            return False
        with _written(self.folder):
            self._sweep()
        return True

    def _join(self, path: Path, plan: Plan) -> None:
        """Write all parts into one file; raises `_DamagedError`."""
        waiting: list[pa.Table] = []
        schema = SCHEMA.with_metadata({_RUN: plan.run.encode()})
        with pq.ParquetWriter(path, schema, compression=_CODEC) as writer:
            for shard in self._all(plan):
                waiting.append(_read(self._part(shard.number), len(shard.photos)))
                if sum(map(len, waiting)) >= _ROWS_OF_A_GROUP:
                    writer.write_table(pa.concat_tables(waiting).cast(schema))
                    waiting = []
            if waiting:
                writer.write_table(pa.concat_tables(waiting).cast(schema))

    def _all(self, plan: Plan) -> Iterator[Shard]:
        with self._names.open(encoding="ascii") as file:
            number = 0
            while names := tuple(map(json.loads, islice(file, plan.shard))):
                yield Shard(number, names)
                number += 1

    def _read_plan(self) -> Plan | None:
        path = self.folder / "plan.json"
        try:
            plan = Plan.model_validate_json(path.read_bytes())
            with self._names.open("rb") as names:
                if hashlib.file_digest(names, "sha256").hexdigest() == plan.names:
                    return plan
        except FileNotFoundError:
            if not path.exists():
                return None
        except ValidationError:
            pass
        self._notice(
            f"the list of pictures in {self.folder} is cut off or damaged: it is made again, and "
            "parts that agree with it are kept"
        )
        return None

    def _make_plan(
        self, source: str, options: str, shard_size: ShardSize, photos: Iterable[str]
    ) -> Plan:
        count = 0
        digest = hashlib.sha256()
        writing = _replacing(self._names, self.folder / "photos.writing")
        with writing as temporary, temporary.open("wb") as file:
            for photo in photos:
                line = json.dumps(photo).encode("ascii") + b"\n"
                file.write(line)
                digest.update(line)
                count += 1
        if not count:
            self._sweep()
            raise PhotoNotFoundError(f"{source} holds no picture")
        plan = Plan(
            run=secrets.token_hex(16),
            source=name_as_text(source),
            options=options,
            shard=shard_size(count),
            photos=count,
            names=digest.hexdigest(),
        )
        with _replacing(self.folder / "plan.json", self.folder / "plan.writing") as temporary:
            temporary.write_text(plan.model_dump_json(), encoding="utf-8")
        return plan

    def _is_finished(self, plan: Plan) -> bool:
        """Whether the table is there already, so that this folder is only what a kill left."""
        try:
            return (pq.read_schema(self._out).metadata or {}).get(_RUN) == plan.run.encode()
        except (OSError, ValueError, pa.ArrowException):
            return False

    def _empty(self) -> None:
        """Delete what is ours, the plan last; what somebody else laid here stays."""
        ours = [path for path in self.folder.iterdir() if _OURS.fullmatch(path.name)]
        for path in sorted(ours, key=lambda path: path.name == "plan.json"):
            path.unlink(missing_ok=True)

    def _sweep(self) -> None:
        """Delete the folder, too, as far as it is ours."""
        self._empty()
        (self.folder / "lock").unlink(missing_ok=True)
        with suppress(OSError):  # it holds something else
            self.folder.rmdir()

    @property
    def _names(self) -> Path:
        return self.folder / "photos.jsonl"

    def _part(self, number: int) -> Path:
        return self.folder / f"{number:09}.parquet"


class _DamagedError(Exception):
    """A part can't be read."""

    def __init__(self, part: Path) -> None:
        super().__init__(str(part))
        self.part = part


def _read(part: Path, rows: int) -> pa.Table:
    try:
        found = pq.read_table(part, page_checksum_verification=True).replace_schema_metadata()
    except (OSError, ValueError, pa.ArrowException) as error:
        raise _DamagedError(part) from error
    if len(found) != rows or not found.schema.equals(SCHEMA):
        raise _DamagedError(part)
    return found


def _marks(plan: Plan, shard: Shard) -> dict[bytes, bytes]:
    """Say of what a part is, whatever becomes of its plan: pictures, options, models, version."""
    of = json.dumps([plan.options, *shard.photos]).encode()
    return {_OF: hashlib.sha256(of).hexdigest().encode()}


@contextmanager
def _written(path: Path) -> Iterator[None]:
    """Tell in a sentence that something can't be written."""
    try:
        yield
    except OSError as error:
        reason = error.strerror or error
        raise OutputError(
            f"{path} can't be written: {reason}; make room or mend it, and run again: what is "
            "done stays done"
        ) from error


@contextmanager
def _replacing(path: Path, temporary: Path) -> Iterator[Path]:
    """Have a file written beside, and put in its place once it is on the disk; or leave nothing."""
    with _written(path):
        try:
            yield temporary
            with temporary.open("rb") as file:
                os.fsync(file.fileno())
            temporary.replace(path)
        except BaseException:
            with suppress(OSError):
                temporary.unlink(missing_ok=True)
            raise
