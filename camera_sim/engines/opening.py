"""Choosing what runs a network.

`ENGINES` is the registry: adding an engine is one file here and one line there. The file is
imported when it is asked for, so that no optional package is. docs/guides/new-engine.md shows one.
"""

import importlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from camera_sim.engines import Source, TileEngine
from camera_sim.engines.engine_files import Engines
from camera_sim.errors import EngineError
from camera_sim.weights import Model
from channel.offered import offered


@dataclass(frozen=True)
class EngineKind:
    """What can run networks, described.

    Attributes
    ----------
    opens
        ``module:class`` in this package; the class has ``of``, from a `Source`.
    """

    name: str
    summary: str
    opens: str


DEFAULT_ENGINE = "onnxruntime"
ENGINES: dict[str, EngineKind] = {
    kind.name: kind
    for kind in (
        EngineKind(DEFAULT_ENGINE, "the processor, the default", "onnxruntime:OnnxRuntimeEngine"),
        EngineKind("openvino", "Intel's and ARM's processors", "openvino:OpenVinoEngine"),
        EngineKind("litert", "a file made for LiteRT", "litert:LiteRtEngine"),
        EngineKind("tensorrt", "a file made for TensorRT", "tensorrt:TensorRTEngine"),
        EngineKind(
            "onnxruntime-tensorrt-rtx",
            "ONNX Runtime's provider for NVIDIA's devices",
            "onnxruntime_tensorrt_rtx:TensorRTProviderEngine",
        ),
    )
}


@dataclass(frozen=True)
class Where:
    """What runs a network.

    Attributes
    ----------
    engine
        A name of `ENGINES`.
    engines
        Folder of engine files, for networks that do not come with a device's firmware.
    fall_back
        Whether ONNX Runtime takes over where another engine cannot run.
    say
        Told, if it does, why.
    """

    engine: str = DEFAULT_ENGINE
    engines: Path | None = None
    fall_back: bool = False
    say: Callable[[str], None] = lambda _: None


def find_engine(name: str) -> EngineKind:
    """Look an engine up by name.

    Raises
    ------
    EngineError
        If there is none of that name; the message names the nearest, or lists all.
    """
    if name not in ENGINES:
        raise EngineError(f"there is no engine {name!r}; {offered(name, ENGINES)}")
    return ENGINES[name]


def open_engine_named(name: str, source: Source) -> TileEngine:
    """Open a network in one of `ENGINES`.

    Raises
    ------
    EngineError
        If it cannot run it here.
    WeightsError
        If the model is damaged.
    """
    module, opens = find_engine(name).opens.split(":")
    found = importlib.import_module(f"camera_sim.engines.{module}")
    engine: TileEngine = getattr(found, opens).of(source)
    return engine


def open_network(
    model: Model,
    folder: Path,
    where: Where,
    bundled: Engines | None = None,
    precision: str = "fp32",
) -> TileEngine:
    """Open a network where it is to run.

    Parameters
    ----------
    folder
        Where the model's file lies, unless it is in memory.
    bundled
        Engines out of a device's firmware: key and content by file name.

    Raises
    ------
    EngineError
        If it cannot run there and falling back was not asked for.
    WeightsError
        If the model is damaged.
    """
    source = Source(model, folder, precision, bundled, where.engines)
    try:
        return open_engine_named(where.engine, source)
    except EngineError as error:
        if not where.fall_back or where.engine not in ENGINES:
            raise
        where.say(f"{error}; running ONNX Runtime instead")
        return open_engine_named(DEFAULT_ENGINE, source)
