"""Weights for torch out of an ONNX file that has them by their names."""

import torch
from torch import Tensor, nn

from channel.extras import to_install
from channel.onnx_file import check_whole
from verifier.errors import DependencyError
from verifier.training.backbones.efficientnet_lite0 import EfficientNetLite0, unmerged


def tensors_of(content: bytes, model: nn.Module) -> dict[str, Tensor]:
    """Return the tensors of a network's state that are in an ONNX file.

    What is stored there as float16, or as int8 steps and scales (`verifier.training.export`), is
    brought back, and batch normalisation that the export merged into convolutions is taken apart.

    Raises
    ------
    DependencyError
        Without onnx.
    ModelFileError
        If some of its weights lie in another file.
    """
    try:
        from onnx import load_from_string, numpy_helper
    except ImportError as error:
        raise DependencyError(f"this needs onnx: {to_install('explain')}") from error
    check_whole(content)
    graph = load_from_string(content).graph
    stored: dict[str, Tensor] = {}
    for one in graph.initializer:
        values = torch.from_numpy(numpy_helper.to_array(one).copy())
        stored[one.name.removesuffix(".half")] = (
            values.float() if values.is_floating_point() else values
        )
    for name in [name for name in stored if name.endswith(".steps")]:
        whole = name.removesuffix(".steps")
        stored[whole] = stored[name].float() * stored[f"{whole}.scales"]
    if isinstance(model, EfficientNetLite0):
        biases = {
            node.input[1].removesuffix(".weight"): stored[node.input[2]]
            for node in graph.node
            if node.op_type == "Conv" and len(node.input) == 3
        }
        stored |= unmerged(biases, model.state_dict())
    return {name: stored[name] for name in model.state_dict() if name in stored}
