"""Building the torch network of a pipeline, and turning a trained one into shipped weights."""

import hashlib
import importlib
import logging
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import torch
from numpy.typing import NDArray
from torch import Tensor

from camera_sim.engines import WATERMARK
from camera_sim.errors import TrainingError
from camera_sim.networks.nip import NIP, PerCameraNIP
from camera_sim.pipelines import Pipeline
from camera_sim.weights import SizeRequirements, WeightsEntry, add_to_manifest
from channel.onnx_file import open_session
from channel.output import replacing
from verifier.errors import VerifierError
from verifier.training.checkpoint import load_weights, save_weights
from verifier.training.memory_format import in_format

OPSET = 18
# An exported network may differ from torch's by so much, in sRGB values: a fiftieth of a level.
EXPORT_TOLERANCE = 1e-4


@dataclass(frozen=True)
class Label:
    """What a manifest entry says beside what the file itself holds."""

    version: str
    licence: str
    trained_for: str
    recipe: dict[str, str | int | float | bool]
    data: str
    figures: dict[str, str | float]
    pair: str | None = None


def build_network(pipeline: Pipeline, trained_matrix: Tensor | NDArray[Any] | None = None) -> NIP:
    """Build a pipeline's network with its initialisation.

    Parameters
    ----------
    pipeline
        A neural one.
    trained_matrix
        (3, 3) camera to sRGB of the camera it is trained for; for per-camera networks.

    Raises
    ------
    TrainingError
        If the pipeline has no network.
    """
    if not pipeline.is_neural:
        raise TrainingError(f"the pipeline {pipeline.name!r} has no network to train")
    module, name = pipeline.network.split(":")
    network = getattr(importlib.import_module(f"camera_sim.networks.{module}"), name)
    if pipeline.any_camera:
        built: NIP = network()
        return built
    matrix = torch.eye(3) if trained_matrix is None else torch.as_tensor(trained_matrix).float()
    return PerCameraNIP(network(matrix), matrix)


def export_network(model: NIP, pipeline: Pipeline, label: Label, folder: Path) -> WeightsEntry:
    """Write a trained network as ONNX beside its manifest entry, and its weights to go on from.

    Raises
    ------
    TrainingError
        If the exported network does not give what torch gives.
    """
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{pipeline.name}.onnx"
    model = in_format(model.eval(), torch.contiguous_format)
    model.autocast = None
    write_onnx(model, path, {"pipeline": pipeline.name, "trained_for": label.trained_for})
    check_export(model, path)
    save_weights(path.with_suffix(".safetensors"), model)
    entry = WeightsEntry(
        pipeline=pipeline.name,
        version=label.version,
        file=path.name,
        sha256=hashlib.sha256(path.read_bytes()).hexdigest(),
        licence=label.licence,
        parameters=sum(p.numel() for p in model.parameters()),
        trained_for=label.trained_for,
        size=SizeRequirements(
            multiple_of=model.multiple_of,
            receptive_field=model.receptive_field,
            bytes_per_pixel=model.bytes_per_pixel,
            watermarked=model.watermarked,
        ),
        recipe=label.recipe,
        data=label.data,
        figures=label.figures,
        pair=label.pair,
    )
    add_to_manifest(entry, folder)
    return entry


def write_onnx(model: NIP, path: Path, metadata: dict[str, str]) -> None:
    """Write `onnx_of` a network, whole or not at all."""
    with replacing(path) as temporary:
        temporary.write_bytes(onnx_of(model, metadata).SerializeToString())


def network_of_weights(pipeline: Pipeline, path: Path) -> NIP:
    """Build a pipeline's network with its stored weights, to be run.

    Raises
    ------
    TrainingError
        If the file doesn't hold the weights of the pipeline's network.
    """
    network = build_network(pipeline)
    try:
        load_weights(path, network)
    except VerifierError as error:
        raise TrainingError(str(error)) from error
    return network.eval()


def onnx_of(
    model: NIP, metadata: dict[str, str], tile: tuple[int, int] | None = None
) -> onnx.ModelProto:
    """Export with the opset pinned, checked by ONNX's own checker.

    Parameters
    ----------
    tile
        Height and width of the packed mosaic, for a static shape; None leaves both open.
    """
    sample = (8 * model.multiple_of, 10 * model.multiple_of) if tile is None else tile
    logging.getLogger("torch.onnx").setLevel(logging.ERROR)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        program = torch.onnx.export(
            model,
            inputs_of(model, *sample),
            input_names=list(model.input_names),
            output_names=["srgb"],
            opset_version=OPSET,
            dynamic_shapes=_open_sides(model) if tile is None else None,
            dynamo=True,
            verbose=False,
        )
    assert program is not None  # dynamo=True always returns one
    proto = program.model_proto
    _strip_traces(proto)
    onnx.helper.set_model_props(proto, metadata)
    onnx.checker.check_model(proto, full_check=True)
    return proto


def _open_sides(model: NIP) -> tuple[dict[int, Any] | None, ...]:
    """Return which axes of each input are open: height and width of what has pixels."""
    sides = torch.export.Dim("h", min=2, max=4096), torch.export.Dim("w", min=2, max=4096)
    height, width = (model.multiple_of * side for side in sides)
    open_ones = {"mosaic": {2: height, 3: width}, WATERMARK: {2: 2 * height, 3: 2 * width}}
    return tuple(open_ones.get(name) for name in model.input_names)


def _strip_traces(proto: onnx.ModelProto) -> None:
    """Remove where in whose source each node came from: paths of the machine that trained.

    And what the exporter noted of the shapes, in an order that differs from run to run.
    """
    del proto.graph.metadata_props[:]
    for part in (
        *proto.graph.node,
        *proto.graph.value_info,
        *proto.graph.input,
        *proto.graph.output,
    ):
        part.doc_string = ""
        del part.metadata_props[:]


def sample_inputs(height: int, width: int) -> tuple[Tensor, ...]:
    """Return inputs of a (1, 4, height, width) mosaic, fixed by a seed."""
    generator = torch.Generator().manual_seed(0)
    return (
        torch.rand(1, 4, height, width, generator=generator),
        torch.tensor([[2.0, 1.0, 1.0, 1.5]]),
        torch.eye(3)[None],
        torch.ones(1, 1),
        torch.tensor([[1e-4, 1e-6]]),
    )


def inputs_of(model: NIP, height: int, width: int) -> tuple[Tensor, ...]:
    """Return `sample_inputs`, and a watermark for a network that takes one."""
    inputs = sample_inputs(height, width)
    if not model.takes_watermark:
        return inputs
    generator = torch.Generator().manual_seed(1)
    return *inputs, torch.randn(1, 1, 2 * height, 2 * width, generator=generator)


@torch.no_grad()
def check_export(model: NIP, path: Path) -> None:
    """Compare ONNX Runtime with torch at a size that the export did not see.

    Raises
    ------
    TrainingError
        If they differ by more than `EXPORT_TOLERANCE`.
    """
    inputs = inputs_of(model, 12 * model.multiple_of, 6 * model.multiple_of)
    session = open_session(path.read_bytes())
    taken = {node.name for node in session.get_inputs()}
    named = zip(model.input_names, inputs, strict=True)
    fed = {name: value.numpy() for name, value in named if name in taken}
    worst = float(np.abs(session.run(["srgb"], fed)[0] - model(*inputs).numpy()).max())
    if worst > EXPORT_TOLERANCE:
        raise TrainingError(f"the exported network differs from torch's by {worst:.2g} in sRGB")
