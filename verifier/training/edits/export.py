"""The network of edits as an ONNX file, with its entry in a folder of models."""

from dataclasses import asdict
from pathlib import Path

import torch

from verifier.detectors.edit_answer import EXPORTED
from verifier.training.edits.network import EditNetwork
from verifier.training.edits.train import EditRecipe
from verifier.training.export import draft_of, onnx_graph, written
from verifier.watermark.description import NAMES
from verifier.weights import (
    ANY_CHANNEL,
    Calibration,
    InputContract,
    Label,
    ModelEntry,
    keep_alone,
)

INPUT = "described"
OUTPUT = "logits"
LABELS = (
    Label(name="native", role="native", words="straight from the camera, or only saved again"),
    Label(name="sharpen", role="edit", words="sharpened"),
    Label(
        name="gaussian",
        role="edit",
        words="smoothed or resized a little, or compressed strongly before",
    ),
    Label(
        name="resample",
        role="edit",
        words="smoothed or resized strongly, or compressed very strongly before",
    ),
    Label(name=EXPORTED, role="class", words="made smaller and compressed, as for the web"),
)


def export_edits(
    network: EditNetwork,
    name: str,
    task: str,
    pipeline: str,
    recipe: EditRecipe,
    calibration: Calibration,
    figures: dict[str, str | float],
    licence: str,
    folder: Path,
) -> ModelEntry:
    """Write the network as ONNX beside its entry, calibrated: the folder's only one of its task.

    Raises
    ------
    WeightsError
        If the exported network does not give what torch gives.
    """
    inputs = torch.randn(3, len(NAMES), generator=torch.Generator().manual_seed(0))
    content = onnx_graph(network.eval(), {INPUT: inputs}, OUTPUT, {}).SerializeToString()
    contract = InputContract(kind="watermark left", name=INPUT, output=OUTPUT)
    draft = draft_of(
        network, name, task, LABELS, contract, asdict(recipe), calibration.data, figures, licence
    )
    known = {"pipeline": pipeline, "calibrations": {ANY_CHANNEL: calibration}}
    entry = written(network, inputs, content, draft.model_copy(update=known), folder)
    keep_alone(entry, folder)
    return entry
