"""Weights for torch out of an ONNX file that has them by their names."""

import torch
from torch import Tensor, nn

from verifier.errors import DependencyError


def tensors_of(content: bytes, model: nn.Module) -> dict[str, Tensor]:
    """Return the tensors of a network's state that are in an ONNX file.

    What is stored there as int8 steps and scales (`verifier.training.export`) is multiplied out.

    Raises
    ------
    DependencyError
        Without onnx.
    """
    try:
        from onnx import load_from_string, numpy_helper
    except ImportError as error:
        raise DependencyError("this needs onnx: pip install 'camsim[explain]'") from error
    stored = {
        one.name: torch.from_numpy(numpy_helper.to_array(one).copy())
        for one in load_from_string(content).graph.initializer
    }
    for name in [name for name in stored if name.endswith(".steps")]:
        whole = name.removesuffix(".steps")
        stored[whole] = stored[name].float() * stored[f"{whole}.scales"]
    return {name: stored[name] for name in model.state_dict() if name in stored}
