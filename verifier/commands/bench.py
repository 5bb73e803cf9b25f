"""``camsim bench verify``: seconds and memory of each part of an analysis."""

import argparse
import os
from pathlib import Path
from typing import TYPE_CHECKING

from verifier.weights import FOLDER

if TYPE_CHECKING:
    from verifier.commands import Commands


def add_to(benchmarks: "Commands") -> None:
    """Add ``bench verify``."""
    parser = benchmarks.add_parser(
        "verify",
        help="seconds of each part of an analysis, and peak memory",
        description="Analyse one picture, everything on, in a fresh process: the first time with "
        "all loading, then again.",
    )
    parser.add_argument("photo", nargs="?", type=Path, help="default: a made one of 12 megapixels")
    parser.add_argument("--weights", type=Path, default=FOLDER, help="models of your own")
    parser.add_argument("--runs", type=int, default=3, help="repetitions, of which the median")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Print a line a part."""
    from verifier.evaluation.bench import bench_verify

    result = bench_verify(args.photo, args.weights, args.runs)
    width, height = result.size
    print(
        f"{width}×{height} ({width * height / 1e6:.1f} MP), {os.cpu_count()} cores; "
        f"first time, and median of {args.runs} more"
    )
    print(f"{'part':<14}{'first s':>10}{'again s':>10}")
    for part in result.again:
        print(f"{part:<14}{result.first.get(part, 0):>10.3f}{result.again[part]:>10.3f}")
    print(f"peak memory: {result.service_memory / 1e6:.0f} MB, and {result.reader_memory / 1e6:.0f}"
          " MB in the reading process")  # fmt: skip
    if result.without_models:
        print("no models are installed, so no detector ran and no answer was sent again")
    return 0
