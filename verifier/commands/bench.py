"""``camsim bench verify``: seconds and memory of each part of an analysis."""

import os
from dataclasses import KW_ONLY, dataclass
from pathlib import Path

from channel.evaluation.bench_history import RecordOption
from channel.options import Count
from verifier.weights import FOLDER


@dataclass(frozen=True)
class BenchVerify(RecordOption):
    """Seconds of each part of an analysis, and peak memory.

    Analyse one picture, everything on, in a fresh process: the first time with all loading, then
    again. Parts overlap, so they are more than all of it together.

    Parameters
    ----------
    photo
        Default: a made one of 12 megapixels.
    weights
        Models of your own.
    runs
        Repetitions, of which the median.
    steps
        Profile one analysis instead, in one process on one core: seconds of each function.
    """

    photo: Path | None = None
    _: KW_ONLY
    weights: Path = FOLDER
    runs: Count = 3
    steps: bool = False

    def __call__(self) -> int:
        """Print a line a part, or a function."""
        return self._profile() if self.steps else self._measure()

    def _profile(self) -> int:
        from verifier.evaluation.bench_steps import profiled

        steps, total = profiled(self.photo, self.weights)
        print(f"{total:.2f} s of one core; steps of at least 1%, and what they call included")
        print(f"{'s':>8}{'share':>8}{'calls':>7}  step")
        for step in steps:
            share = step.seconds / total
            print(f"{step.seconds:>8.3f}{share:>8.1%}{step.calls:>7}  {step.name}")
        return 0

    def _measure(self) -> int:
        from verifier.evaluation.bench import bench_verify

        self.check_record()
        result = bench_verify(self.photo, self.weights, self.runs)
        width, height = result.size
        print(
            f"{width}×{height} ({width * height / 1e6:.1f} MP), {os.cpu_count()} cores; "
            f"first time, and median of {self.runs} more"
        )
        print(f"{'part':<14}{'first s':>10}{'again s':>10}")
        for part in result.again:
            print(f"{part:<14}{result.first.get(part, 0):>10.3f}{result.again[part]:>10.3f}")
        print(f"cold, from the start of Python: {result.cold:.3f} s")
        print(
            f"seconds of all cores, again: {result.processor:.3f}, and "
            f"{result.reader_processor:.3f} in the reading process, its start included"
        )
        both = result.service_memory + result.reader_memory
        print(
            f"peak memory: {result.service_memory / 1e6:.0f} MB, and "
            f"{result.reader_memory / 1e6:.0f} MB in the reading process: {both / 1e6:.0f} MB"
        )
        self.keep(
            "verify",
            {f"{part}, again s": seconds for part, seconds in result.again.items()}
            | {
                "cold s": result.cold,
                "all cores, again s": result.processor,
                "peak MB": both / 1e6,
            },
        )
        if result.without_models:
            print(
                "no models are installed, so no detector ran and no picture was transmitted again"
            )
        return 0
