"""``camsim verify-archive``: a row of Parquet for each of many pictures."""

import os
from dataclasses import KW_ONLY, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from rich.progress import BarColumn, MofNCompleteColumn, TimeRemainingColumn

from channel.extras import of_extra
from channel.options import Count
from channel.terminal import Progress, complain, say
from verifier.commands.trust import VerifyingOptions
from verifier.weights import FOLDER

if TYPE_CHECKING:
    from verifier.archive import ArchiveOptions


@dataclass(frozen=True)
class VerifyArchive(VerifyingOptions):
    """Verify all pictures of a folder, a list or an object store into one Parquet file.

    Analyse every picture of an archive by many workers. Run it again to go on where it was
    stopped; a picture that can't be read is a row with its error.

    Parameters
    ----------
    source
        A folder, a text file with a name a line, or s3://…
    out
        A Parquet file.
    workers
        Pictures at a time (default: as many as cores).
    ray
        Use a cluster of Ray: auto for the one that this machine is part of, or its address.
    shard
        Most pictures written together (100).
    reports
        Keep whole reports in the table.
    force
        Replace a finished table.
    weights
        Models of your own.
    """

    source: str
    _: KW_ONLY
    out: Path
    workers: Count | None = None
    ray: str | None = None
    shard: Count = 100
    reports: bool = False
    force: bool = False
    weights: Path | None = None

    def __call__(self) -> int:
        """Verify with a bar that shows how far it is; say what came out."""
        with of_extra("archive", "archives need"):
            from verifier.archive import Archive, verify_archive
        from fleet import Processes, RayCluster

        engine = (
            RayCluster(self.ray, self.workers)
            if self.ray
            else Processes(self.workers or os.cpu_count() or 1)
        )
        columns = (BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
        with Progress(*columns, transient=False) as bar:
            task = bar.add_task("verifying", total=None)
            summary = verify_archive(
                Archive(self.source, self.out, self.shard, self.force),
                _options(self),
                engine,
                lambda done, total: bar.update(task, completed=done, total=total),
                complain,
            )
        say(f"{summary.photos:,} pictures → {self.out}")
        each = ", ".join(
            f"{count:,} {verdict}" for verdict, count in sorted(summary.verdicts.items())
        )
        if summary.done_now:
            say(
                f"{summary.done_now:,} of them now, {each}; {summary.seconds:.1f} s, "
                f"{summary.done_now / summary.seconds:.2f} a second"
            )
        return 0


def _options(args: VerifyArchive) -> "ArchiveOptions":
    """Read the workers' settings, and check them before they are started."""
    from verifier.analysis import Verifier
    from verifier.archive import ArchiveOptions

    settings = args.settings()
    Verifier.from_weights(args.weights or FOLDER, settings)
    return ArchiveOptions(args.weights and args.weights.resolve(), settings, args.reports)
