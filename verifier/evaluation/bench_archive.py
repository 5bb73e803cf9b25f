"""Pictures a second of an archive, and how that grows with the workers."""

import resource
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import cycle
from pathlib import Path

from fleet import Engine, Processes, RayCluster
from verifier.archive import Archive, ArchiveOptions, verify_archive


@dataclass(frozen=True)
class ArchiveResult:
    """One run.

    Attributes
    ----------
    engine
        "processes" or "ray".
    seconds
        Start of the workers included.
    processor
        Seconds of all cores of the workers and their reading processes, their start included.
    """

    engine: str
    workers: int
    photos: int
    seconds: float
    processor: float

    @property
    def rate(self) -> float:
        """Pictures a second."""
        return self.photos / self.seconds


def bench_archive(
    photos: Sequence[Path],
    count: int,
    options: ArchiveOptions,
    workers: Sequence[int],
    *,
    ray: bool,
) -> Iterator[ArchiveResult]:
    """Verify ``count`` pictures, the given ones in turn, by each number of workers.

    Parameters
    ----------
    ray
        Whether a cluster of Ray, of this machine alone, is measured too.
    """
    engines: list[tuple[str, int, Engine]] = [("processes", n, Processes(n)) for n in workers]
    if ray:
        engines += [("ray", n, RayCluster("local", n)) for n in workers]
    for name, number, engine in engines:
        with tempfile.TemporaryDirectory() as folder:
            archive = Archive(str(_linked(photos, count, folder)), Path(folder) / "table.parquet")
            before = _processor()
            summary = verify_archive(archive, options, engine)
        processor = _processor() - before
        yield ArchiveResult(name, number, summary.photos, summary.seconds, processor)


def _linked(photos: Sequence[Path], count: int, folder: str) -> Path:
    """List so many pictures by names of their own: an archive takes each name once."""
    names = [Path(folder) / str(number) for number in range(count)]
    for name, photo in zip(names, cycle(photos), strict=False):
        name.symlink_to(photo.absolute())
    listed = Path(folder) / "photos.txt"
    listed.write_text("".join(f"{name}\n" for name in names), encoding="utf-8")
    return listed


def _processor() -> float:
    """Return the seconds of all cores of the processes that this one started and saw end."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime
