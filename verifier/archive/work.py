"""The folder of a run that isn't finished: its list of pictures, and the parts that are written.

The list is made once, so a run that goes on does so over the same pictures, and a part is there
whole or not at all: no picture can be lost or counted twice.
"""

import fcntl
import json
import os
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import Final

import pyarrow as pa
import pyarrow.parquet as pq
from pydantic import BaseModel, ConfigDict, ValidationError

from verifier.archive.analysis import Shard
from verifier.archive.rows import SCHEMA, Row, table
from verifier.errors import OutputError, PhotoNotFoundError

_ROWS_OF_A_GROUP: Final = 50_000  # in the finished table
_CODEC: Final = "zstd"


class Plan(BaseModel):
    """What a run is of; another one in the same place is refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    source: str
    how: str
    shard: int
    photos: int


class Work:
    """The folder beside the table, with the table's name and ``.parts``."""

    def __init__(self, out: Path) -> None:
        self._out = out
        self.folder = out.with_name(out.name + ".parts")

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Keep a second run out; raises `OutputError` if there is one."""
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            descriptor = os.open(self.folder / "lock", os.O_RDWR | os.O_CREAT, 0o644)
        except OSError as error:
            raise OutputError(f"{self.folder} can't be written: {error}") from error
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            yield
        except BlockingIOError as error:
            raise OutputError(f"another run is at work in {self.folder}; wait for it") from error
        finally:
            os.close(descriptor)

    def planned(self, source: str, how: str, shard: int, photos: Iterable[str]) -> Plan:
        """Return the plan of an earlier run, or list the pictures and make one.

        Raises
        ------
        OutputError
            If the folder is of another run, or can't be written.
        PhotoNotFoundError
            If there are no pictures.
        """
        found = self._read_plan()
        if found is None:
            return self._make_plan(source, how, shard, photos)
        if (found.source, found.how) != (source, how):
            raise OutputError(
                f"{self.folder} is of another run, of {found.source}, or of other options; finish "
                "that one, or delete the folder"
            )
        return found

    def shards(self, plan: Plan) -> Iterator[Shard]:
        """Yield what isn't written yet."""
        with self._names.open(encoding="ascii") as file:
            number = 0
            while names := tuple(map(json.loads, islice(file, plan.shard))):
                if not self._part(number).exists():
                    yield Shard(number, names)
                number += 1

    def written(self, plan: Plan) -> int:
        """Count the pictures that are written."""
        count = len(list(self.folder.glob("*.parquet")))
        last = (plan.photos - 1) // plan.shard
        missing = (last + 1) * plan.shard - plan.photos
        return count * plan.shard - (missing if self._part(last).exists() else 0)

    def write(self, shard: Shard, rows: list[Row]) -> None:
        """Write a part, whole or not at all; raises `OutputError`."""
        part = self._part(shard.number)
        temporary = part.with_suffix(".writing")
        try:
            pq.write_table(table(rows), temporary, compression=_CODEC)
            _to_disk(temporary)
            temporary.replace(part)
        except OSError as error:
            raise OutputError(f"{part} can't be written: {error}") from error

    def finish(self, plan: Plan) -> None:
        """Put the parts together, in the order of the pictures, and delete them.

        Raises
        ------
        OutputError
            If the table can't be written, or a row is missing.
        """
        temporary = self.folder / "table.writing"
        try:
            count = self._joined(temporary, plan)
            if count != plan.photos:
                raise OutputError(
                    f"{count} rows were written for {plan.photos} pictures; run again"
                )
            _to_disk(temporary)
            temporary.replace(self._out)
            shutil.rmtree(self.folder)
        except OSError as error:
            raise OutputError(f"{self._out} can't be written: {error}") from error

    def _joined(self, path: Path, plan: Plan) -> int:
        """Write all parts into one file; returns its rows."""
        waiting: list[pa.Table] = []
        count = rows = 0
        with pq.ParquetWriter(path, SCHEMA, compression=_CODEC) as writer:
            for number in range(-(-plan.photos // plan.shard)):
                waiting.append(pq.read_table(self._part(number), schema=SCHEMA))
                rows += len(waiting[-1])
                if rows >= _ROWS_OF_A_GROUP:
                    writer.write_table(pa.concat_tables(waiting))
                    count, rows, waiting = count + rows, 0, []
            if waiting:
                writer.write_table(pa.concat_tables(waiting))
        return count + rows

    def _read_plan(self) -> Plan | None:
        path = self.folder / "plan.json"
        try:
            return Plan.model_validate_json(path.read_bytes())
        except FileNotFoundError:
            return None
        except (OSError, ValidationError) as error:
            raise OutputError(f"{path} is no plan of a run; delete {self.folder}") from error

    def _make_plan(self, source: str, how: str, shard: int, photos: Iterable[str]) -> Plan:
        count = 0
        with self._names.open("w", encoding="ascii") as file:
            for photo in photos:
                file.write(json.dumps(photo) + "\n")
                count += 1
        if not count:
            shutil.rmtree(self.folder)
            raise PhotoNotFoundError(f"{source} holds no picture")
        plan = Plan(source=source, how=how, shard=shard, photos=count)
        temporary = self.folder / "plan.writing"
        _to_disk(self._names)
        temporary.write_text(plan.model_dump_json())
        temporary.replace(self.folder / "plan.json")
        return plan

    @property
    def _names(self) -> Path:
        return self.folder / "photos.jsonl"

    def _part(self, number: int) -> Path:
        return self.folder / f"{number:09}.parquet"


def _to_disk(path: Path) -> None:
    with path.open("rb") as file:
        os.fsync(file.fileno())
