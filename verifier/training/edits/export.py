"""The network of edits as an ONNX file, with its entry in a folder of models."""

import hashlib
from dataclasses import asdict
from pathlib import Path

import torch

from channel.output import write
from verifier.training.edits.network import EditNetwork
from verifier.training.edits.train import EditRecipe
from verifier.training.export import check_graph, onnx_graph
from verifier.watermark.description import NAMES
from verifier.weights import Calibration, InputContract, Label, ModelEntry, add_to_manifest

INPUT = "described"
OUTPUT = "logits"
LABELS = (
    Label(name="native", role="native", words="straight from the camera, or only saved again"),
    Label(name="sharpen", role="edit", words="sharpened"),
    Label(name="gaussian", role="edit", words="smoothed or resized a little"),
    Label(name="resample", role="edit", words="smoothed or resized strongly"),
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
    """Write the network as ONNX beside its entry, calibrated.

    Raises
    ------
    WeightsError
        If the exported network does not give what torch gives.
    """
    network = network.eval()
    examples = {INPUT: torch.randn(3, len(NAMES), generator=torch.Generator().manual_seed(0))}
    content = onnx_graph(network, examples, OUTPUT, {}).SerializeToString()
    check_graph(network, examples, OUTPUT, content)
    path = folder / f"{name}.onnx"
    write(path, content, force=True)
    entry = ModelEntry(
        name=name,
        task=task,
        version="1",
        file=path.name,
        sha256=hashlib.sha256(content).hexdigest(),
        licence=licence,
        parameters=sum(one.numel() for one in network.parameters()),
        pipeline=pipeline,
        labels=LABELS,
        input=InputContract(kind="watermark left", name=INPUT, output=OUTPUT),
        calibrations={"any": calibration},
        recipe=asdict(recipe),
        data=calibration.data,
        figures=figures,
    )
    add_to_manifest(entry, folder)
    return entry
