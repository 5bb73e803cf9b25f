"""``camsim bench repository``: look-ups in many manifests, publishing, and what a photo takes."""

import tempfile
from dataclasses import KW_ONLY, dataclass
from pathlib import Path

from channel.evaluation.bench_history import RecordOption
from channel.options import Count


@dataclass(frozen=True)
class BenchRepository(RecordOption):
    """Look-ups in a repository of many manifests, publishing, bytes a photo.

    Fill a new folder with made manifest stores of the size of real ones. Look up values that are
    there and values that aren't, and get the manifests that they lead to, each in a random order.
    Then publish some more, each on the disk before the next, and export a bundle.

    Parameters
    ----------
    folder
        To make it in (default: the system's for temporary files); it is deleted in the end.
    manifests
        Published before.
    store_bytes
        Of each manifest store; those of photos have 13 to 83 kB.
    requests
        Look-ups, and publications.
    """

    _: KW_ONLY
    folder: Path | None = None
    manifests: Count = 100_000
    store_bytes: Count = 60_000
    requests: Count = 1000

    def __call__(self) -> int:
        """Print a table."""
        from verifier.evaluation.bench_repository import bench_repository

        self.check_record()
        with tempfile.TemporaryDirectory(dir=self.folder) as folder:
            result = bench_repository(
                Path(folder) / "manifests",
                manifests=self.manifests,
                store_bytes=self.store_bytes,
                requests=self.requests,
            )
        print(f"{self.manifests:,} manifests of {self.store_bytes:,} bytes:\n")
        print("| | p50, ms | p95, ms | worst, ms |")
        print("|---|---|---|---|")
        for name, times in result.milliseconds.items():
            print(f"| {name} | {times.p50:.2f} | {times.p95:.2f} | {times.worst:.2f} |")
        each, beside = result.bytes_each, result.bytes_each - self.store_bytes
        print(f"\nfolder: {each:,.0f} bytes a manifest, {beside:,.0f} of them beside its store")
        each = result.bundle_bytes_each
        print(f"bundle: {each:,.0f} bytes a manifest, opened in {result.opening:.2f} s")
        medians = {f"{name}, p50 ms": one.p50 for name, one in result.milliseconds.items()}
        self.keep("repository", medians)
        return 0
