"""Pictures a second of an archive, and how that grows with the workers."""

import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
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
    """

    engine: str
    workers: int
    photos: int
    seconds: float

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
            listed = Path(folder) / "photos.txt"
            listed.write_text(
                "".join(f"{photos[i % len(photos)]}\n" for i in range(count)), encoding="utf-8"
            )
            out = Path(folder) / "report.parquet"
            summary = verify_archive(Archive(str(listed), out, shard=20), options, engine)
        yield ArchiveResult(name, number, summary.photos, summary.seconds)
