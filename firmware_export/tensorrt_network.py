"""What building for TensorRT-RTX and for TensorRT shares: typed networks out of ONNX, and tiles.

Networks are strongly typed: the precision is in the ONNX file, and nothing is left to the builder.
"""

from collections.abc import Callable
from types import ModuleType
from typing import Any

from camera_sim.engines import WATERMARK
from firmware_export.built_engine import Tiles
from firmware_export.contract import Exported
from firmware_export.errors import ExportError

# Of inputs that have pixels, by height and width of the mosaic.
SHAPES: dict[str, Callable[[int, int], tuple[int, ...]]] = {
    "mosaic": lambda height, width: (1, 4, height, width),
    WATERMARK: lambda height, width: (1, 1, 2 * height, 2 * width),
}


def strongly_typed_network(trt: ModuleType, builder: Any) -> Any:
    """Return an empty network whose types are the model's; the only kind in TensorRT 11."""
    return builder.create_network(1 << int(trt.NetworkDefinitionCreationFlag.STRONGLY_TYPED))


def parse(parser: Any, content: bytes) -> None:
    """Read an ONNX file into a network.

    Raises
    ------
    ExportError
        With the parser's own words.
    """
    if not parser.parse(content):
        words = "; ".join(parser.get_error(index).desc() for index in range(parser.num_errors))
        raise ExportError(f"TensorRT does not take the model: {words or 'no reason given'}")


def fix_tile(network: Any, tile: tuple[int, int]) -> None:
    """Make a network static: its mosaic has this height and width, in packed pixels."""
    for index in range(network.num_inputs):
        tensor = network.get_input(index)
        if tensor.name in SHAPES:
            tensor.shape = SHAPES[tensor.name](*tile)


def profile(builder: Any, network: Any, model: Exported, tiles: Tiles) -> Any:
    """Return the range of tiles that an engine of dynamic shape takes.

    Raises
    ------
    ExportError
        If the sides are not multiples that the network takes, or not in order.
    """
    multiple = model.contract.size.multiple_of
    sides = (tiles.least, tiles.best, tiles.most)
    if any(side % multiple for side in sides) or sorted(sides) != list(sides) or sides[0] < 1:
        raise ExportError(f"tiles are rising multiples of {multiple}, not {sides}")
    made = builder.create_optimization_profile()
    for index in range(network.num_inputs):
        tensor = network.get_input(index)
        if tensor.name in SHAPES:
            made.set_shape(tensor.name, *(SHAPES[tensor.name](side, side) for side in sides))
    return made
