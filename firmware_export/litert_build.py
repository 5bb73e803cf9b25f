"""LiteRT files of trained networks, by Google's converter, from torch.

The converter takes torch's networks, not ONNX: the weights that the model was exported from are
read again, and the result is compared with the ONNX file. Needs the extra ``litert-convert``.
"""

from importlib.metadata import version
from pathlib import Path

import numpy as np

from camera_sim import weights
from camera_sim.engines import Source
from camera_sim.engines.engine_files import Engines
from camera_sim.engines.engine_key import EngineKey
from camera_sim.engines.litert import LiteRtEngine
from camera_sim.engines.onnxruntime import OnnxRuntimeEngine
from camera_sim.pipelines import find_pipeline
from channel.extras import to_install
from channel.quiet import quiet
from firmware_export import self_test
from firmware_export.built_engine import Made, tile_of
from firmware_export.contract import Exported
from firmware_export.errors import ExportError

# A converted network may differ from the ONNX file by so much, in sRGB values: a fiftieth of a
# level, as an export from torch may.
TOLERANCE = 1e-4
CONVERTER = "litert-torch"


def engine_from_weights(
    model: Exported, folder: Path = weights.FOLDER, tile: tuple[int, int] | None = None
) -> Made:
    """Convert the network that a model was exported from, for one tile, in fp32.

    Raises
    ------
    ExportError
        If the converter is not installed or fails, the model is not fp32, or the result differs
        from the ONNX file.
    PipelineError, WeightsError
        If there are no sound weights.
    """
    if model.contract.precision != "fp32":
        raise ExportError(
            f"LiteRT files are made of fp32 models, not of {model.contract.precision}"
        )
    sides = tile_of(model, tile)
    content = _converted(model, folder, sides)
    key = EngineKey(runtime="litert", version=version(CONVERTER), precision="fp32", tile=sides,
                    model_sha256=model.sha256).of_plan(content)  # fmt: skip
    made = Made(key, content)
    _check_against(model, made)
    return made


def files_of(made: Made) -> Engines:
    """Return a built engine as engines are opened from."""
    return {made.key.file: (made.key.model_dump_json(), made.plan)}


def _converted(model: Exported, folder: Path, tile: tuple[int, int]) -> bytes:
    pipeline = find_pipeline(model.contract.pipeline)
    entry = weights.read_manifest(folder).find(pipeline.name)
    path = (folder / entry.file).with_suffix(".safetensors")
    try:
        with quiet():
            import litert_torch  # noqa: F401 - whether it is there

            from camera_sim.training.nip.litert import litert_of_weights

            return litert_of_weights(pipeline, path, tile)
    except ImportError as error:
        raise ExportError(
            f"converting for LiteRT needs {CONVERTER}: {to_install('litert-convert')}"
        ) from error
    except Exception as error:  # the converter's have no root of their own
        reason = " ".join(str(error).split())
        raise ExportError(f"{path} cannot be converted: {reason}") from error


def _check_against(model: Exported, made: Made) -> None:
    """Compare a converted network with the ONNX file.

    Raises
    ------
    ExportError
        If they differ.
    """
    assert made.key.tile is not None
    mosaic, colour = self_test.question(model.contract.size.multiple_of)
    rows, columns = (-(-side // len(mosaic[0])) for side in made.key.tile)
    tile = np.tile(mosaic, (1, rows, columns))[:, : made.key.tile[0], : made.key.tile[1]]
    lite = LiteRtEngine(Source(model.model(), engines=files_of(made)))
    laid = self_test.watermark_of(tile) if lite.takes_watermark else None
    engines = (OnnxRuntimeEngine(model.model()), lite)
    both = [engine.develop(tile, colour, laid) for engine in engines]
    worst = float(np.abs(both[0] - both[1]).max())
    if worst > TOLERANCE:
        raise ExportError(f"the converted network differs from the ONNX file by {worst:.2g}")
