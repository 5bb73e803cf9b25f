"""``camsim bench develop``, beside LibRaw's AHD, and ``bench sign``."""

import argparse
import os
from typing import TYPE_CHECKING

from camera_sim.evaluation.bench import PEER, ROUNDS, SIZES, bench_develop
from camera_sim.evaluation.bench_sign import bench_sign
from camera_sim.pipelines import DEFAULT_PIPELINE, find_pipeline

if TYPE_CHECKING:
    from camera_sim.commands import Commands


def add_to(benchmarks: "Commands") -> None:
    """Add ``bench develop`` and ``bench sign``."""
    parser = benchmarks.add_parser(
        "develop",
        help="seconds a megapixel and peak memory of developing, beside LibRaw's AHD",
        description="Develop a simulated capture of 12, 24 and 45 MP, from the file to the picture "
        "in memory, by the named pipelines and by LibRaw (rawpy.postprocess, AHD) in turn.",
    )
    parser.add_argument(
        "--pipeline",
        nargs="+",
        default=[DEFAULT_PIPELINE],
        metavar="NAME",
        help=f"which to measure (default {DEFAULT_PIPELINE})",
    )
    parser.add_argument(
        "--megapixels",
        nargs="+",
        type=int,
        choices=tuple(SIZES),
        default=list(SIZES),
        help="sizes (default all)",
    )
    parser.set_defaults(run=run)
    parser = benchmarks.add_parser("sign", help="what signing a photo costs beside developing it")
    parser.add_argument("--pipeline", default=DEFAULT_PIPELINE, metavar="NAME")
    parser.add_argument("--megapixels", type=int, choices=tuple(SIZES), default=12)
    parser.set_defaults(run=run_sign)


def run(args: argparse.Namespace) -> int:
    """Print a row a measurement."""
    pipelines = tuple(find_pipeline(name).name for name in args.pipeline if name != PEER)
    print(f"{os.cpu_count()} cores; median of 3 rounds; time from the file to RGB in memory")
    print(f"{'pipeline':<12}{'MP':>7}{'s/MP':>9}{'× LibRaw':>10}{'peak MB':>9}")
    for result in bench_develop(pipelines, tuple(args.megapixels)):
        print(
            f"{result.pipeline:<12}{result.megapixels:>7.1f}{result.seconds_per_megapixel:>9.3f}"
            f"{result.ratio:>10.2f}{result.peak_memory / 1024**2:>9.0f}",
            flush=True,
        )
    return 0


def run_sign(args: argparse.Namespace) -> int:
    """Print a row an algorithm."""
    pipeline = find_pipeline(args.pipeline).name
    print(f"{os.cpu_count()} cores; median of {ROUNDS} rounds; a capture by {pipeline} as JPEG")
    print(f"{'key':<9}{'MP':>6}{'developing s':>14}{'signing s':>11}{'share':>8}")
    for cost in bench_sign(pipeline, args.megapixels):
        print(
            f"{cost.algorithm:<9}{cost.megapixels:>6.1f}{cost.developing:>14.2f}"
            f"{cost.signing:>11.3f}{cost.signing / cost.developing:>8.1%}",
            flush=True,
        )
    return 0
