"""Training of the residual network on aligned pairs and generated pictures: the plain loop."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch
from torch.nn import functional as F

from verifier.evaluation.average_precision import average_precision
from verifier.training.autocast import autocast
from verifier.training.export import export_residual
from verifier.training.generated.residual_cnn import ResidualCNN
from verifier.training.generated.scenes import Batch, Scenes
from verifier.training.generated.train import as_tensor
from verifier.training.listed_sets import WHAT_SETS_SHOW
from verifier.training.memory_format import in_format
from verifier.training.picture_sets import Picture, sets_of
from verifier.training.run import Report, Run
from verifier.weights import ModelEntry

# Of the steps, in which the learning rate rises.
_WARM_UP = 0.03
_VALIDATION_BATCH = 64


@dataclass(frozen=True)
class ResidualRecipe:
    """How the residual network is trained.

    Attributes
    ----------
    steps
        Of ``batch`` crops, half of them photographs, two thirds of aligned pairs.
    learning_rate
        Of AdamW; it rises for a few steps and falls to 0 along a cosine.
    validated
        Crops of held-out scenes.
    """

    steps: int = 2400
    batch: int = 48
    learning_rate: float = 2e-3
    weight_decay: float = 0.02
    smoothing: float = 0.05
    validated: int = 384
    validate_every: int = 200
    bfloat16: bool = True
    seed: int = 0


def train_residual(
    model: ResidualCNN, training: Scenes, held_out: Scenes, recipe: ResidualRecipe, out: Path,
    report: Report,
) -> float:  # fmt: skip
    """Train, resuming from ``out`` where a checkpoint lies there.

    Writes ``checkpoint.safetensors`` and ``history.jsonl`` into ``out``.

    Returns
    -------
    Average precision on crops of the held-out scenes, half of them generated.

    Raises
    ------
    TrainingError
        If pictures are too small, or the checkpoint in ``out`` is of another recipe.
    """
    in_format(model, torch.channels_last)
    trained = [p for p in model.parameters() if p.requires_grad]
    optimiser = torch.optim.AdamW(trained, recipe.learning_rate, weight_decay=recipe.weight_decay)
    crops = held_out.batch(recipe.validated, np.random.default_rng([recipe.seed, 2**31]))
    return Run(out, model, [optimiser], asdict(recipe)).train(
        recipe.steps,
        recipe.validate_every,
        lambda step: _step(model, optimiser, training, recipe, step),
        lambda: validate_residual(model, crops),
        "precision",
        report,
    )


def export(
    model: ResidualCNN, name: str, recipe: ResidualRecipe, pictures: Sequence[Picture], pairs: int,
    precision: float, folder: Path, shown: str,
) -> ModelEntry:  # fmt: skip
    """Write a trained network into a folder with a manifest; it isn't calibrated yet.

    Parameters
    ----------
    pairs
        How many scenes it saw as aligned pairs.
    shown
        Whether what the sets show was looked at; see `verifier.training.listed_sets.shown_words`.
    """
    stated: dict[str, str | int | float | bool] = asdict(recipe) | {
        "network": "residual",
        "optimiser": "AdamW",
        "scenes of aligned pairs": pairs,
        WHAT_SETS_SHOW: shown,
    }
    data = f"{', '.join(sets_of(pictures))}: {len(pictures)} pictures"
    return export_residual(model, name, stated, data, precision, "your own", folder)


def _step(
    model: ResidualCNN, optimiser: torch.optim.Optimizer, training: Scenes, recipe: ResidualRecipe,
    step: int,
) -> float:  # fmt: skip
    batch = training.batch(recipe.batch, np.random.default_rng([recipe.seed, step]))
    warm = min(1.0, (step + 1) / max(1, _WARM_UP * recipe.steps))
    for group in optimiser.param_groups:
        fall = (1 + np.cos(np.pi * step / recipe.steps)) / 2
        group["lr"] = recipe.learning_rate * warm * fall
    model.train()
    residuals = model.residuals(as_tensor(batch.pixels))
    with autocast(recipe.bfloat16):
        logits = model.weigh(residuals.contiguous(memory_format=torch.channels_last))
    labels = torch.from_numpy(batch.labels)
    loss = F.cross_entropy(logits.float(), labels, label_smoothing=recipe.smoothing)
    optimiser.zero_grad()
    torch.autograd.backward(loss)
    optimiser.step()
    return float(loss.detach())


@torch.no_grad()
def validate_residual(model: ResidualCNN, crops: Batch) -> float:
    """Return the average precision of the generated among crops, in float32."""
    model.eval()
    scores = []
    for start in range(0, len(crops.labels), _VALIDATION_BATCH):
        logits = model(as_tensor(crops.pixels[start : start + _VALIDATION_BATCH]))
        scores.append((logits[:, 1] - logits[:, 0]).numpy())
    return average_precision(np.concatenate(scores), crops.labels == 1)
