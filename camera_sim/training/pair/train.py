"""Joint training of a NIP and a FAN (Korus & Memon, CVPR 2019, section 3 and 4.4): the plain loop.

The camera learns to embed a watermark that its FAN reads after the channel. Fidelity to the same
pipeline before training holds it back.
"""

import math
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch
from torch.nn import functional as F

from camera_sim.errors import TrainingError
from camera_sim.training.nip.data import PatchSource
from camera_sim.training.pair.recipe import RENAMED, JointRecipe, cost_of_fidelity, rate_share
from camera_sim.training.pair.sending import Draw, Pair, drawn, send
from camera_sim.training.pair.unknown_camera import UnknownCameraSource
from camera_sim.training.pair.validation import Point, Validation, validate
from camera_sim.training.pair.workflow import HISTORIES, Workflow
from verifier.training.autocast import autocast_of
from verifier.training.checkpoint import save_weights
from verifier.training.history import history_of, record
from verifier.training.memory_format import in_format
from verifier.training.run import Run
from verifier.training.steps import saved


@dataclass(frozen=True)
class JointProgress:
    """Where a run stands: means since the last report, and a validated point at times.

    Attributes
    ----------
    psnr
        In dB, to the pipeline before; NaN while the camera does not learn.
    """

    step: int
    steps: int
    loss: float
    accuracy: float
    psnr: float
    point: Point | None


def train_pair(
    pair: Pair,
    source: PatchSource,
    others: UnknownCameraSource,
    held_out: Validation,
    recipe: JointRecipe,
    out: Path,
    report: Callable[[JointProgress], None],
) -> list[Point]:
    """Train a pair, resuming from ``out`` where a checkpoint lies there.

    Writes the checkpoint, ``history.jsonl`` (a `Point` a line) and ``points/STEP.safetensors``, the
    weights of each, into ``out``.

    Returns
    -------
    Every validated point.

    Raises
    ------
    TrainingError
        If the checkpoint in ``out`` is of another recipe, or ``out`` cannot be a folder.
    """
    in_format(pair, torch.channels_last)
    optimisers = build_optimisers(pair, recipe)
    run = Run(out, pair, optimisers, asdict(recipe), renamed=RENAMED)
    start = run.resumed()
    workflow, seen = Workflow(), list[tuple[float, float, float]]()
    for step, draw in saved(drawn(source, others, recipe, start), run.save, start):
        seen.append(_step(pair, workflow, optimisers, draw, recipe, step))
        done, point = step + 1, None
        if done % recipe.validate_every == 0 or done == recipe.steps:
            point = validate(pair.nip, pair.plain, pair.fan, held_out, done)
            save_weights(out / "points" / f"{done}.safetensors", pair.halves)
            record(out, asdict(point))
            run.save(done)
        loss, accuracy, psnr = np.mean(seen, axis=0).tolist()
        report(JointProgress(done, recipe.steps, loss, accuracy, psnr, point))
        if point:
            seen.clear()
    return read_points(out)


def _step(
    pair: Pair,
    workflow: Workflow,
    optimisers: list[torch.optim.Adam],
    draws: list[Draw],
    recipe: JointRecipe,
    step: int,
) -> tuple[float, float, float]:
    """Take one step; return loss, accuracy, and PSNR in dB to the pipeline before."""
    learns = recipe.mode == "F+N" and step >= recipe.fan_warm_up
    for group in (group for optimiser in optimisers for group in optimiser.param_groups):
        group["lr"] = group["full_rate"] * rate_share(recipe, step)
    pair.fan.autocast = pair.nip.autocast = pair.plain.autocast = autocast_of(recipe.bfloat16)
    pair.nip.train(learns)
    sent = [send(pair, workflow, draw, recipe, learns=learns) for draw in draws]
    labels = torch.cat([labels for _, labels, _ in sent])
    downloaded = torch.cat([downloaded for downloaded, _, _ in sent])
    logits = pair.fan(downloaded)
    loss = F.cross_entropy(logits, labels)
    for optimiser in optimisers:
        optimiser.zero_grad()
    total, psnr = loss, math.nan
    if learns:
        shares = torch.tensor([len(draw.batch.mosaic) / recipe.scenes for draw in draws])
        squared = (shares * torch.stack([error for _, _, error in sent])).sum()
        total = loss + cost_of_fidelity(recipe, step, squared)
        psnr = -10 * math.log10(max(float(squared.detach()), 1e-10))
    torch.autograd.backward(total)
    for model, optimiser in zip((pair.fan, pair.nip), optimisers, strict=True):
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        if learns or model is pair.fan:
            optimiser.step()
    pair.fan.constrain()
    accuracy = (logits.argmax(dim=1) == labels).float().mean()
    return float(loss.detach()), float(accuracy), psnr


def build_optimisers(pair: Pair, recipe: JointRecipe) -> list[torch.optim.Adam]:
    """Return the FAN's Adam and the NIP's; a NIP of rate 0 is frozen."""
    pair.nip.requires_grad_(recipe.nip_rate > 0)
    optimisers = [
        torch.optim.Adam(pair.fan.parameters(), recipe.fan_rate),
        torch.optim.Adam(pair.nip.parameters(), recipe.nip_rate),
    ]
    for group in (group for optimiser in optimisers for group in optimiser.param_groups):
        group["full_rate"] = group["lr"]
    return optimisers


def read_points(out: Path) -> list[Point]:
    """Return the validated points of a run, the last of each step; none before the first."""
    entries = [{RENAMED.get(k, k): v for k, v in entry.items()} for entry in history_of(out)]
    return [Point(**entry) for entry in entries]


def choose_point(points: list[Point], least_psnr: float, step: int | None = None) -> Point:
    """Return the best point of at least ``least_psnr`` dB, or the nearest to it.

    That is the last one that is not surely worse than the most accurate: by less than two standard
    errors of its patches.

    Raises
    ------
    TrainingError
        If ``step`` is asked for and is none of them.
    """
    if step is not None:
        steps = {point.step: point for point in points}
        if step not in steps:
            known = ", ".join(map(str, steps))
            raise TrainingError(f"step {step} was not validated; there are {known}")
        return steps[step]
    faithful = [point for point in points if point.psnr >= least_psnr]
    if faithful:
        best = max(faithful, key=lambda point: point.accuracy)
        return [point for point in faithful if point.accuracy >= best.accuracy - _noise(best)][-1]
    return max(points, key=lambda point: point.psnr)


def _noise(point: Point) -> float:
    """Return two standard errors of a point's accuracy."""
    patches = max(1, sum(map(sum, point.confusion[: len(HISTORIES)])))
    return 2 * math.sqrt(point.accuracy * (1 - point.accuracy) / patches)
