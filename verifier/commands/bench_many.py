"""``camsim bench serve`` and ``bench archive``: many pictures, over HTTP and in an archive."""

import argparse
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

from verifier.errors import DependencyError
from verifier.evaluation.bench import write_sample
from verifier.weights import FOLDER, read_manifest

if TYPE_CHECKING:
    from verifier.commands import Commands
    from verifier.evaluation.bench_service import LoadResult

# What networks serve: 2 megapixels.
_SIZE: Final = (1600, 1200)
_SAMPLES: Final = 8


def add_to(benchmarks: "Commands") -> None:
    """Add ``bench serve`` and ``bench archive``."""
    parser = benchmarks.add_parser(
        "serve",
        help="the service under load: answers lost, seconds, memory; and an overflowing queue",
        description="Post photos to a fresh service, many at a time; then with a queue of 2.",
    )
    _add_common(parser)
    parser.add_argument("--requests", type=int, default=200, help="photos to post (default 200)")
    parser.add_argument("--at-a-time", type=int, default=16, help="clients (default 16)")
    parser.set_defaults(run=run_service)
    parser = benchmarks.add_parser(
        "archive",
        help="pictures a second of verify-archive, by workers",
        description="Verify an archive of so many pictures by one worker, and by more.",
    )
    _add_common(parser)
    parser.add_argument("--photos", type=int, default=200, help="in the archive (default 200)")
    parser.add_argument("--ray", action="store_true", help="measure Ray on this machine, too")
    parser.add_argument("--no-resend", action="store_true", help="without the stability test")
    parser.set_defaults(run=run_archive)


def run_service(args: argparse.Namespace) -> int:
    """Print what came of the load, and of the overflow."""
    from verifier.evaluation.bench_service import bench_service

    workers = max(args.workers)
    with _samples(args.photo) as photos:
        print(f"{_setting(args)}, {workers} workers")
        for title, queue in (("load", 32), ("overflow", 2)):
            result = bench_service(
                photos,
                args.weights,
                requests=args.requests,
                at_a_time=args.at_a_time,
                workers=workers,
                queue=queue,
            )
            print(_line(title, result), flush=True)
    return 0


def _line(title: str, result: "LoadResult") -> str:
    answered = result.statuses.get(200, 0)
    others = ", ".join(f"{n} × {status}" for status, n in result.statuses.items() if status != 200)
    return (
        f"{title}: {answered} of {result.requests} reports, {result.requests - answered} lost"
        f"{f' ({others})' if others else ''}; p50 {result.p50:.2f} s, p95 {result.p95:.2f} s; "
        f"{answered / result.seconds:.2f} a second; at most {result.memory / 1e6:.0f} MB"
    )


def run_archive(args: argparse.Namespace) -> int:
    """Print a row a number of workers."""
    try:
        from verifier.archive import ArchiveOptions
        from verifier.evaluation.bench_archive import bench_archive
        from verifier.settings import Settings
    except ImportError as error:
        raise DependencyError(
            f"archives need {error.name}: pip install 'camsim[archive]'"
        ) from error
    options = ArchiveOptions(
        args.weights, Settings(resend_through=()) if args.no_resend else Settings()
    )
    with _samples(args.photo) as photos:
        print(_setting(args))
        print(f"{'engine':<11}{'workers':>8}{'photos':>8}{'s':>8}{'photos/s':>10}{'growth':>8}")
        first: dict[str, float] = {}
        for result in bench_archive(photos, args.photos, options, args.workers, ray=args.ray):
            growth = result.rate / first.setdefault(result.engine, result.rate)
            print(
                f"{result.engine:<11}{result.workers:>8}{result.photos:>8}{result.seconds:>8.1f}"
                f"{result.rate:>10.2f}{growth:>8.2f}",
                flush=True,
            )
    return 0


def _add_common(parser: argparse.ArgumentParser) -> None:
    cores = os.cpu_count() or 1
    parser.add_argument("photo", nargs="*", type=Path, help="default: made ones of 2 megapixels")
    parser.add_argument("--weights", type=Path, default=FOLDER, help="models of your own")
    parser.add_argument(
        "--workers",
        type=int,
        nargs="+",
        default=sorted({1, cores}),
        help="at a time (default: 1 and as many as cores)",
    )


def _setting(args: argparse.Namespace) -> str:
    models = ", ".join(entry.name for entry in read_manifest(args.weights).models) or "none"
    what = f"{len(args.photo)} photos" if args.photo else "made photos of 2 megapixels"
    return f"{os.cpu_count()} cores; {what}; models: {models}"


@contextmanager
def _samples(photos: list[Path]) -> Iterator[list[Path]]:
    if photos:
        yield [photo.absolute() for photo in photos]
        return
    with tempfile.TemporaryDirectory() as folder:
        made = [Path(folder) / f"{number}.jpg" for number in range(_SAMPLES)]
        for number, path in enumerate(made):
            write_sample(path, _SIZE, number)
        yield made
