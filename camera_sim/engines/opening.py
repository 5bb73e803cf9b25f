"""Choosing what runs a network: ONNX Runtime, or TensorRT where an engine fits this machine."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from camera_sim.engines import TileEngine
from camera_sim.engines.onnxruntime import OnnxRuntimeEngine
from camera_sim.errors import EngineError
from camera_sim.weights import Model

EngineName = Literal["onnxruntime", "tensorrt"]
ENGINES: tuple[EngineName, ...] = ("onnxruntime", "tensorrt")


@dataclass(frozen=True)
class Where:
    """What runs a network.

    Attributes
    ----------
    engines
        Folder of TensorRT engines, for networks that do not come with a device's firmware.
    fall_back
        Whether ONNX Runtime takes over where TensorRT cannot run.
    say
        Told, if it does, why.
    """

    engine: EngineName = "onnxruntime"
    engines: Path | None = None
    fall_back: bool = False
    say: Callable[[str], None] = lambda _: None


def open_network(
    model: Model,
    folder: Path,
    where: Where,
    bundled: Mapping[str, tuple[str, bytes]] | None = None,
    precision: str = "fp32",
) -> TileEngine:
    """Open a network where it is to run.

    Parameters
    ----------
    folder
        Where the model's file lies, unless it is in memory.
    bundled
        Engines out of a device's firmware: key and plan by file name.

    Raises
    ------
    EngineError
        If TensorRT cannot run it here and falling back was not asked for.
    WeightsError
        If the model is damaged.
    """
    if where.engine == "onnxruntime":
        return OnnxRuntimeEngine(model, folder)
    from camera_sim.engines import tensorrt

    try:
        plans = bundled if bundled is not None else tensorrt.plans_in(where.engines)
        return tensorrt.TensorRTEngine(model, precision, plans)
    except EngineError as error:
        if not where.fall_back:
            raise
        where.say(f"{error}; running ONNX Runtime instead")
        return OnnxRuntimeEngine(model, folder)
