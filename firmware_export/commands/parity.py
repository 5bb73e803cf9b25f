"""``camsim firmware parity``: a model beside the fp32 one, through the real channel."""

from collections.abc import Sequence
from dataclasses import KW_ONLY, dataclass
from pathlib import Path
from typing import Annotated

from camera_sim.developing.output import check_absent
from camera_sim.raw.raw_image import RawImage
from channel import platform
from channel.options import SOME, Out
from channel.terminal import say, track
from firmware_export.calibration import read_captures
from firmware_export.contract import Exported, read_exported
from firmware_export.errors import ParityError
from firmware_export.fan import Fan, read_fan
from firmware_export.output import write_result
from firmware_export.parity import PAPER, parity, require
from firmware_export.parity_report import Limits, ParityReport
from firmware_export.reports import write_reports

_LIMITS = Limits()


@dataclass(frozen=True)
class Gate:
    """What the parity gate judges by."""

    fan: Fan | None
    platforms: tuple[str, ...]
    limits: Limits

    def report(
        self, fp32: Exported, model: Exported, captures: Sequence[tuple[str, RawImage]]
    ) -> ParityReport:
        """Compare a model with the fp32 one; payloads are read as the verifier reads them."""
        from camera_sim.evaluation.watermark.payload_reader import read_payload

        return parity(
            fp32, model, captures, self.fan, self.platforms, self.limits, reader=read_payload
        )


@dataclass(frozen=True)
class GateOptions:
    """What the gate judges on and by.

    Parameters
    ----------
    captures
        Held-out RAW files or folders.
    fan
        The FAN of a jointly trained pair.
    labels
        Of the FAN, where its file does not say.
    platform
        Platforms to send through (camsim platforms; paper: 1:2 and JPEG 50).
    least_psnr
        Limit.
    most_accuracy_drop
        Limit.
    most_flips
        Limit.
    """

    _: KW_ONLY
    captures: Annotated[tuple[Path, ...], SOME] | None = None
    fan: Path | None = None
    labels: Annotated[tuple[str, ...], SOME] | None = None
    platform: Annotated[tuple[str, ...], SOME] = (PAPER,)
    least_psnr: float = _LIMITS.psnr
    most_accuracy_drop: float = _LIMITS.accuracy_drop
    most_flips: float = _LIMITS.flips


@dataclass(frozen=True)
class Parity(GateOptions):
    """Compare models with the fp32 one through the real channel.

    Compare exported models with their fp32 one: PSNR, the FAN's accuracy and changed answers
    after edits and platforms. Exits with 2 where a limit is broken.

    Parameters
    ----------
    fp32
        The fp32 model.
    models
        Models made from it.
    out
        Write the reports as JSON.
    force
        Replace an existing file.
    """

    fp32: Path
    models: tuple[Path, ...]
    _: KW_ONLY
    out: Out | None = None
    force: bool = False

    def __call__(self) -> int:
        """Compare, print and write every report; then refuse what breaks a limit."""
        if not self.captures:
            raise ParityError("parity needs captures to compare on; name --captures")
        if self.out:
            check_absent(self.out, force=self.force)
        gate, captures = gate_of(self), read_captures(self.captures)
        fp32 = read_exported(self.fp32)
        reports = []
        for path in track(self.models, "comparing"):
            model = read_exported(path)
            reports.append(gate.report(fp32, model, captures))
            print_report(reports[-1])
        if self.out:
            write_result(self.out, write_reports(reports), force=self.force)
        for report in reports:
            require(report)
        return 0


def gate_of(args: GateOptions) -> Gate:
    """Read what the gate judges by."""
    check_platforms(args.platform)
    limits = Limits(
        psnr=args.least_psnr, accuracy_drop=args.most_accuracy_drop, flips=args.most_flips
    )
    fan = read_fan(args.fan, tuple(args.labels or ())) if args.fan else None
    return Gate(fan, tuple(args.platform), limits)


def check_platforms(names: Sequence[str]) -> None:
    """Raise `UnknownPlatformError` for a name that is none; `PAPER` is the paper's channel."""
    for name in names:
        if name != PAPER:
            platform(name)


def print_report(report: ParityReport) -> None:
    """Print a report in words."""
    say(
        f"{report.precision}: {report.bytes} bytes, {report.psnr:.2f} dB against fp32, "
        f"{report.seconds_per_megapixel:.3f} s/MP"
    )
    if report.accuracy is not None and report.accuracy_fp32 is not None:
        say(
            f"    FAN {100 * report.accuracy:.2f}% (fp32 {100 * report.accuracy_fp32:.2f}%), "
            f"{100 * (report.flips or 0):.2f}% of {report.patches} answers flip, through "
            f"{', '.join(report.channel)}"
        )
    if report.watermark_psnr is not None and report.watermark_strength is not None:
        say(
            f"    with a watermark {report.watermark_psnr:.2f} dB, laid "
            f"{report.watermark_strength:.3f} times as strong"
        )
    if report.recovered is not None and report.recovered_fp32 is not None:
        say(
            f"    {100 * report.recovered:.2f}% of payloads recovered (fp32 "
            f"{100 * report.recovered_fp32:.2f}%), {report.score or 0:.2f} deviations out of noise "
            f"(fp32 {report.score_fp32 or 0:.2f}), through {', '.join(report.channel)}"
        )
        if not report.recovered_fp32:
            say("    recovery isn't judged: fp32's payloads are lost, too; name larger captures")
    for tile in report.worst[:3]:
        say(f"    worst: {tile.capture} at {tile.left}, {tile.top}: {tile.psnr:.1f} dB")
