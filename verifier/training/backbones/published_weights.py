"""Files of published weights, which a user has. Needs torch."""

import pickle
from pathlib import Path

import torch
from torch import Tensor, nn

from verifier.errors import WeightsError


def read_tensors(path: Path) -> dict[str, Tensor]:
    """Read the weights in a file: safetensors, or torch's, of which only tensors are taken.

    A dictionary that holds the weights as "model" (CNNDetection's) or "state_dict" is opened.

    Raises
    ------
    WeightsError
        If the file can't be read, or holds something else.
    """
    try:
        if path.suffix == ".safetensors":
            from safetensors.torch import load_file

            return load_file(path)
        found = torch.load(path, map_location="cpu", weights_only=True)
    except FileNotFoundError as error:
        raise WeightsError(f"{path}: no such file") from error
    # What a damaged file makes of torch and safetensors has no root of its own.
    except (Exception, pickle.UnpicklingError) as error:
        words = str(error).splitlines()[0][:200] if str(error) else type(error).__name__
        raise WeightsError(f"{path} can't be read as weights: {words}") from error
    for key in ("model", "state_dict"):
        if isinstance(found, dict) and isinstance(found.get(key), dict):
            found = found[key]
    if not isinstance(found, dict) or not all(isinstance(v, Tensor) for v in found.values()):
        raise WeightsError(f"{path} holds no table of weights")
    return {str(name).removeprefix("module."): value for name, value in found.items()}


def fill(
    model: nn.Module, tensors: dict[str, Tensor], path: Path, network: str, *, strict: bool = True
) -> None:
    """Put the tensors of a file into a network; raise `WeightsError` if it isn't of ``network``.

    Parameters
    ----------
    strict
        Whether the file must have all that the network has.
    """
    try:
        model.load_state_dict(tensors, strict=strict)
    except RuntimeError as error:
        first = str(error).splitlines()[1].strip() if "\n" in str(error) else str(error)
        raise WeightsError(f"{path} isn't of {network}: {first[:200]}") from error
