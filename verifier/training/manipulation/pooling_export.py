"""A trained pooling network as an ONNX file, named in the manifest beside its pair's FAN."""

import hashlib
import json
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from channel.output import write
from verifier.detectors.pooling import INPUTS, OUTPUT, PATTERN
from verifier.training.export import check_graph, onnx_graph
from verifier.training.manipulation.pooling_network import PoolingNetwork
from verifier.weights import ModelEntry, PoolingEntry, add_to_manifest


def export_pooling(
    network: PoolingNetwork,
    pattern: NDArray[np.float64],
    fan: ModelEntry,
    recipe: dict[str, str | int | float | bool],
    folder: Path,
) -> ModelEntry:
    """Write a pooling network, and the FAN's entry with it: a version on, not yet calibrated.

    Parameters
    ----------
    pattern
        (period, period) that the pair lays, in 8-bit levels.
    recipe
        Added to the FAN's.

    Raises
    ------
    WeightsError
        If the exported network does not give what torch gives.
    """
    network = network.eval()
    examples = dict(zip(INPUTS, _examples(network), strict=True))
    metadata = {PATTERN: json.dumps(pattern.tolist())}
    content = onnx_graph(network, examples, OUTPUT, metadata).SerializeToString()
    check_graph(network, examples, OUTPUT, content)
    path = folder / f"{fan.name}-pooling.onnx"
    write(path, content, force=True)
    version = str(int(fan.version) + 1) if fan.version.isdigit() else fan.version
    entry = fan.model_copy(
        update={
            "version": version,
            "pooling": PoolingEntry(file=path.name, sha256=hashlib.sha256(content).hexdigest()),
            "calibrations": {},
            "recipe": fan.recipe | recipe,
        }
    )
    add_to_manifest(entry, folder)
    return entry


def _examples(network: PoolingNetwork) -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(0)
    statistics = torch.rand(3, network.count, generator=generator)
    return statistics, -4 * torch.rand(3, network.classes, generator=generator)
