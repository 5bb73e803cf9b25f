"""``camsim firmware parity``: a model beside the fp32 one, through the real channel."""

import argparse
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from channel import platform
from channel.terminal import say
from firmware_export.calibration import read_captures
from firmware_export.contract import read_exported
from firmware_export.errors import ParityError
from firmware_export.fan import Fan, read_fan
from firmware_export.output import write_result
from firmware_export.parity import PAPER, parity, require
from firmware_export.parity_report import Limits, ParityReport
from firmware_export.reports import write_reports

if TYPE_CHECKING:
    from firmware_export.commands import Commands


@dataclass(frozen=True)
class Gate:
    """What the parity gate judges by."""

    fan: Fan | None
    platforms: tuple[str, ...]
    limits: Limits


def add_gate(parser: argparse.ArgumentParser) -> None:
    """Add what the gate judges on and by."""
    default = Limits()
    parser.add_argument(
        "--captures", type=Path, nargs="+", metavar="RAW", help="held-out RAW files or folders"
    )
    parser.add_argument("--fan", type=Path, metavar="ONNX", help="the pair's analyser")
    parser.add_argument("--labels", nargs="+", help="of the FAN, where its file does not say")
    parser.add_argument(
        "--platform",
        nargs="+",
        default=[PAPER],
        metavar="NAME",
        help=f"platforms to send through (`camsim platforms`; default {PAPER}: 1:2 and JPEG 50)",
    )
    parser.add_argument("--least-psnr", type=float, default=default.psnr, metavar="DB",
                        help=f"limit (default {default.psnr:g})")  # fmt: skip
    parser.add_argument("--most-accuracy-drop", type=float, default=default.accuracy_drop,
                        metavar="SHARE",
                        help=f"limit (default {default.accuracy_drop:g})")  # fmt: skip
    parser.add_argument("--most-flips", type=float, default=default.flips, metavar="SHARE",
                        help=f"limit (default {default.flips:g})")  # fmt: skip


def add_to(actions: "Commands") -> None:
    """Add the command."""
    parser = actions.add_parser(
        "parity",
        help="compare models with the fp32 one through the real channel",
        description="Compare exported models with their fp32 one: PSNR, the FAN's accuracy and "
        "changed verdicts after edits and platforms. Exits with 2 where a limit is broken.",
    )
    parser.add_argument("fp32", type=Path, help="the fp32 model")
    parser.add_argument("models", type=Path, nargs="+", help="models made from it")
    add_gate(parser)
    parser.add_argument("-o", "--out", type=Path, help="write the reports as JSON")
    parser.add_argument("--force", action="store_true", help="replace an existing file")
    parser.set_defaults(run=run)


def gate_of(args: argparse.Namespace) -> Gate:
    """Read what the gate judges by."""
    for name in args.platform:
        if name != PAPER:
            platform(name)
    limits = Limits(
        psnr=args.least_psnr, accuracy_drop=args.most_accuracy_drop, flips=args.most_flips
    )
    fan = read_fan(args.fan, tuple(args.labels or ())) if args.fan else None
    return Gate(fan, tuple(args.platform), limits)


def run(args: argparse.Namespace) -> int:
    """Compare, print and write every report; then refuse what breaks a limit."""
    if not args.captures:
        raise ParityError("parity needs captures to compare on; name --captures")
    gate, captures = gate_of(args), read_captures(args.captures)
    fp32 = read_exported(args.fp32)
    reports = []
    for path in args.models:
        model = read_exported(path)
        reports.append(parity(fp32, model, captures, gate.fan, gate.platforms, gate.limits))
        print_report(reports[-1])
    if args.out:
        write_result(args.out, write_reports(reports), force=args.force)
    for report in reports:
        require(report)
    return 0


def print_report(report: ParityReport) -> None:
    """Print a report in words."""
    say(
        f"{report.precision}: {report.bytes} bytes, {report.psnr:.2f} dB against fp32, "
        f"{report.seconds_per_megapixel:.3f} s/MP"
    )
    if report.accuracy is not None and report.accuracy_fp32 is not None:
        say(
            f"    FAN {100 * report.accuracy:.2f}% (fp32 {100 * report.accuracy_fp32:.2f}%), "
            f"{100 * (report.flips or 0):.2f}% of {report.patches} verdicts flip, through "
            f"{', '.join(report.channel)}"
        )
    for tile in report.worst[:3]:
        say(f"    worst: {tile.capture} at {tile.left}, {tile.top}: {tile.psnr:.1f} dB")
