"""A trained pooling network as an ONNX file, named in the manifest beside its pair's analyser."""

import hashlib
import json
import logging
import warnings
from pathlib import Path

import numpy as np
import onnx
import onnxruntime as ort
import torch
from numpy.typing import NDArray

from channel.output import write
from verifier.errors import WeightsError
from verifier.pooling import INPUTS, OUTPUT, PATTERN
from verifier.training.export import OPSET, TOLERANCE
from verifier.training.pooling_network import PoolingNetwork
from verifier.weights import ModelEntry, PoolingEntry, add_to_manifest

Recipe = dict[str, str | int | float | bool]


@torch.no_grad()
def export_pooling(
    network: PoolingNetwork,
    pattern: NDArray[np.float64],
    analyser: ModelEntry,
    recipe: Recipe,
    folder: Path,
) -> ModelEntry:
    """Write a pooling network, and the analyser's entry with it: a version on, not yet calibrated.

    Parameters
    ----------
    pattern
        (period, period) that the pair lays, in 8-bit levels.
    recipe
        Added to the analyser's.

    Raises
    ------
    WeightsError
        If the exported network does not give what torch gives.
    """
    network = network.eval()
    content = _onnx_of(network, pattern).SerializeToString()
    _check(network, content)
    path = folder / f"{analyser.name}-pooling.onnx"
    write(path, content, force=True)
    version = str(int(analyser.version) + 1) if analyser.version.isdigit() else analyser.version
    entry = analyser.model_copy(
        update={
            "version": version,
            "pooling": PoolingEntry(file=path.name, sha256=hashlib.sha256(content).hexdigest()),
            "calibrations": {},
            "recipe": analyser.recipe | recipe,
        }
    )
    add_to_manifest(entry, folder)
    return entry


def _onnx_of(network: PoolingNetwork, pattern: NDArray[np.float64]) -> onnx.ModelProto:
    logging.getLogger("torch.onnx").setLevel(logging.ERROR)
    pictures = torch.export.Dim("pictures", min=1, max=4096)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        program = torch.onnx.export(
            network,
            _example(network),
            input_names=list(INPUTS),
            output_names=[OUTPUT],
            opset_version=OPSET,
            dynamic_shapes=({0: pictures}, {0: pictures}),
            dynamo=True,
            verbose=False,
        )
    assert program is not None  # dynamo=True always returns one
    proto = program.model_proto
    for part in (*proto.graph.node, *proto.graph.value_info, *proto.graph.input):
        part.doc_string = ""
        del part.metadata_props[:]  # paths of the machine that trained
    onnx.helper.set_model_props(proto, {PATTERN: json.dumps(pattern.tolist())})
    onnx.checker.check_model(proto, full_check=True)
    return proto


def _example(network: PoolingNetwork) -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(0)
    statistics = torch.rand(3, network.count, generator=generator)
    return statistics, -4 * torch.rand(3, network.classes, generator=generator)


def _check(network: PoolingNetwork, content: bytes) -> None:
    inputs = _example(network)
    session = ort.InferenceSession(content, providers=["CPUExecutionProvider"])
    fed = {name: value.numpy() for name, value in zip(INPUTS, inputs, strict=True)}
    found, expected = session.run([OUTPUT], fed)[0], network(*inputs).numpy()
    worst = float(np.abs(found - expected).max()) / max(1.0, float(np.abs(expected).max()))
    if worst > TOLERANCE:
        raise WeightsError(f"the exported network's logits differ from torch's by {worst:.2g}")
