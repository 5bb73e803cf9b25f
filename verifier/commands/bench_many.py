"""``camsim bench serve`` and ``bench archive``: many pictures, over HTTP and in an archive."""

import os
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import KW_ONLY, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

from channel.evaluation.bench_history import RecordOption
from channel.extras import of_extra
from channel.options import SOME, Count
from verifier.evaluation.bench import write_sample
from verifier.weights import FOLDER, read_manifest

if TYPE_CHECKING:
    from verifier.evaluation.bench_service import LoadResult

# What networks serve: 2 megapixels.
_SIZE: Final = (1600, 1200)
_SAMPLES: Final = 8


@dataclass(frozen=True)
class CommonOptions(RecordOption):
    """Options that several commands share.

    Parameters
    ----------
    photo
        Default: made ones of 2 megapixels.
    weights
        Models of your own.
    workers
        At a time.
    """

    photo: tuple[Path, ...] = ()
    _: KW_ONLY
    weights: Path = FOLDER
    workers: Annotated[tuple[Count, ...], SOME] = tuple(sorted({1, os.cpu_count() or 1}))


@dataclass(frozen=True)
class BenchServe(CommonOptions):
    """The service under load: answers lost, seconds, memory; and an overflowing queue.

    Post photos to a fresh service, many at a time: on one core, and by each number of workers on
    all cores. Then with a queue of 2.

    Parameters
    ----------
    requests
        Photos to post.
    at_a_time
        Clients.
    """

    _: KW_ONLY
    requests: int = 200
    at_a_time: int = 16

    def __call__(self) -> int:
        """Print what came of the load, and of the overflow."""
        from verifier.evaluation.bench_service import bench_service

        self.check_record()
        figures: dict[str, float] = {}
        most = max(self.workers)
        settings = [("one core", 1, 32, 1)]
        settings += [(f"{n} at a time", n, 32, 0) for n in self.workers]
        settings += [(f"overflow, {most} at a time", most, 2, 0)]
        with _samples(self.photo) as photos:
            print(_setting(self))
            slowest = 0.0
            for title, workers, queue, threads in settings:
                result = bench_service(
                    photos,
                    self.weights,
                    requests=self.requests,
                    at_a_time=self.at_a_time,
                    workers=workers,
                    queue=queue,
                    threads=threads,
                )
                slowest = slowest or result.rate
                print(_line(title, result, result.rate / slowest), flush=True)
                figures |= _figures(title, result)
        self.keep("serve", figures)
        return 0


@dataclass(frozen=True)
class BenchArchive(CommonOptions):
    """Pictures a second of verify-archive, by workers.

    Verify an archive of so many pictures by one worker, and by more.

    Parameters
    ----------
    photos
        In the archive.
    ray
        Measure Ray on this machine, too.
    no_resend
        Without the stability test.
    """

    _: KW_ONLY
    photos: int = 200
    ray: bool = False
    no_resend: bool = False

    def __call__(self) -> int:
        """Print a row a number of workers."""
        with of_extra("archive", "archives need"):
            from verifier.archive import ArchiveOptions
            from verifier.evaluation.bench_archive import bench_archive
            from verifier.settings import Settings
        self.check_record()
        figures: dict[str, float] = {}
        options = ArchiveOptions(
            self.weights, Settings(resend_through=()) if self.no_resend else Settings()
        )
        with _samples(self.photo) as photos:
            print(_setting(self))
            print(
                f"{'engine':<11}{'workers':>8}{'photos':>8}{'s':>8}{'photos/s':>10}{'growth':>8}"
                f"{'CPU s a photo':>15}{'cores':>7}"
            )
            first: dict[str, float] = {}
            for result in bench_archive(photos, self.photos, options, self.workers, ray=self.ray):
                at = f"{result.engine}, {result.workers} at a time"
                figures[f"{at}, photos/s"] = result.rate
                figures[f"{at}, CPU s a photo"] = result.processor / result.photos
                growth = result.rate / first.setdefault(result.engine, result.rate)
                print(
                    f"{result.engine:<11}{result.workers:>8}{result.photos:>8}{result.seconds:>8.1f}"
                    f"{result.rate:>10.2f}{growth:>8.2f}"
                    f"{result.processor / result.photos:>15.2f}"
                    f"{result.processor / result.seconds:>7.2f}",
                    flush=True,
                )
        self.keep("archive", figures)
        return 0


def _figures(title: str, result: "LoadResult") -> dict[str, float]:
    return {
        f"{title}, photos/s": result.rate,
        f"{title}, p95 s": result.p95,
        f"{title}, CPU s a photo": result.processor / result.requests,
        f"{title}, peak MB": result.memory / 1e6,
    }


def _line(title: str, result: "LoadResult", growth: float) -> str:
    answered = result.statuses.get(200, 0)
    others = ", ".join(f"{n} × {status}" for status, n in result.statuses.items() if status != 200)
    return (
        f"{title}: {answered} of {result.requests} reports, {result.requests - answered} lost"
        f"{f' ({others})' if others else ''}; p50 {result.p50:.2f} s, p95 {result.p95:.2f} s; "
        f"{result.rate:.2f} a second ({growth:.2f} × one core); "
        f"{result.processor / result.requests:.2f} CPU s a photo, "
        f"{result.processor / result.seconds:.2f} cores; at most {result.memory / 1e6:.0f} MB"
    )


def _setting(args: CommonOptions) -> str:
    models = ", ".join(entry.name for entry in read_manifest(args.weights).models) or "none"
    what = f"{len(args.photo)} photos" if args.photo else "made photos of 2 megapixels"
    return f"{os.cpu_count()} cores; {what}; models: {models}"


@contextmanager
def _samples(photos: Sequence[Path]) -> Iterator[list[Path]]:
    if photos:
        yield [photo.absolute() for photo in photos]
        return
    with tempfile.TemporaryDirectory() as folder:
        made = [Path(folder) / f"{number}.jpg" for number in range(_SAMPLES)]
        for number, path in enumerate(made):
            write_sample(path, _SIZE, number)
        yield made
