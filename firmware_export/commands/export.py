"""``camsim firmware export``: a trained network in every precision that the parity gate passes."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from camera_sim import weights
from camera_sim.device.firmware import PRECISIONS
from camera_sim.pipelines import DEFAULT_PIPELINE
from camera_sim.raw.raw_image import RawImage
from channel.terminal import say
from firmware_export.calibration import feeds_of, read_captures
from firmware_export.commands.parity import add_gate, gate_of, print_report
from firmware_export.contract import Exported
from firmware_export.errors import ExportError
from firmware_export.onnx_export import export_weights
from firmware_export.output import write_results
from firmware_export.parity import parity, require
from firmware_export.parity_report import ParityReport
from firmware_export.quantise import quantised
from firmware_export.reports import REPORT, write_reports

if TYPE_CHECKING:
    from firmware_export.commands import Commands


def add_to(actions: "Commands") -> None:
    """Add the command."""
    parser = actions.add_parser(
        "export",
        help="export a network as ONNX, in several precisions, each through the parity gate",
        description="Export a pipeline's network as ONNX. Every precision but fp32 must pass the "
        "parity gate on held-out captures, or nothing is written.",
    )
    parser.add_argument(
        "--pipeline", metavar="NAME",
        help=f"default {DEFAULT_PIPELINE}, or the only one of --weights",
    )  # fmt: skip
    parser.add_argument("--weights", type=Path, default=weights.FOLDER, help="folder of weights")
    parser.add_argument("--pair", help="name of the NIP–FAN pair (default: the weights')")
    parser.add_argument(
        "--precision", nargs="+", choices=PRECISIONS, default=["fp32"], help="default fp32"
    )
    parser.add_argument(
        "--tile",
        type=int,
        nargs=2,
        metavar=("H", "W"),
        help="also a static-shape fp32 model of this tile, in packed pixels",
    )
    parser.add_argument(
        "--calibrate", type=Path, nargs="+", metavar="RAW", help="captures for int8's ranges"
    )
    add_gate(parser)
    parser.add_argument("-o", "--out", type=Path, required=True, help="folder for the models")
    parser.add_argument("--force", action="store_true", help="replace existing models")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Export, lower, judge, and write all of it or nothing."""
    lowered = [precision for precision in args.precision if precision != "fp32"]
    captures = read_captures(args.captures) if args.captures else []
    if lowered and not captures:
        raise ExportError(f"{', '.join(lowered)} must pass the parity gate; name --captures")
    gate = gate_of(args)
    labels = gate.fan.labels if gate.fan else ()
    pipeline = args.pipeline or weights.default_pipeline(args.weights)
    fp32 = export_weights(pipeline, args.weights, None, args.pair, labels)
    models, reports = [fp32], []
    feeds = feeds_of(_calibration(args, captures)) if "int8" in lowered else []
    for precision in lowered:
        model = quantised(fp32, precision, feeds)
        report = parity(fp32, model, captures, gate.fan, gate.platforms, gate.limits)
        print_report(report)
        require(report)
        models.append(model)
        reports.append(report)
    if args.tile:
        tile = (args.tile[0], args.tile[1])
        models.append(export_weights(pipeline, args.weights, tile, args.pair, labels))
    _write(args, models, reports)
    return 0


def _calibration(
    args: argparse.Namespace, captures: list[tuple[str, RawImage]]
) -> list[tuple[str, RawImage]]:
    return read_captures(args.calibrate) if args.calibrate else captures


def _write(args: argparse.Namespace, models: list[Exported], reports: list[ParityReport]) -> None:
    files = {model.contract.name: model.content for model in models}
    if reports:
        files[REPORT] = write_reports(reports)
    write_results(args.out, files, force=args.force)
    for model in models:
        say(f"{model.contract.name}  {len(model.content)} bytes  {model.sha256[:12]}…")
