"""``camsim bench engines``: a network in every engine that is here, through the parity gate."""

import platform as machine
from collections.abc import Iterator, Sequence
from dataclasses import KW_ONLY, dataclass
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Annotated

import camera_sim
from camera_sim import weights
from camera_sim.developing.output import check_absent
from camera_sim.engines.cuda import compute_capability, device_name, find_runtime
from camera_sim.engines.opening import ENGINES, find_engine
from camera_sim.errors import EngineError
from camera_sim.pipelines import DEFAULT_PIPELINE
from channel.evaluation.bench_history import RecordOption
from channel.options import SOME, Count, Out
from channel.terminal import say, track
from firmware_export.calibration import read_captures
from firmware_export.commands.parity import check_platforms
from firmware_export.contract import Exported, read_exported
from firmware_export.engine_contenders import contenders
from firmware_export.engine_rows import Captures, Row, measured, upper_bound
from firmware_export.fan import read_fan
from firmware_export.output import write_result
from firmware_export.parity import PAPER

CLONE = Path(camera_sim.__file__).parents[1]
SAMPLE = CLONE / "examples" / "canon-s40-box.crw"
PACKAGES = ("onnxruntime", "openvino", "ai-edge-litert", "tensorrt-rtx",
            "onnxruntime-ep-nv-tensorrt-rtx")  # fmt: skip
HEAD = (
    "| engine | precision | bytes | s/MP | × ONNX Runtime | device MB | PSNR (dB) | "
    "worst tile (dB) | verdicts that flip (95% bound) | FAN's accuracy | watermark | "
    "payloads recovered | out of noise | gate |"
)


@dataclass(frozen=True)
class BenchEngines(RecordOption):
    """A network in every engine that is here, through the parity gate.

    Size, seconds a megapixel beside ONNX Runtime in the same round, PSNR, and changed verdicts of
    the pair's FAN, as a dated table. On a machine with an NVIDIA device, its engines are built,
    compared and timed too; an engine that can't run is a row that says why.

    Parameters
    ----------
    pipeline
        Whose network.
    weights
        Folder of weights.
    engine
        Which engines (default: all).
    engines
        Folder of engine files that were built before.
    captures
        RAW files or folders to compare on; the first is timed.
    fan
        The FAN of a jointly trained pair.
    platform
        Platforms to send through.
    rounds
        Of timing.
    out
        Also write the table to this file.
    force
        Replace an existing file.
    """

    _: KW_ONLY
    pipeline: str = DEFAULT_PIPELINE
    weights: Path = weights.FOLDER
    engine: Annotated[tuple[str, ...], SOME] = tuple(ENGINES)
    engines: Path | None = None
    captures: Annotated[tuple[Path, ...], SOME] = (SAMPLE,)
    fan: Path | None = None
    platform: Annotated[tuple[str, ...], SOME] = (PAPER,)
    rounds: Count = 3
    out: Out | None = None
    force: bool = False

    def __call__(self) -> int:
        """Measure every engine, and print the table."""
        from camera_sim.evaluation.watermark.payload_reader import read_payload

        for name in self.engine:
            find_engine(name)
        check_platforms(self.platform)
        self.check_record()
        if self.out:
            check_absent(self.out, force=self.force)
        entry = weights.read_manifest(self.weights).find(self.pipeline)
        fp32 = read_exported(self.weights / entry.file)
        captures = read_captures(self.captures)
        found = list(track(list(contenders(fp32, self.engine, self.weights, captures,
                                           self.engines)), "measuring"))  # fmt: skip
        fan = read_fan(self.fan) if self.fan else None
        rows = [
            measured(one, fp32, captures, fan, self.platform, self.rounds, read_payload)
            for one in found
        ]
        text = "\n".join([*_preface(fp32, captures, rows), "", *_table(rows)]) + "\n"
        for line in text.splitlines():
            say(line)
        if self.out:
            write_result(self.out, text.encode(), force=self.force)
        self.keep("engines", dict(_figures(rows)))
        return 0


def _figures(rows: Sequence[Row]) -> Iterator[tuple[str, float]]:
    for row in rows:
        if row.report is not None:
            at = f"{row.contender.engine}, {row.contender.precision}"
            yield f"{at}, s/MP", row.seconds
            yield f"{at}, x ONNX Runtime", row.ratio
            yield f"{at}, PSNR dB", row.report.psnr


def _preface(fp32: Exported, captures: Captures, rows: Sequence[Row]) -> Iterator[str]:
    patches = max((row.report.patches for row in rows if row.report), default=0)
    pixels = sum(image.megapixels for _, image in captures)
    yield (
        f"{datetime.now(UTC).date()}, {processor()}{_device()}; {_versions()}. "
        f"{fp32.contract.pipeline} ({fp32.sha256[:12]}…), {len(captures)} captures of "
        f"{pixels:.1f} MP, {patches} patches judged. Tiles one after another."
    )


def _table(rows: Sequence[Row]) -> Iterator[str]:
    yield HEAD
    yield "|" + "---|" * (HEAD.count("|") - 1)
    for row in rows:
        yield "| " + " | ".join(_cells(row)) + " |"
    for row in rows:
        if row.contender.note:
            yield ""
            yield f"{row.contender.engine}, {row.contender.precision}: {row.contender.note}."


def _cells(row: Row) -> Iterator[str]:
    one, report = row.contender, row.report
    yield from (one.engine, one.precision, f"{one.bytes:,}" if one.bytes else "–")
    if report is None:
        yield from ("–",) * 10
        yield f"not run: {row.reason}"
        return
    yield from (f"{row.seconds:.3f}", f"{row.ratio:.2f}")
    yield f"{row.device_memory / 1024**2:.0f}" if row.device_memory else "–"
    yield from (f"{report.psnr:.1f}", f"{min(tile.psnr for tile in report.worst):.1f}")
    if report.flips is None or report.accuracy is None or report.accuracy_fp32 is None:
        yield from ("–", "–")
    else:
        bound = upper_bound(report.flips, report.patches)
        yield f"{100 * report.flips:.2f}% (≤ {100 * bound:.2f}%)"
        yield f"{100 * report.accuracy:.2f}% (fp32 {100 * report.accuracy_fp32:.2f}%)"
    strength = report.watermark_strength
    yield "–" if strength is None else f"× {strength:.3f}"
    if report.recovered is None or report.recovered_fp32 is None:
        yield from ("–", "–")
    else:
        yield f"{100 * report.recovered:.1f}% (fp32 {100 * report.recovered_fp32:.1f}%)"
        yield f"{report.score or 0:.2f} (fp32 {report.score_fp32 or 0:.2f})"
    yield f"refused: {'; '.join(row.refused)}" if row.refused else "passes"


def processor() -> str:
    """Return the processor's name."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return machine.processor() or machine.machine()
    named = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return named[0] if named else machine.machine()


def _device() -> str:
    try:
        runtime = find_runtime()
    except EngineError:
        return ", no NVIDIA device"
    return f", {device_name(runtime)} (compute capability {compute_capability(runtime)})"


def _versions() -> str:
    found = []
    for name in PACKAGES:
        try:
            found.append(f"{name} {version(name)}")
        except PackageNotFoundError:
            continue
    return ", ".join(found)
