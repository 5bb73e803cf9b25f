"""Checkpoints of a training run: one safetensors file, so that nothing is unpickled."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import nn

from channel.errors import reason_of
from channel.output import replacing
from verifier.errors import TrainingError
from verifier.training.manipulation.fan import FAN

CHECKPOINT = "checkpoint.safetensors"
"""Name of the checkpoint in a run's folder."""


def save_checkpoint(
    path: Path,
    model: nn.Module,
    optimisers: Sequence[torch.optim.Optimizer],
    step: int,
    recipe: dict[str, object],
) -> None:
    """Write weights, the moments of each optimiser, the step and the recipe.

    An old file is replaced whole.
    """
    tensors = _tensors(model)
    for number, optimiser in enumerate(optimisers):
        for index, moments in optimiser.state_dict()["state"].items():
            for name, value in moments.items():
                tensors[f"adam{number}.{index}.{name}"] = torch.as_tensor(value).contiguous()
    with replacing(path) as temporary:
        save_file(tensors, temporary, {"step": str(step), "recipe": json.dumps(recipe)})


def load_checkpoint(
    path: Path,
    model: nn.Module,
    optimisers: Sequence[torch.optim.Optimizer],
    recipe: dict[str, object],
    renamed: Mapping[str, str] | None = None,
) -> int:
    """Restore what `save_checkpoint` wrote and return the step.

    Parameters
    ----------
    renamed
        Names in recipes of older files, and today's.

    Raises
    ------
    TrainingError
        If the file is damaged, or was written by another recipe or for another network.
    """
    metadata, tensors = _read(path)
    names = renamed or {}
    written = {names.get(k, k): value for k, value in json.loads(metadata["recipe"]).items()}
    changed = changes(written, recipe)
    if changed:
        raise TrainingError(
            f"{path} was written with another {', '.join(changed)}; "
            "choose another --out to start anew"
        )
    _load_model(path, model, tensors)
    for number, optimiser in enumerate(optimisers):
        state = optimiser.state_dict()
        state["state"] = _moments(tensors, f"adam{number}.")
        optimiser.load_state_dict(state)
    return int(metadata["step"])


def changes(written: dict[str, object], recipe: dict[str, object]) -> list[str]:
    """Name what differs between the recipe of a file and another.

    What the file does not know yet was off when it was written.
    """
    return sorted(
        name
        for name in written | recipe
        if written.get(name) != recipe.get(name) and (name in written or recipe[name])
    )


def save_weights(path: Path, model: nn.Module) -> None:
    """Write the weights alone, for another run to go on from."""
    with replacing(path) as temporary:
        save_file(_tensors(model), temporary)


def _tensors(model: nn.Module) -> dict[str, torch.Tensor]:
    return {f"model.{name}": value.contiguous() for name, value in model.state_dict().items()}


def load_weights(path: Path, model: nn.Module) -> None:
    """Start a network from what `save_weights` or `save_checkpoint` wrote.

    Raises
    ------
    TrainingError
        If the file is missing or damaged, or is of another network.
    """
    _, tensors = _read(path)
    _load_model(path, model, tensors)


def recipe_of(path: Path) -> dict[str, object]:
    """Return the recipe that a checkpoint was written by.

    Raises
    ------
    TrainingError
        If the file is missing or damaged.
    """
    metadata, _ = _read(path)
    recipe: dict[str, object] = json.loads(metadata["recipe"])
    return recipe


def load_fan(path: Path, fan: FAN) -> None:
    """Start a FAN from that of a pair's checkpoint; classes and layers it lacks start anew.

    A last class that only the checkpoint has, that of unknown cameras, is left out.

    Raises
    ------
    TrainingError
        If the file is missing or damaged, or is of another network.
    """
    _, tensors = _read(path)
    state = fan.state_dict()
    known = {name: tensors[f"model.fan.{name}"] for name in state if f"model.fan.{name}" in tensors}
    if not known:
        raise TrainingError(f"{path} holds no FAN; name the folder of a joint run")
    for name, old in known.items():
        new = state[name]
        one_more = len(old) == len(new) + 1 and len(new) == fan.classes
        if old.shape[1:] != new.shape[1:] or (len(old) > len(new) and not one_more):
            raise TrainingError(f"{path} holds no FAN that fits; name the folder of a joint run")
        new[: len(old)] = old[: len(new)]
    fan.load_state_dict(state)


def _read(path: Path) -> tuple[dict[str, str], dict[str, torch.Tensor]]:
    try:
        with safe_open(path, "pt") as file:
            return file.metadata(), {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    except (OSError, SafetensorError) as error:
        raise TrainingError(
            f"{path} is not a checkpoint ({reason_of(error)}); remove it to start anew"
        ) from error


def _load_model(path: Path, model: nn.Module, tensors: dict[str, torch.Tensor]) -> None:
    weights = {k.removeprefix("model."): v for k, v in tensors.items() if k.startswith("model.")}
    try:
        model.load_state_dict(weights)
    except RuntimeError as error:
        raise TrainingError(
            f"{path} is of another network; choose another --out to start anew"
        ) from error


def _moments(tensors: dict[str, torch.Tensor], prefix: str) -> dict[int, dict[str, torch.Tensor]]:
    moments: dict[int, dict[str, torch.Tensor]] = {}
    for name, value in tensors.items():
        if name.startswith(prefix):
            _, index, moment = name.split(".")
            moments.setdefault(int(index), {})[moment] = value
    return moments
