"""Training of a neural imaging pipeline: the plain loop, its recipes and its record.

`PAPER` is the schedule of Korus & Memon 2019 (section 4.1): batch 20, 128 px, Adam at 1e-4,
until the validation loss changes by less than 1e-4. `FAST` is ours: a cosine from 1e-3, and a
loss of PSNR and SSIM themselves, so that clean and noisy patches weigh the same.
"""

import math
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import torch
from torch import Tensor

from camera_sim.networks.nip import NIP
from camera_sim.training.nip.data import Batch, PatchSource
from camera_sim.training.nip.ssim import ssim
from verifier.training.autocast import autocast_of
from verifier.training.history import history_of
from verifier.training.memory_format import in_format
from verifier.training.run import Report, Run

# Pixels at a patch's border that the loss leaves out: a network sees zeros beyond them.
BORDER = 8


@dataclass(frozen=True)
class Recipe:
    """How a pipeline is trained.

    Attributes
    ----------
    steps
        At most so many.
    batch, patch
        Patches a step, and pixels a side of each.
    schedule
        ``cosine`` falls from the learning rate to its hundredth.
    loss
        ``psnr`` is the mean over patches of the logarithm of the squared error; ``psnr+ssim`` adds
        that of 1 − SSIM, so that what is seen in smooth places counts too (after Zhao et al.,
        *Loss functions for image restoration with neural networks*, IEEE TCI 2017).
    stop_change
        Stop when the validation loss changes relatively by less; 0 never.
    bfloat16
        Learnt layers compute in bfloat16: 2 to 4 times faster on processors that have it.
    """

    steps: int = 20_000
    batch: int = 16
    patch: int = 128
    learning_rate: float = 1e-3
    schedule: Literal["cosine", "constant"] = "cosine"
    loss: Literal["psnr", "psnr+ssim", "mse"] = "psnr+ssim"
    stop_change: float = 0.0
    validate_every: int = 500
    bfloat16: bool = True
    seed: int = 0


FAST = Recipe()
PAPER = Recipe(
    steps=200_000,
    batch=20,
    learning_rate=1e-4,
    schedule="constant",
    loss="mse",
    stop_change=1e-4,
    bfloat16=False,
)


def train(
    model: NIP,
    source: PatchSource,
    validation: Batch,
    recipe: Recipe,
    out: Path,
    report: Report,
) -> float:
    """Train a pipeline, resuming from ``out`` where a checkpoint lies there.

    Writes ``checkpoint.safetensors`` and ``history.jsonl`` into ``out``.

    Returns
    -------
    PSNR in dB on the validation batch.

    Raises
    ------
    TrainingError
        If the checkpoint in ``out`` is of another recipe, or ``out`` cannot be a folder.
    """
    in_format(model, torch.channels_last)
    optimiser = torch.optim.Adam(model.parameters(), recipe.learning_rate)

    def take(step: int) -> float:
        rng = np.random.default_rng([recipe.seed, step])
        batch = source.batch(rng, recipe.batch, recipe.patch)
        return _step(model, optimiser, batch, recipe, step)

    return Run(out, model, [optimiser], asdict(recipe)).train(
        recipe.steps,
        recipe.validate_every,
        take,
        lambda: validate(model, validation),
        "psnr",
        report,
        is_settled=lambda done: _is_settled(out, done, recipe),
    )


def _step(
    model: NIP, optimiser: torch.optim.Adam, batch: Batch, recipe: Recipe, step: int
) -> float:
    for group in optimiser.param_groups:
        group["lr"] = learning_rate(recipe, step)
    model.train()
    model.autocast = autocast_of(recipe.bfloat16)
    loss = loss_of(model, batch, recipe)
    optimiser.zero_grad()
    torch.autograd.backward(loss)
    torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    optimiser.step()
    return float(loss.detach())


def learning_rate(recipe: Recipe, step: int) -> float:
    """Return the rate at a step; the first 300 steps warm up."""
    warm = min(1.0, (step + 1) / 300)
    if recipe.schedule == "constant":
        return recipe.learning_rate * warm
    share = 0.01 + 0.99 * (1 + math.cos(math.pi * step / recipe.steps)) / 2
    return recipe.learning_rate * share * warm


def loss_of(model: NIP, batch: Batch, recipe: Recipe) -> Tensor:
    """Return the loss of a batch by the recipe's definition."""
    developed, target = inner_parts(model, batch)
    errors = (developed - target).square().mean(dim=(1, 2, 3))
    if recipe.loss == "mse":
        return errors.mean()
    loss = errors.clamp(min=1e-8).log()
    if recipe.loss == "psnr+ssim":
        loss = loss + (1 - ssim(developed, target)).clamp(min=1e-4).log()
    return loss.mean()


def inner_parts(model: NIP, batch: Batch) -> tuple[Tensor, Tensor]:
    """Return what was developed and what it should be, both without the patches' borders."""
    mosaic = batch.mosaic.contiguous(memory_format=torch.channels_last)
    developed = model(mosaic, *batch.inputs[1:])
    inner = (slice(None), slice(None), slice(BORDER, -BORDER), slice(BORDER, -BORDER))
    return developed[inner], batch.target[inner]


@torch.no_grad()
def validate(model: NIP, batch: Batch) -> float:
    """Return the mean PSNR in dB over a batch, in float32."""
    model.eval()
    model.autocast = None
    developed, target = inner_parts(model, batch)
    errors = (developed - target).square().mean(dim=(1, 2, 3))
    return float((-10 * errors.clamp(min=1e-10).log10()).mean())


def _is_settled(out: Path, done: int, recipe: Recipe) -> bool:
    """Whether the last validation changed by less than the recipe's `stop_change`."""
    psnr = [entry["psnr"] for entry in history_of(out) if entry["step"] <= done]
    errors = [10 ** (-value / 10) for value in psnr[-2:]]
    return len(errors) > 1 and abs(errors[0] - errors[1]) < recipe.stop_change * errors[1]
