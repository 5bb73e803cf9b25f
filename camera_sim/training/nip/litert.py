"""Trained networks as LiteRT files, by Google's converter from torch."""

import tempfile
from pathlib import Path
from typing import Any

from torch.overrides import TorchFunctionMode

from camera_sim.pipelines import Pipeline
from camera_sim.training.nip.export import inputs_of, network_of_weights


class SquaresMultiplied(TorchFunctionMode):
    """Has torch multiply where a network squares: LiteRT's power takes four axes at most."""

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        """Run what torch would."""
        if getattr(func, "__name__", "") == "square":
            return args[0] * args[0]
        return func(*args, **(kwargs or {}))


def litert_of_weights(pipeline: Pipeline, path: Path, tile: tuple[int, int]) -> bytes:
    """Convert a pipeline's stored weights, in fp32.

    Parameters
    ----------
    tile
        Height and width of the packed mosaic.

    Raises
    ------
    TrainingError
        If the file doesn't hold the weights of the pipeline's network.
    Exception
        Of the converter, whose errors have no root of their own.
    """
    import litert_torch

    network = network_of_weights(pipeline, path)
    inputs = dict(zip(network.input_names, inputs_of(network, *tile), strict=True))
    with SquaresMultiplied():
        converted = litert_torch.convert(network, sample_kwargs=inputs)
    with tempfile.TemporaryDirectory() as held:
        made = Path(held) / "network.tflite"
        converted.export(str(made))
        return made.read_bytes()
