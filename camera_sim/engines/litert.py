"""LiteRT, formerly TensorFlow Lite: what phones and small boards run, here on the processor.

Its files are made by ``camsim firmware engine --runtime litert``: one tile, in fp32, or with
activations in int16 and weights in int8.
"""

import threading
from types import ModuleType
from typing import Any

import numpy as np

from camera_sim.engines import (
    WATERMARK,
    Array,
    Colour,
    Source,
    TileEngine,
    checked,
    fitted,
    inputs_of,
)
from camera_sim.engines.engine_files import engines_in, engines_of, first_whole
from camera_sim.errors import EngineError, InferenceError
from channel.extras import to_install
from channel.quiet import quiet


def find_litert() -> ModuleType:
    """Return LiteRT's interpreter.

    Raises
    ------
    EngineError
        If it is not installed.
    """
    try:
        from ai_edge_litert import interpreter
    except ImportError as error:
        raise EngineError(
            f"LiteRT is not installed: {to_install('litert')}; or develop with --engine onnxruntime"
        ) from error
    found: ModuleType = interpreter
    return found


class LiteRtEngine(TileEngine):
    """A network as a LiteRT file.

    Raises
    ------
    EngineError
        If LiteRT is not installed, or there is no file of this network.
    """

    name = "litert"

    def __init__(self, source: Source) -> None:
        self._litert = find_litert()
        engines = engines_in(source.folder_of_engines) if source.engines is None else source.engines
        found = engines_of(source.model, source.precision, engines, ("litert",))
        key, self._content = first_whole(found)
        self.precision, self.engine_sha256 = key.precision, key.plan_sha256
        self.size, self.fixed = source.model.size, key.tile
        self._lanes = threading.local()
        try:
            with quiet():  # that it has a delegate for the processor: said once, when first made
                interpreter = self._interpreter()
                interpreter.allocate_tensors()
                shapes = _shapes(interpreter)
        except (RuntimeError, ValueError) as error:
            raise EngineError(f"LiteRT cannot open the engine {key.name}: {error}") from error
        self._inputs = set(shapes)
        self.takes_watermark = WATERMARK in shapes
        if key.tile is None or shapes.get("mosaic") != (1, 4, *key.tile):
            raise EngineError(f"the engine {key.name} does not take the tile that its key states")

    @classmethod
    def of(cls, source: Source) -> "LiteRtEngine":
        """Open the engine of a network; see `engines.Source`."""
        return cls(source)

    def develop(self, packed: Array, colour: Colour, watermark: Array | None = None) -> Array:
        """Develop a tile; see `TileEngine.develop`."""
        height, width = packed.shape[1:]
        inputs = inputs_of(fitted(packed, self.fixed), colour, watermark)
        fed = {name: np.ascontiguousarray(value) for name, value in inputs.items()
               if name in self._inputs}  # fmt: skip
        try:
            [developed] = self._runner()(**fed).values()
        except (RuntimeError, ValueError) as error:
            raise InferenceError(f"the engine failed while it ran: {error}") from error
        return checked(developed[0, :, : 2 * height, : 2 * width], packed, "of the engine")

    def _interpreter(self) -> Any:
        return self._litert.Interpreter(model_content=self._content, num_threads=1)

    def _runner(self) -> Any:
        """Return this thread's own interpreter's signature."""
        if not hasattr(self._lanes, "runner"):
            self._lanes.runner = self._interpreter().get_signature_runner()
        return self._lanes.runner


def _shapes(interpreter: Any) -> dict[str, tuple[int, ...]]:
    details = interpreter.get_signature_runner().get_input_details()
    return {name: tuple(int(side) for side in one["shape"]) for name, one in details.items()}
