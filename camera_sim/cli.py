"""The camsim command: the composition root, and the one module that may import every package."""

import argparse
import errno
import os
import sys
import traceback
from collections.abc import Sequence

import channel.cli
import firmware_export.cli
import verifier.cli
from camera_sim.commands import (
    bench,
    develop,
    evaluate,
    evaluate_fuzz,
    evaluate_pair,
    identity,
    info,
    simulate,
    train,
)
from camera_sim.errors import CameraSimError
from channel.errors import ChannelError
from channel.terminal import ArgumentParser, complain, guarded
from firmware_export.errors import FirmwareError
from firmware_export.fallback import SlotFirmware
from verifier.errors import VerifierError, WorkerError

DONE, OUR_ERROR, BAD_INPUT, INTERRUPTED = 0, 1, 2, 130


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit status.

    0 done, 2 bad input, 1 an error of ours, 130 interrupted; 3 and 4 are verdicts of ``verify``.
    """
    with guarded():
        return _run(argv)


def _run(argv: Sequence[str] | None) -> int:
    args = build_parser().parse_args(argv)
    try:
        return int(args.run(args))
    except (CameraSimError, ChannelError, FirmwareError, VerifierError) as error:
        complain(error)
        return OUR_ERROR if isinstance(error, WorkerError) else BAD_INPUT
    except KeyboardInterrupt:
        complain("interrupted")
        return INTERRUPTED
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return DONE
    except Exception as error:  # the last resort: never a traceback in a user's face
        return _told(error, traced=args.traceback)


def _told(error: Exception, *, traced: bool) -> int:
    if isinstance(error, OSError) and error.errno == errno.ENAMETOOLONG:
        complain(f"the name {error.filename} is too long for this system; choose a shorter one")
        return BAD_INPUT
    if traced:
        traceback.print_exception(error)
    kind = type(error).__name__
    complain(f"an error of ours, please report it: {kind}: {error} (--traceback shows where)")
    return OUR_ERROR


def build_parser() -> argparse.ArgumentParser:
    """Put the commands of every package together."""
    parser: argparse.ArgumentParser = ArgumentParser(
        prog="camsim",
        description="Simulated camera firmware, and what platforms do to its pictures.",
    )
    parser.add_argument("--traceback", action="store_true", help="show where an error arose")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    develop.add_to(commands, SlotFirmware())
    for module in (info, simulate, identity):
        module.add_to(commands)
    trainings = commands.add_parser(
        "train", help="train networks on a folder of your own"
    ).add_subparsers(required=True, metavar="WHAT")
    train.add_to(trainings)
    verifier.cli.add_trainings(trainings)
    firmware_export.cli.add_commands(commands)
    channel.cli.add_commands(commands)
    verifier.cli.add_commands(commands)
    benchmarks = commands.add_parser("bench", help="measure speed and memory").add_subparsers(
        required=True, metavar="WHAT"
    )
    bench.add_to(benchmarks)
    channel.cli.add_benchmarks(benchmarks)
    verifier.cli.add_benchmarks(benchmarks)
    evaluations = commands.add_parser(
        "evaluate", help="measure quality; print the tables of the documentation"
    ).add_subparsers(required=True, metavar="WHAT")
    evaluate.add_to(evaluations)
    evaluate_pair.add_to(evaluations)
    channel.cli.add_evaluations(evaluations)
    verifier.cli.add_evaluations(evaluations)
    evaluate_fuzz.add_to(evaluations)
    return parser


if __name__ == "__main__":
    sys.exit(main())
