"""Training of a neural imaging pipeline: the plain loop, its recipes and its record.

`PAPER` is the schedule of Korus & Memon 2019 (section 4.1): batch 20, 128 px, Adam at 1e-4,
until the validation loss changes by less than 1e-4. `FAST` is ours: a cosine from 1e-3, and a
loss of PSNR and SSIM themselves, so that clean and noisy patches weigh the same.
"""

import json
import math
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import torch
from torch import Tensor

from camera_sim.errors import TrainingError
from camera_sim.networks.nip import NIP
from camera_sim.training.nip.data import Batch, PatchSource
from camera_sim.training.nip.ssim import ssim
from verifier.training.autocast import autocast_of
from verifier.training.checkpoint import CHECKPOINT, load_checkpoint, save_checkpoint
from verifier.training.memory_format import in_format
from verifier.training.steps import saved

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


@dataclass(frozen=True)
class Progress:
    """Where a run stands: the loss since the last report, and PSNR in dB on held-out patches."""

    step: int
    steps: int
    loss: float
    psnr: float | None


def train(
    model: NIP,
    source: PatchSource,
    validation: Batch,
    recipe: Recipe,
    out: Path,
    report: Callable[[Progress], None],
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
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as refused:
        raise TrainingError(f"{out} cannot hold a run: {refused.strerror}") from refused
    in_format(model, torch.channels_last)
    optimiser = torch.optim.Adam(model.parameters(), recipe.learning_rate)
    checkpoint = out / CHECKPOINT
    start = 0
    if checkpoint.exists():
        start = load_checkpoint(checkpoint, model, [optimiser], asdict(recipe))

    def save(done: int) -> None:
        save_checkpoint(checkpoint, model, [optimiser], done, asdict(recipe))

    psnr, losses = validate(model, validation), list[float]()
    if recipe.stop_change and _settled(_validations(out, start), recipe):
        return psnr
    for step in saved(range(start, recipe.steps), save, start):
        rng = np.random.default_rng([recipe.seed, step])
        batch = source.batch(rng, recipe.batch, recipe.patch)
        losses.append(_step(model, optimiser, batch, recipe, step))
        done = step + 1
        if done % recipe.validate_every and done != recipe.steps:
            report(Progress(done, recipe.steps, losses[-1], None))
            continue
        psnr = validate(model, validation)
        _record(out, done, float(np.mean(losses)), psnr)
        save(done)
        report(Progress(done, recipe.steps, float(np.mean(losses)), psnr))
        losses.clear()
        if recipe.stop_change and _settled(_validations(out, done), recipe):
            break
    return psnr


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


def _validations(out: Path, until: int) -> list[float]:
    """Return the squared errors of the validations up to a step, from the record."""
    history = out / "history.jsonl"
    lines = history.read_text(encoding="utf-8").splitlines() if history.exists() else []
    psnr = {entry["step"]: entry["psnr"] for entry in map(json.loads, lines)}
    return [10 ** (-value / 10) for step, value in sorted(psnr.items()) if step <= until]


def _settled(errors: list[float], recipe: Recipe) -> bool:
    """Tell whether the last validation changed by less than the recipe's `stop_change`."""
    return len(errors) > 1 and abs(errors[-2] - errors[-1]) < recipe.stop_change * errors[-1]


def _record(out: Path, step: int, loss: float, psnr: float) -> None:
    with (out / "history.jsonl").open("a", encoding="utf-8") as history:
        history.write(json.dumps({"step": step, "loss": loss, "psnr": psnr}) + "\n")
