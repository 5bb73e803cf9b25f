"""Every way that a network can be run here, engine files built on the spot where they can be."""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path

from camera_sim.device.firmware import Precision
from camera_sim.engines import Source, TileEngine
from camera_sim.engines.cuda import compute_capability, find_runtime
from camera_sim.engines.engine_files import Engines, engines_in
from camera_sim.engines.engine_key import SUFFIXES, EngineRuntime, read_key
from camera_sim.engines.opening import ENGINES, open_engine_named
from camera_sim.errors import CameraSimError, EngineError
from channel.errors import ChannelError
from firmware_export.built_engine import Made, Options
from firmware_export.calibration import feeds_of
from firmware_export.contract import Exported
from firmware_export.engine_rows import Captures, Contender
from firmware_export.errors import FirmwareError
from firmware_export.litert_build import engine_from_weights, files_of
from firmware_export.litert_int16 import in_int16
from firmware_export.tensorrt_rtx_build import CAPABILITIES, engine_from_model

OURS = (CameraSimError, ChannelError, FirmwareError)


def contenders(
    fp32: Exported,
    names: Sequence[str],
    weights: Path,
    captures: Captures,
    folder: Path | None = None,
) -> Iterator[Contender]:
    """Yield every way to run a network in the named engines.

    Parameters
    ----------
    weights
        Folder of the weights that it was exported from, for converters that don't read ONNX.
    captures
        For the ranges of int16 activations.
    folder
        Of engine files that were built before; those of this network are taken.
    """
    files = engines_in(folder) if folder else {}
    for name in (name for name in ENGINES if name in names):
        if name == "tensorrt":
            yield from _of_tensorrt(fp32, files)
        elif name == "litert":
            yield from _of_litert(fp32, weights, captures, files)
        else:  # runs the ONNX file itself
            open_it = partial(open_engine_named, name, Source(fp32.model()))
            yield Contender(name, "fp32", fp32, len(fp32.content), open_it)


def _of_tensorrt(fp32: Exported, files: Engines) -> Iterator[Contender]:
    """Build fp32 and fp16 for the device here, or for those that are not; then files given."""
    try:
        runtime = find_runtime()
        options, where = Options(), compute_capability(runtime)
    except EngineError:
        options, where = Options(capabilities=CAPABILITIES), ", ".join(CAPABILITIES)
    precisions: tuple[Precision, ...] = ("fp32", "fp16")
    for precision in precisions:
        try:
            model = _lowered(fp32, precision)
            start = time.perf_counter()
            made = engine_from_model(model, options)
        except OURS as error:
            yield Contender("tensorrt", precision, fp32, 0, _raising(error))
            continue
        note = f"built in {time.perf_counter() - start:.1f} s for {where}"
        yield _of_file("tensorrt", model, made.key.file, files_of(made), note)
    yield from _of_files("tensorrt", fp32, files, "tensorrt")


def _of_litert(
    fp32: Exported, weights: Path, captures: Captures, files: Engines
) -> Iterator[Contender]:
    """Take files given, or convert in fp32 and int16."""
    given = list(_of_files("litert", fp32, files, "litert"))
    if given:
        yield from given
        return
    made: list[Made] = []

    def in_integers() -> Made:
        return in_int16(made[0], feeds_of(captures[:1], made[0].key.tile))

    makers: tuple[Callable[[], Made], ...] = (
        lambda: engine_from_weights(fp32, weights), in_integers
    )  # fmt: skip
    for precision, make in zip(("fp32", "int16x8"), makers, strict=True):
        start = time.perf_counter()
        try:
            made.append(make())
        except OURS as error:
            yield Contender("litert", precision, fp32, 0, _raising(error))
            return
        note = f"converted in {time.perf_counter() - start:.0f} s"
        yield _of_file("litert", fp32, made[-1].key.file, files_of(made[-1]), note)


def _of_files(
    name: str, model: Exported, files: Engines, runtime: EngineRuntime
) -> Iterator[Contender]:
    """Yield the files of a runtime that were built from a model, and those without a key."""
    for file, (key, content) in files.items():
        try:
            read = read_key(key, file)
        except EngineError as error:
            if file.endswith(SUFFIXES[runtime]):
                yield Contender(name, "–", model, len(content), _raising(error), "given")
            continue
        if read.runtime == runtime and read.model_sha256 == model.sha256:
            yield _of_file(name, model, file, {file: (key, content)}, "given")


def _of_file(
    name: str, model: Exported, file: str, files: Mapping[str, tuple[str, bytes]], note: str
) -> Contender:
    key = read_key(files[file][0], file)
    source = Source(model.model(), precision=model.contract.precision, engines=files)
    open_it = partial(open_engine_named, name, source)
    return Contender(name, key.precision, model, len(files[file][1]), open_it, note)


def _lowered(fp32: Exported, precision: Precision) -> Exported:
    if precision == "fp32":
        return fp32
    from firmware_export.quantise import quantised

    try:
        return quantised(fp32, precision)
    except ImportError as error:
        raise EngineError(f"a model in {precision} needs {error.name}") from error


def _raising(error: Exception) -> Callable[[], TileEngine]:
    def refuse() -> TileEngine:
        raise error

    return refuse
