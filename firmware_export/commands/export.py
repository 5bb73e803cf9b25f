"""``camsim firmware export``: a trained network in every precision that the parity gate passes."""

from dataclasses import KW_ONLY, dataclass
from pathlib import Path
from typing import Annotated

from camera_sim.developing.output import check_absent
from camera_sim.device.firmware import Precision
from camera_sim.raw.raw_image import RawImage
from camera_sim.weights import FOLDER, default_pipeline
from channel.options import SOME, Out
from channel.terminal import say
from firmware_export.calibration import feeds_of, read_captures
from firmware_export.commands.parity import GateOptions, gate_of, print_report
from firmware_export.contract import Exported
from firmware_export.errors import ExportError
from firmware_export.onnx_export import export_weights
from firmware_export.output import write_results
from firmware_export.parity import require
from firmware_export.parity_report import ParityReport
from firmware_export.quantise import quantised
from firmware_export.reports import REPORT, write_reports


@dataclass(frozen=True)
class Export(GateOptions):
    """Export a network as ONNX, in several precisions, each through the parity gate.

    Export a pipeline's network as ONNX. Every precision but fp32 must pass the parity gate on
    held-out captures, or nothing is written.

    Parameters
    ----------
    pipeline
        Which pipeline (default: the shipped, or the only one of --weights).
    weights
        Folder of weights.
    pair
        Name of the NIP–FAN pair (default: the weights').
    precision
        Of the models.
    tile
        Also a static-shape fp32 model of this tile, in packed pixels.
    calibrate
        Captures for int8's ranges.
    out
        Folder for the models.
    force
        Replace existing models.
    """

    _: KW_ONLY
    pipeline: str | None = None
    weights: Path = FOLDER
    pair: str | None = None
    precision: Annotated[tuple[Precision, ...], SOME] = ("fp32",)
    tile: tuple[int, int] | None = None
    calibrate: Annotated[tuple[Path, ...], SOME] | None = None
    out: Out
    force: bool = False

    def __call__(self) -> int:
        """Export, lower, judge, and write all of it or nothing."""
        lowered = [precision for precision in self.precision if precision != "fp32"]
        captures = read_captures(self.captures) if self.captures else []
        if lowered and not captures:
            raise ExportError(f"{', '.join(lowered)} must pass the parity gate; name --captures")
        gate = gate_of(self)
        labels = gate.fan.labels if gate.fan else ()
        pipeline = self.pipeline or default_pipeline(self.weights)
        fp32 = export_weights(pipeline, self.weights, None, self.pair, labels)
        names = [fp32.contract.model_copy(update={"precision": p}).name for p in self.precision]
        for name in names:  # before what takes minutes
            check_absent(self.out / name, force=self.force)
        models, reports = [fp32], []
        feeds = feeds_of(_calibration(self, captures)) if "int8" in lowered else []
        for precision in lowered:
            model = quantised(fp32, precision, feeds)
            report = gate.report(fp32, model, captures)
            print_report(report)
            require(report)
            models.append(model)
            reports.append(report)
        if self.tile:
            tile = (self.tile[0], self.tile[1])
            models.append(export_weights(pipeline, self.weights, tile, self.pair, labels))
        _write(self, models, reports)
        return 0


def _calibration(args: Export, captures: list[tuple[str, RawImage]]) -> list[tuple[str, RawImage]]:
    return read_captures(args.calibrate) if args.calibrate else captures


def _write(args: Export, models: list[Exported], reports: list[ParityReport]) -> None:
    files = {model.contract.name: model.content for model in models}
    if reports:
        files[REPORT] = write_reports(reports)
    write_results(args.out, files, force=args.force)
    for model in models:
        say(f"{model.contract.name}  {len(model.content)} bytes  {model.sha256[:12]}…")
