"""Step 1: a network's head learns the classical strength, by regression; the network is frozen.

Its logarithm, and even areas weigh most: there a watermark is seen first, and of photographs they
are the smaller part.
"""

import math
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from camera_sim.networks.qnet import SIDE, QNet
from camera_sim.training.nip.data import Batch, PatchSource
from camera_sim.training.watermark.classical_strength import classical_strength
from verifier.training.run import Report, Run

# Places of 4×4 pixels at a patch's border that are left out: beyond it a network sees zeros.
BORDER = 5


@dataclass(frozen=True)
class StrengthRecipe:
    """How a head is trained; the rate falls to its hundredth, as a cosine.

    Attributes
    ----------
    batch, patch
        Patches a step, and pixels a side of each.
    """

    steps: int = 800
    batch: int = 16
    patch: int = 128
    learning_rate: float = 0.02
    validate_every: int = 200
    seed: int = 0


def train_strength(
    model: QNet,
    source: PatchSource,
    validation: Batch,
    recipe: StrengthRecipe,
    out: Path,
    report: Report,
) -> float:
    """Train the head of a network, resuming from ``out`` where a checkpoint lies there.

    Returns
    -------
    How far strengths are from the classical ones on the validation batch: the root mean square of
    the ratio's natural logarithm.

    Raises
    ------
    TrainingError
        If the checkpoint in ``out`` is of another recipe, or ``out`` cannot be a folder.
    """
    model.eval()
    optimiser = torch.optim.Adam(model.strength.parameters(), recipe.learning_rate)

    def take(step: int) -> float:
        for group in optimiser.param_groups:
            group["lr"] = _learning_rate(recipe, step)
        rng = np.random.default_rng([recipe.seed, step])
        loss = loss_of(model, source.batch(rng, recipe.batch, recipe.patch))
        optimiser.zero_grad()
        torch.autograd.backward(loss)
        optimiser.step()
        return float(loss.detach())

    return Run(out, model, [optimiser], asdict(recipe)).train(
        recipe.steps,
        recipe.validate_every,
        take,
        lambda: validate(model, validation),
        "off",
        report,
    )


def loss_of(model: QNet, batch: Batch) -> Tensor:
    """Return the mean square of the ratios' logarithms, weighted by classical strength^−2."""
    chosen, wanted = strengths(model, batch)
    weights = wanted.square().reciprocal()
    return (weights * (chosen / wanted).log().square()).sum() / weights.sum()


def strengths(model: QNet, batch: Batch) -> tuple[Tensor, Tensor]:
    """Return chosen and classical strengths, (N, 1, h, w) each, without borders."""
    with torch.no_grad():
        developed = model(*batch.inputs)
    wanted = F.avg_pool2d(classical_strength(developed), SIDE)
    inner = (..., slice(BORDER, -BORDER), slice(BORDER, -BORDER))
    chosen = model.strengths(batch.mosaic, batch.white_balance, batch.exposure, batch.noise)
    return chosen[inner], wanted[inner]


@torch.no_grad()
def validate(model: QNet, batch: Batch) -> float:
    """Return the root mean square of the ratios' logarithms."""
    chosen, wanted = strengths(model, batch)
    return float((chosen / wanted).log().square().mean().sqrt())


def _learning_rate(recipe: StrengthRecipe, step: int) -> float:
    share = 0.01 + 0.99 * (1 + math.cos(math.pi * step / recipe.steps)) / 2
    return recipe.learning_rate * share
