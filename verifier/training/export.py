"""A trained analyser as an ONNX file with its label in the manifest."""

import hashlib
import logging
import warnings
from pathlib import Path

import numpy as np
import onnx
import onnxruntime as ort
import torch

from verifier.errors import WeightsError
from verifier.training.fan import FAN, PATCH
from verifier.weights import InputContract, Label, ModelEntry, add_to_manifest

OPSET = 18
# Logits may differ by so much between torch and ONNX Runtime.
TOLERANCE = 1e-3
# What each class says of a picture, for readers who know no algorithm's name.
LABELS = (
    Label(name="native", role="native", words="straight from the camera"),
    Label(name="sharpen", role="edit", words="sharpened"),
    Label(name="gaussian", role="edit", words="smoothed"),
    Label(name="jpeg", role="edit", words="compressed as JPEG once more"),
    Label(name="resample", role="edit", words="resized down and up again"),
    Label(name="foreign", role="foreign", words="not developed by this pipeline"),
)


def export_fan(
    fan: FAN,
    pair: str,
    pipeline: str,
    recipe: dict[str, str | int | float | bool],
    data: str,
    figures: dict[str, str | float],
    licence: str,
    folder: Path,
) -> ModelEntry:
    """Write a FAN as ONNX beside its entry in the manifest of ``folder``, not yet calibrated.

    Raises
    ------
    WeightsError
        If the exported network does not give what torch gives.
    """
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{pair}.onnx"
    fan = fan.eval().to(memory_format=torch.contiguous_format)  # type: ignore[call-overload]
    fan.autocast = None
    content = onnx_of(fan, {"pair": pair, "pipeline": pipeline}).SerializeToString()
    check(fan, content)
    temporary = path.with_suffix(".part")
    temporary.write_bytes(content)
    temporary.replace(path)
    entry = ModelEntry(
        name=pair,
        task="manipulation",
        version="1",
        file=path.name,
        sha256=hashlib.sha256(content).hexdigest(),
        licence=licence,
        parameters=sum(p.numel() for p in fan.parameters()),
        pair=pair,
        pipeline=pipeline,
        labels=LABELS[: fan.classes],
        recipe=recipe,
        data=data,
        figures=figures,
    )
    add_to_manifest(entry, folder)
    return entry


def onnx_of(fan: FAN, metadata: dict[str, str]) -> onnx.ModelProto:
    """Export for any number of patches, the opset pinned, checked by ONNX's own checker."""
    contract = InputContract()
    logging.getLogger("torch.onnx").setLevel(logging.ERROR)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        program = torch.onnx.export(
            fan,
            (torch.rand(2, 3, PATCH, PATCH),),
            input_names=[contract.name],
            output_names=[contract.output],
            opset_version=OPSET,
            dynamic_shapes=({0: torch.export.Dim("patches", min=1, max=4096)},),
            dynamo=True,
            verbose=False,
        )
    assert program is not None  # dynamo=True always returns one
    proto = program.model_proto
    for part in (*proto.graph.node, *proto.graph.value_info, *proto.graph.input):
        part.doc_string = ""
        del part.metadata_props[:]  # paths of the machine that trained
    onnx.helper.set_model_props(proto, metadata)
    onnx.checker.check_model(proto, full_check=True)
    return proto


@torch.no_grad()
def check(fan: FAN, content: bytes) -> None:
    """Raise `WeightsError` if ONNX Runtime's logits differ from torch's by more than a little."""
    patches = torch.rand(3, 3, PATCH, PATCH, generator=torch.Generator().manual_seed(0))
    session = ort.InferenceSession(content, providers=["CPUExecutionProvider"])
    contract = InputContract()
    found = session.run([contract.output], {contract.name: patches.numpy()})[0]
    expected = fan(patches).numpy()
    worst = float(np.abs(found - expected).max()) / max(1.0, float(np.abs(expected).max()))
    if worst > TOLERANCE:
        raise WeightsError(f"the exported network's logits differ from torch's by {worst:.2g}")
