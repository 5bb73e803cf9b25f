"""Trained networks as ONNX for firmware, by the exporter that torch recommends (``dynamo=True``).

Dynamic models take any tile; static-shape ones the one tile that a compiler for an embedded
accelerator wants to know. Needs the extra ``train``.
"""

from pathlib import Path

import numpy as np

from camera_sim import weights
from camera_sim.errors import CameraSimError
from camera_sim.pipelines import find_pipeline
from camera_sim.weights import SizeRequirements, WeightsEntry
from channel.extras import to_install
from channel.onnx_file import open_session
from firmware_export.contract import KEY, Contract, Exported, inputs_of_network
from firmware_export.errors import ExportError

# An exported model may differ from torch's by so much, in sRGB values: a fiftieth of a level.
TOLERANCE = 1e-4


def export_weights(
    pipeline: str,
    folder: Path = weights.FOLDER,
    tile: tuple[int, int] | None = None,
    pair: str | None = None,
    labels: tuple[str, ...] = (),
) -> Exported:
    """Export a pipeline's trained network from a folder of weights, in fp32.

    Parameters
    ----------
    tile
        Height and width in packed pixels for a static shape; None leaves both open.
    pair, labels
        To state in the model; by default those that the weights' manifest states.

    Raises
    ------
    ExportError
        If the network cannot be exported, or its export differs from it.
    PipelineError, WeightsError
        If there are no sound weights.
    """
    try:
        from camera_sim.training.nip.export import OPSET, network_of_weights, onnx_of
    except ModuleNotFoundError as error:
        raise ExportError(f"exporting needs torch: {to_install('train')}") from error

    entry = weights.read_manifest(folder).find(pipeline)
    _check_tile(tile, entry.size)
    path = (folder / entry.file).with_suffix(".safetensors")
    try:
        network = network_of_weights(find_pipeline(pipeline), path)
        contract = Contract(
            pipeline=pipeline,
            precision="fp32",
            opset=OPSET,
            size=entry.size,
            pair=pair or entry.pair,
            labels=labels,
            tile=tile,
            inputs=inputs_of_network(network.takes_watermark),
        )
        proto = onnx_of(network, {KEY: contract.model_dump_json()}, tile)
    except CameraSimError as error:
        raise ExportError(f"{path} cannot be exported: {error}") from error
    exported = Exported(contract=contract, content=proto.SerializeToString())
    check_against(exported, entry, folder)
    return exported


def _check_tile(tile: tuple[int, int] | None, size: SizeRequirements) -> None:
    if tile is None:
        return
    least = 2 * size.receptive_field + size.multiple_of
    if any(side % size.multiple_of or side < least for side in tile):
        raise ExportError(
            f"a tile's sides are multiples of {size.multiple_of} and at least {least} packed "
            f"pixels, not {tile[0]}×{tile[1]}"
        )


def check_against(exported: Exported, entry: WeightsEntry, folder: Path) -> None:
    """Compare an export with the weights' own model, which training compared with torch.

    Raises
    ------
    ExportError
        If they differ.
    """
    from camera_sim.engines import WATERMARK, inputs_of
    from firmware_export.self_test import question, watermark_of

    mosaic, colour = question(entry.size.multiple_of)
    height, width = exported.contract.tile or mosaic.shape[1:]
    rows, columns = (-(-side // mosaic.shape[1]) for side in (height, width))
    tile = np.tile(mosaic, (1, rows, columns))[:, :height, :width]
    sessions = [open_session(content) for content in (entry.read(folder), exported.content)]
    taken = [{node.name for node in session.get_inputs()} for session in sessions]
    both = all(WATERMARK in names for names in taken)  # older weights' own model takes none
    inputs = inputs_of(tile, colour, watermark_of(tile) if both else None)
    developed = [
        session.run(["srgb"], {name: value for name, value in inputs.items() if name in names})[0]
        for session, names in zip(sessions, taken, strict=True)
    ]
    worst = float(np.abs(developed[0] - developed[1]).max())
    if worst > TOLERANCE:
        raise ExportError(f"the exported network differs from the trained one by {worst:.2g}")
