"""``camsim bench verify``: seconds and memory of each part of an analysis."""

import os
from dataclasses import KW_ONLY, dataclass
from pathlib import Path

from verifier.weights import FOLDER


@dataclass(frozen=True)
class BenchVerify:
    """Seconds of each part of an analysis, and peak memory.

    Analyse one picture, everything on, in a fresh process: the first time with all loading, then
    again.

    Parameters
    ----------
    photo
        Default: a made one of 12 megapixels.
    weights
        Models of your own.
    runs
        Repetitions, of which the median.
    """

    photo: Path | None = None
    _: KW_ONLY
    weights: Path = FOLDER
    runs: int = 3

    def __call__(self) -> int:
        """Print a line a part."""
        from verifier.evaluation.bench import bench_verify

        result = bench_verify(self.photo, self.weights, self.runs)
        width, height = result.size
        print(
            f"{width}×{height} ({width * height / 1e6:.1f} MP), {os.cpu_count()} cores; "
            f"first time, and median of {self.runs} more"
        )
        print(f"{'part':<14}{'first s':>10}{'again s':>10}")
        for part in result.again:
            print(f"{part:<14}{result.first.get(part, 0):>10.3f}{result.again[part]:>10.3f}")
        print(f"peak memory: {result.service_memory / 1e6:.0f} MB, and "
              f"{result.reader_memory / 1e6:.0f} MB in the reading process")  # fmt: skip
        if result.without_models:
            print("no models are installed, so no detector ran and no answer was sent again")
        return 0
