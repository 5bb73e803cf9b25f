"""``camsim evaluate fuzz --raw``: damaged RAW files through develop."""

import argparse
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from camera_sim.developing.files import Options, open_engine
from camera_sim.errors import CameraSimError, RawNotFoundError
from camera_sim.pipelines import DEFAULT_PIPELINE, PIPELINES
from channel.terminal import Progress

if TYPE_CHECKING:
    from camera_sim.commands import Commands
    from camera_sim.evaluation.fuzzing.raw_fuzz import RawFuzzResult
    from camera_sim.evaluation.fuzzing.seeds import Seed

DEFECTS = 1


def add_to(evaluations: "Commands") -> None:
    """Add ``--raw`` to the verifier's ``evaluate fuzz``."""
    parser = evaluations.choices["fuzz"]
    parser.add_argument("--raw", action="store_true", help="develop damaged RAW files instead")
    parser.add_argument(
        "--pipeline",
        choices=PIPELINES,
        default=DEFAULT_PIPELINE,
        help=f"of --raw (default {DEFAULT_PIPELINE})",
    )
    of_pictures = parser.get_default("run")
    parser.set_defaults(run=lambda args: run(args) if args.raw else of_pictures(args))


def run(args: argparse.Namespace) -> int:
    """Print what came out; 1 if anything did that must not."""
    from camera_sim.evaluation.fuzzing.raw_fuzz import raw_fuzz
    from camera_sim.evaluation.fuzzing.seeds import seeds

    if args.files < 1 or args.seed < 0:
        raise CameraSimError(
            f"--files is {args.files} and --seed {args.seed}; give 1 and 0 or more"
        )
    files = [*seeds(), *_genuine(args.also)]
    engine, options = open_engine(args.pipeline), Options(pipeline=args.pipeline, threads=1)
    with tempfile.TemporaryDirectory() as folder, Progress() as bar:
        task = bar.add_task("developing", total=args.files)
        result = raw_fuzz(
            engine, options, files, args.files, Path(folder), args.seed,
            lambda done: bar.update(task, completed=done),
        )  # fmt: skip
    _print(result, len(files), args.seed)
    if args.keep:
        _keep(result, args.keep)
    return DEFECTS if result.defects else 0


def _genuine(paths: list[Path]) -> "list[Seed]":
    from camera_sim.evaluation.fuzzing.seeds import genuine

    try:
        return [genuine(path) for path in paths]
    except OSError as error:
        raise RawNotFoundError(f"a file to damage can't be read: {error}") from error


def _print(result: "RawFuzzResult", kinds: int, seed: int) -> None:
    print(f"{result.files} damaged files of {kinds} kinds in {result.seconds:.0f} s, seed {seed}")
    for name, count in result.outcomes.items():
        print(f"  {name:<24}{count:>8}")
    print(f"decoders that died and were replaced: {result.deaths}")
    print(f"slowest file: {result.slowest:.2f} s")
    print("errors that aren't ours, stops of a batch, values that are no numbers, half-written "
          f"files, pictures that show nothing: {len(result.defects)}")  # fmt: skip
    for defect in result.defects:
        print(f"  {defect.what}")


def _keep(result: "RawFuzzResult", folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for number, defect in enumerate(result.defects):
        suffix, content = defect.file
        (folder / f"{number}{suffix}").write_bytes(content)
