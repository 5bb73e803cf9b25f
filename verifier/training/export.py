"""Trained networks as ONNX files with their labels in a manifest."""

import hashlib
import logging
import warnings
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import onnx
import torch
from safetensors.torch import save
from torch import nn

from channel.onnx_file import open_session
from channel.output import write
from verifier.errors import WeightsError
from verifier.evaluation.platform.classes import DOMAIN, SELECTION
from verifier.features.dct_histogram import PATCH_BINS
from verifier.features.forensic_statistics import COUNT
from verifier.training.backbones.efficientnet_lite0 import EfficientNetLite0
from verifier.training.generated.native_crops import SIDE as SIDE_OF_NATIVE
from verifier.training.generated.residual_cnn import ResidualCNN
from verifier.training.generated.sets import CROP
from verifier.training.manipulation.fan import FAN, PATCH
from verifier.training.memory_format import in_format
from verifier.training.origin.classes import ORIGIN_DOMAIN, ORIGIN_SELECTION
from verifier.training.origin.cnn import SIDE
from verifier.training.origin.statistics_network import StatisticsNetwork
from verifier.training.platform.cnn import PlatformCNN
from verifier.weights import (
    Domain,
    InputContract,
    Label,
    ModelEntry,
    Selection,
    TorchWeights,
    add_to_manifest,
)

OPSET = 18
# Logits of torch and ONNX Runtime may differ by so much, and where weights are rounded to half.
TOLERANCE = 1e-3
HALF_TOLERANCE = 1e-2
# Weights of a tensor from which on a published network's are stored in half.
_LARGE = 1000
# What each class says of a picture, for readers who know no algorithm's name.
LABELS = (
    Label(name="native", role="native", words="straight from the camera"),
    Label(name="sharpen", role="edit", words="sharpened"),
    Label(name="gaussian", role="edit", words="smoothed"),
    Label(name="jpeg", role="edit", words="compressed as JPEG once more"),
    Label(name="resample", role="edit", words="resized down and up again"),
    Label(name="unknown-camera", role="out-of-domain", words="not developed by this pipeline"),
)

GENERATED_LABELS = (
    Label(name="natural", role="native", words="a photograph"),
    Label(name="generated", role="class", words="a generated picture"),
)
# Crops side by side; two dozen say as much as a picture has to say, and bound the time.
GENERATED_SELECTION = Selection(
    stride=CROP, most_patches=24, brief_patches=12, min_variance=0.0005, most_clipped=0.5
)
GENERATED_DOMAIN = Domain(min_side=CROP, min_patches=1, least_quality=50)
# Of native crops: as many pixels as a few large ones, in more places.
RESIDUAL_SELECTION = Selection(
    stride=SIDE_OF_NATIVE, most_patches=96, brief_patches=48, min_variance=0.0005, most_clipped=0.5
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
    """Write a FAN as ONNX beside its entry in the manifest of ``folder``.

    Raises
    ------
    WeightsError
        If the exported network does not give what torch gives.
    """
    fan = in_format(fan.eval(), torch.contiguous_format)
    fan.autocast = None
    inputs = torch.rand(3, 3, PATCH, PATCH, generator=torch.Generator().manual_seed(0))
    known = draft_of(
        fan, pair, "processing history", LABELS[: fan.classes], InputContract(), recipe, data,
        figures, licence,
    ).model_copy(update={"pair": pair, "pipeline": pipeline})  # fmt: skip
    content = onnx_of(fan, {"pair": pair, "pipeline": pipeline}).SerializeToString()
    return written(fan, inputs, content, known, folder, network="fan")


def onnx_of(fan: FAN, metadata: dict[str, str]) -> onnx.ModelProto:
    """Export for any number of patches, the opset pinned, checked by ONNX's own checker."""
    return _onnx_of(fan, torch.rand(2, 3, PATCH, PATCH), InputContract(), metadata)


def _onnx_of(
    model: nn.Module, example: torch.Tensor, contract: InputContract, metadata: dict[str, str]
) -> onnx.ModelProto:
    return onnx_graph(model, {contract.name: example}, contract.output, metadata)


def onnx_graph(
    model: nn.Module, examples: dict[str, torch.Tensor], output: str, metadata: dict[str, str]
) -> onnx.ModelProto:
    """Export a network, each input's first axis of any length, its inputs in order and by name."""
    logging.getLogger("torch.onnx").setLevel(logging.ERROR)
    count = torch.export.Dim("patches", min=1, max=4096)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        program = torch.onnx.export(
            model,
            tuple(examples.values()),
            input_names=list(examples),
            output_names=[output],
            opset_version=OPSET,
            dynamic_shapes=tuple({0: count} for _ in examples),
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


def _check(
    model: nn.Module,
    inputs: torch.Tensor,
    contract: InputContract,
    content: bytes,
    tolerance: float = TOLERANCE,
) -> None:
    check_graph(model, {contract.name: inputs}, contract.output, content, tolerance)


@torch.no_grad()
def check_graph(
    model: nn.Module,
    inputs: dict[str, torch.Tensor],
    output: str,
    content: bytes,
    tolerance: float = TOLERANCE,
) -> None:
    """Raise `WeightsError` if what ONNX Runtime gives differs from torch's by more than that."""
    session = open_session(content)
    found = session.run([output], {name: value.numpy() for name, value in inputs.items()})[0]
    expected = model(*inputs.values()).numpy()
    worst = float(np.abs(found - expected).max()) / max(1.0, float(np.abs(expected).max()))
    if worst > tolerance:
        raise WeightsError(f"the exported network's logits differ from torch's by {worst:.2g}")


@torch.no_grad()
def export_platform_cnn(
    model: PlatformCNN,
    name: str,
    labels: Sequence[Label],
    recipe: dict[str, str | int | float | bool],
    data: str,
    figures: dict[str, str | float],
    licence: str,
    folder: Path,
) -> ModelEntry:
    """Write a detector of platforms as ONNX beside its entry in the manifest, not yet calibrated.

    The weights of the largest layer, 98% of all, are stored as int8 with a scale for each output;
    the model is changed to what is stored before anything is measured on it.

    Raises
    ------
    WeightsError
        If the exported network does not give what torch gives.
    """
    contract = InputContract(kind="DCT histograms", name="histograms", side=64)
    inputs = torch.randint(0, 9, (5, PATCH_BINS), generator=torch.Generator().manual_seed(0))
    draft = draft_of(model, name, "platform", labels, contract, recipe, data, figures, licence)
    draft = draft.model_copy(update={"selection": SELECTION, "domain": DOMAIN})
    return _written_int8(model, inputs.float(), draft, folder, network="histograms")


@torch.no_grad()
def export_origin(
    model: nn.Module,
    name: str,
    labels: Sequence[Label],
    recipe: dict[str, str | int | float | bool],
    data: str,
    figures: dict[str, str | float],
    licence: str,
    folder: Path,
) -> ModelEntry:
    """Write a model of origins as ONNX beside its entry in the manifest, not yet calibrated.

    Of Huang et al.'s network the dense layer of 2048, nearly all of the weights, is stored as int8
    as `export_platform_cnn` has it, and EfficientNet-Lite0's weights as float16.

    Parameters
    ----------
    model
        `OriginCNN`, `OriginVGG`, `StatisticsNetwork`, `EfficientNetLite0`.

    Raises
    ------
    WeightsError
        If the exported model does not give what torch gives.
    """
    generator = torch.Generator().manual_seed(0)
    described = isinstance(model, StatisticsNetwork)
    if described:
        contract = InputContract(kind="forensic statistics", name="statistics", side=SIDE)
    else:
        contract = InputContract(side=SIDE)
    draft = draft_of(model, name, "origin", labels, contract, recipe, data, figures, licence)
    draft = draft.model_copy(update={"selection": ORIGIN_SELECTION, "domain": ORIGIN_DOMAIN})
    if isinstance(model, EfficientNetLite0):
        inputs = torch.rand(3, 3, SIDE, SIDE, generator=generator)
        return _written_with_torch(model, "lite0", inputs, draft, folder)
    if described:
        inputs = torch.rand(3, COUNT, generator=generator)
        content = _onnx_of(model.eval(), inputs[:2], contract, {"name": name}).SerializeToString()
        return written(model, inputs, content, draft, folder)
    return _written_int8(model, torch.rand(3, 3, SIDE, SIDE, generator=generator), draft, folder)


def draft_of(
    model: nn.Module,
    name: str,
    task: str,
    labels: Sequence[Label],
    contract: InputContract,
    recipe: dict[str, str | int | float | bool],
    data: str,
    figures: dict[str, str | float],
    licence: str,
) -> ModelEntry:
    """Return the entry of a model whose file isn't written yet."""
    return ModelEntry(
        name=name,
        task=task,
        version="1",
        file=f"{name}.onnx",
        sha256="",
        licence=licence,
        parameters=sum(p.numel() for p in model.parameters()),
        labels=tuple(labels),
        input=contract,
        recipe=recipe,
        data=data,
        figures=figures,
    )


def _written_int8(
    model: nn.Module,
    inputs: torch.Tensor,
    draft: ModelEntry,
    folder: Path,
    network: str | None = None,
) -> ModelEntry:
    """Write a model, its largest layer in int8, and its entry; see `written`."""
    model = in_format(model.eval(), torch.contiguous_format)
    layer = max(
        (m for m in model.modules() if isinstance(m, nn.Linear)), key=lambda m: m.in_features
    )
    steps, scales = _int8(layer.weight)
    layer.weight.copy_(steps.float() * scales)
    proto = _onnx_of(model, inputs[:2], draft.input, {"name": draft.name})
    _store_int8(proto, layer.weight, steps, scales)
    return written(model, inputs, proto.SerializeToString(), draft, folder, network=network)


@torch.no_grad()
def written(
    model: nn.Module,
    inputs: torch.Tensor,
    content: bytes,
    draft: ModelEntry,
    folder: Path,
    tolerance: float = TOLERANCE,
    *,
    network: str | None = None,
    weights: bytes | None = None,
) -> ModelEntry:
    """Check what a file gives for ``inputs``, and write it and, at last, its entry.

    Parameters
    ----------
    network
        Its name in `verifier.explain.networks.NETWORKS`; None: it can't be explained.
    weights
        Those for torch, in a file beside it; None: the ONNX file has them by their names.
    """
    _check(model, inputs, draft.input, content, tolerance)
    folder.mkdir(parents=True, exist_ok=True)
    write(folder / draft.file, content, force=True)
    entry = draft.model_copy(update={"sha256": hashlib.sha256(content).hexdigest()})
    if network is not None:
        file, digest = entry.file, entry.sha256
        if weights is not None:
            file, digest = f"{draft.name}.safetensors", hashlib.sha256(weights).hexdigest()
            write(folder / file, weights, force=True)
        kept = TorchWeights(network=network, file=file, sha256=digest)
        entry = entry.model_copy(update={"torch": kept})
    add_to_manifest(entry, folder)
    return entry


def export_generated(
    model: nn.Module,
    network: str,
    name: str,
    recipe: dict[str, str | int | float | bool],
    data: str,
    precision: float,
    licence: str,
    folder: Path,
) -> ModelEntry:
    """Write a detector of generated pictures as ONNX, and for torch, beside its entry.

    It isn't calibrated yet. The frozen weights of a published network are stored as float16, which
    halves both files. ``network`` is its name in `verifier.explain.networks.NETWORKS`,
    ``precision`` is its average precision on held-out scenes.

    Raises
    ------
    WeightsError
        If the exported network does not give what torch gives.
    """
    contract = InputContract(side=CROP)
    figures: dict[str, str | float] = {
        "validation: average precision, held-out scenes": round(precision, 4)
    }
    draft = draft_of(
        model, name, "generated", GENERATED_LABELS, contract, recipe, data, figures, licence
    )
    draft = draft.model_copy(update={"selection": GENERATED_SELECTION, "domain": GENERATED_DOMAIN})
    inputs = torch.rand(3, 3, CROP, CROP, generator=torch.Generator().manual_seed(0))
    return _written_with_torch(model, network, inputs, draft, folder)


def export_residual(
    model: ResidualCNN,
    name: str,
    recipe: dict[str, str | int | float | bool],
    data: str,
    precision: float,
    licence: str,
    folder: Path,
) -> ModelEntry:
    """Write the residual network as `export_generated` does, for native crops, in float32.

    Raises
    ------
    WeightsError
        If the exported network does not give what torch gives.
    """
    contract = InputContract(side=SIDE_OF_NATIVE)
    figures: dict[str, str | float] = {
        "validation: average precision, crops of held-out scenes": round(precision, 4)
    }
    draft = draft_of(
        model, name, "generated", GENERATED_LABELS, contract, recipe, data, figures, licence
    )
    draft = draft.model_copy(update={"selection": RESIDUAL_SELECTION, "domain": GENERATED_DOMAIN})
    side = SIDE_OF_NATIVE
    inputs = torch.rand(3, 3, side, side, generator=torch.Generator().manual_seed(0))
    return _written_with_torch(model, "residual", inputs, draft, folder)


def _written_with_torch(
    model: nn.Module, network: str, inputs: torch.Tensor, draft: ModelEntry, folder: Path
) -> ModelEntry:
    """Write a model as ONNX and for torch, and its entry; ``inputs`` check the file."""
    model = in_format(model.eval(), torch.contiguous_format)
    proto = _onnx_of(model, inputs[:2], draft.input, {"name": draft.name})
    if isinstance(model, EfficientNetLite0):
        store_half(proto)
        content = proto.SerializeToString()
        return written(model, inputs, content, draft, folder, HALF_TOLERANCE, network=network)
    weights = save({k: v.contiguous() for k, v in model.state_dict().items()})
    content = proto.SerializeToString()
    return written(model, inputs, content, draft, folder, network=network, weights=weights)


def store_half(proto: onnx.ModelProto) -> None:
    """Store large tensors of weights as float16 and a cast, which runtimes fold when they load."""
    for stored in list(proto.graph.initializer):
        values = onnx.numpy_helper.to_array(stored)
        if values.dtype != np.float32 or values.size < _LARGE:
            continue
        name = stored.name
        proto.graph.initializer.remove(stored)
        half = onnx.numpy_helper.from_array(values.astype(np.float16), f"{name}.half")
        proto.graph.initializer.append(half)
        cast = onnx.helper.make_node("Cast", [half.name], [name], to=onnx.TensorProto.FLOAT)
        proto.graph.node.insert(0, cast)
    onnx.checker.check_model(proto, full_check=True)


def _int8(weight: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Round (outputs, inputs) weights to int8 steps of a scale for each output, (outputs, 1)."""
    scales = weight.abs().amax(dim=1, keepdim=True).clamp(min=1e-12) / 127
    return torch.round(weight / scales).to(torch.int8), scales


def _store_int8(
    proto: onnx.ModelProto, weight: torch.Tensor, steps: torch.Tensor, scales: torch.Tensor
) -> None:
    """Replace the one initializer of that shape by int8 steps, a cast and a scale."""
    shapes = (tuple(weight.shape), tuple(weight.shape[::-1]))
    [stored] = [one for one in proto.graph.initializer if tuple(one.dims) in shapes]
    if tuple(stored.dims) != shapes[0]:
        steps, scales = steps.T, scales.T
    name = stored.name
    proto.graph.initializer.remove(stored)
    proto.graph.initializer.extend(
        [
            onnx.numpy_helper.from_array(np.ascontiguousarray(steps.numpy()), f"{name}.steps"),
            onnx.numpy_helper.from_array(np.ascontiguousarray(scales.numpy()), f"{name}.scales"),
        ]
    )
    nodes = [
        onnx.helper.make_node("Cast", [f"{name}.steps"], [f"{name}.cast"], to=1),
        onnx.helper.make_node("Mul", [f"{name}.cast", f"{name}.scales"], [name]),
    ]
    for place, node in enumerate(nodes):
        proto.graph.node.insert(place, node)
    onnx.checker.check_model(proto, full_check=True)
