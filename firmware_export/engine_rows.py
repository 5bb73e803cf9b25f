"""What a network is in one engine: size, speed and parity, beside ONNX Runtime in fp32."""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from statistics import median

from camera_sim.developing.tiles import develop, plan_tiles
from camera_sim.engines import TileEngine
from camera_sim.engines.cuda import find_runtime, used_memory
from camera_sim.engines.onnxruntime import OnnxRuntimeEngine
from camera_sim.errors import CameraSimError, EngineError
from camera_sim.raw.raw_image import RawImage
from channel.errors import ChannelError
from firmware_export.contract import Exported
from firmware_export.errors import FirmwareError
from firmware_export.fan import Fan
from firmware_export.parity import PAPER, parity
from firmware_export.parity_report import ParityReport
from firmware_export.watermark_parity import Reader

Z = 1.96  # a two-sided 95% interval of the normal distribution
LONGEST = 20.0  # seconds after which no further round of one engine begins
Captures = Sequence[tuple[str, RawImage]]


@dataclass(frozen=True)
class Contender:
    """A way to run a network.

    Attributes
    ----------
    model
        The network, in the precision that is run.
    bytes
        Of the file that the engine reads; 0 where it could not be made.
    opened
        Opens it; raises one of our errors, as a sentence, where it can't.
    note
        How the file came about.
    """

    engine: str
    precision: str
    model: Exported
    bytes: int
    opened: Callable[[], TileEngine]
    note: str = ""


@dataclass(frozen=True)
class Row:
    """What was found of a contender.

    Attributes
    ----------
    seconds
        A megapixel, tiles one after another: median over rounds.
    ratio
        Over ONNX Runtime's time in the same round: median over rounds.
    device_memory
        Bytes that a graphics device holds more once the picture is developed; 0 on a processor.
    report
        Of the parity gate.
    reason
        Why it could not be run; "" where it was.
    """

    contender: Contender
    seconds: float = 0.0
    ratio: float = 0.0
    device_memory: int = 0
    report: ParityReport | None = None
    reason: str = ""
    refused: tuple[str, ...] = field(default=())


def measured(
    contender: Contender,
    fp32: Exported,
    captures: Captures,
    fan: Fan | None,
    platforms: Sequence[str] = (PAPER,),
    rounds: int = 3,
    reader: Reader | None = None,
) -> Row:
    """Open a contender, pass it through the parity gate, and time it beside ONNX Runtime.

    A contender that can't be run is a row with its reason.
    """
    before = _device_memory()
    try:
        engine = contender.opened()
        report = parity(
            fp32, contender.model, captures, fan, platforms, engine=engine, reader=reader
        )
        times = list(_rounds(fp32, engine, captures[0][1], rounds))
    except (CameraSimError, ChannelError, FirmwareError) as error:
        return Row(contender, reason=str(error))
    return Row(
        contender,
        seconds=median(own for own, _ in times),
        ratio=median(own / reference for own, reference in times),
        device_memory=max(0, _device_memory() - before),
        report=report,
        refused=tuple(report.failures()),
    )


def _rounds(
    fp32: Exported, engine: TileEngine, image: RawImage, rounds: int
) -> Iterator[tuple[float, float]]:
    """Yield the seconds a megapixel of an engine, and of ONNX Runtime after it."""
    reference, start = OnnxRuntimeEngine(fp32.model()), time.perf_counter()
    for _ in range(rounds):
        yield _seconds(engine, image), _seconds(reference, image)
        if time.perf_counter() - start > LONGEST:
            return


def _seconds(engine: TileEngine, image: RawImage) -> float:
    plan = plan_tiles(image, engine, threads=1)
    start = time.perf_counter()
    develop(image, engine, exposure=1.0, plan=plan)
    return (time.perf_counter() - start) / image.megapixels


def _device_memory() -> int:
    try:
        return used_memory(find_runtime())
    except EngineError:
        return 0


def upper_bound(share: float, count: int) -> float:
    """Return the upper end of a share's 95% interval (Wilson, JASA 1927)."""
    if not count:
        return 1.0
    centre = share + Z**2 / (2 * count)
    spread = Z * (share * (1 - share) / count + Z**2 / (4 * count**2)) ** 0.5
    return float((centre + spread) / (1 + Z**2 / count))
