"""``camsim verify-archive``: a row of Parquet for each of many pictures."""

import argparse
import os
from pathlib import Path
from typing import TYPE_CHECKING

from rich.progress import BarColumn, MofNCompleteColumn, TimeRemainingColumn

from channel.terminal import Progress, complain, say
from verifier.errors import DependencyError, SettingsError
from verifier.settings import PLATFORMS, Settings
from verifier.weights import FOLDER

if TYPE_CHECKING:
    from verifier.archive import ArchiveOptions
    from verifier.commands import Commands


def add_to(commands: "Commands") -> None:
    """Add ``verify-archive``."""
    parser = commands.add_parser(
        "verify-archive",
        help="verify all pictures of a folder, a list or an object store into one Parquet file",
        description="Analyse every picture of an archive by many workers. Run it again to go on "
        "where it was stopped; a picture that can't be read is a row with its error.",
    )
    parser.add_argument("source", help="a folder, a text file with a name a line, or s3://… ")
    parser.add_argument("--out", type=Path, required=True, metavar="FILE", help="a Parquet file")
    parser.add_argument(
        "--workers", type=int, help="pictures at a time (default: as many as cores)"
    )
    parser.add_argument(
        "--ray",
        metavar="ADDRESS",
        help="use a cluster of Ray: auto for the one that this machine is part of, or its address",
    )
    parser.add_argument(
        "--shard", type=int, default=100, metavar="N", help="pictures written together (100)"
    )
    parser.add_argument("--reports", action="store_true", help="keep whole reports in the table")
    parser.add_argument("--force", action="store_true", help="replace a finished table")
    parser.add_argument("--trust-anchors", type=Path, metavar="PEM", help="whom you trust")
    parser.add_argument("--revocation-lists", type=Path, metavar="PEM", help="what was withdrawn")
    parser.add_argument("--weights", type=Path, metavar="FOLDER", help="models of your own")
    parser.add_argument(
        "--resend",
        nargs="*",
        default=list(PLATFORMS),
        metavar="PLATFORM",
        help="platforms that test whether answers hold; none: no test, and several times faster",
    )
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Verify with a bar that shows how far it is; say what came out."""
    try:
        from verifier.archive import Archive, verify_archive
    except ImportError as error:
        raise DependencyError(
            f"archives need {error.name}: pip install 'camsim[archive]'"
        ) from error
    from fleet import Processes, RayCluster

    if args.shard < 1 or (args.workers or 1) < 1:
        raise SettingsError("--shard and --workers are 1 or more")
    engine = (
        RayCluster(args.ray, args.workers)
        if args.ray
        else Processes(args.workers or os.cpu_count() or 1)
    )
    columns = (BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, transient=False) as bar:
        task = bar.add_task("verifying", total=None)
        summary = verify_archive(
            Archive(args.source, args.out, args.shard, args.force),
            _options(args),
            engine,
            lambda done, total: bar.update(task, completed=done, total=total),
            complain,
        )
    say(f"{summary.photos:,} pictures → {args.out}")
    each = ", ".join(f"{count:,} {verdict}" for verdict, count in sorted(summary.verdicts.items()))
    if summary.done_now:
        say(
            f"{summary.done_now:,} of them now, {each}; {summary.seconds:.1f} s, "
            f"{summary.done_now / summary.seconds:.2f} a second"
        )
    return 0


def _options(args: argparse.Namespace) -> "ArchiveOptions":
    """Read what the workers are told, and check it before they are started."""
    from verifier.analysis import Verifier
    from verifier.archive import ArchiveOptions

    settings = Settings(
        args.trust_anchors, args.revocation_lists, resend_through=tuple(args.resend)
    )
    Verifier.from_weights(args.weights or FOLDER, settings)
    return ArchiveOptions(args.weights and args.weights.resolve(), settings, args.reports)
