"""Warm-up of a pipeline without a watermark layer: it learns to embed a pattern.

`WatermarkedRNet` has such a layer, and the pattern is put into it. A U-Net knows places by its
transposed convolutions and can be taught: its output is held to what it gave before, with the
pattern added. Joint training then starts where edits can already be detected.
"""

import hashlib
import math
import sys
from collections import deque
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from camera_sim.errors import TrainingError
from camera_sim.networks.rnet import WatermarkPattern, pattern_levels
from camera_sim.training.nip.data import PatchSource
from camera_sim.training.pair.pattern_search import digest
from camera_sim.training.pair.recipe import JointRecipe
from camera_sim.training.pair.sending import Pair
from channel.terminal import track
from verifier.training.autocast import autocast_of
from verifier.training.run import Run
from verifier.training.steps import saved

FILE = "taught.safetensors"
# A pipeline that cannot know places, such as INet, ends near 1.
MOST_MISSING = 0.7
RATE, WARM_UP = 1e-4, 50  # at five times the rate it forgets how to develop
PATCHES, SIDE = 4, 128  # a step's, and their pixels
KEPT_EVERY = 100  # steps


def learn_pattern(
    pair: Pair, source: PatchSource, recipe: JointRecipe, pattern: WatermarkPattern, out: Path
) -> None:
    """Teach the pipeline to embed a pattern, in ``recipe.pattern_warm_up`` steps.

    It goes on from ``out/taught.safetensors`` where that is there. The share of the pattern's
    energy that is missing or wrong is shown as it falls.

    Raises
    ------
    TrainingError
        If that file was written with another pattern or other options, or the pipeline doesn't
        learn it: more than `MOST_MISSING` is missing in the end.
    """
    steps = recipe.pattern_warm_up
    levels = torch.from_numpy(pattern_levels(pattern)).float() * recipe.pattern_strength / 255
    energy = float(levels.square().mean())
    options: dict[str, object] = {
        "pattern": digest(pattern), "strength": recipe.pattern_strength, "steps": steps,
        "seed": recipe.seed, "camera": recipe.camera, "pipeline before": _sha256(pair.plain),
    }  # fmt: skip
    optimiser = torch.optim.Adam(pair.nip.parameters(), RATE)
    run = Run(out, pair.nip, [optimiser], options, FILE, {"carrier": "pattern"})
    start = run.resumed()
    pair.nip.autocast, pair.plain.autocast = autocast_of(recipe.bfloat16), None
    pair.nip.train()
    errors = deque[float](maxlen=KEPT_EVERY)
    for step in saved(track(range(start, steps), "embedding the pattern"), run.save, start):
        optimiser.param_groups[0]["lr"] = RATE * _share_of_rate(step, steps)
        batch = source.batch(np.random.default_rng([recipe.seed, step]), PATCHES, SIDE)
        with torch.no_grad():
            wanted = _with(levels, pair.plain(*batch.inputs))
        error = (pair.nip(*batch.inputs) - wanted).square().mean()
        optimiser.zero_grad()
        torch.autograd.backward(error)
        torch.nn.utils.clip_grad_norm_(pair.nip.parameters(), 1.0)
        optimiser.step()
        errors.append(float(error.detach()) / energy)
        if (step + 1) % KEPT_EVERY == 0 or step + 1 == steps:
            run.save(step + 1)
            missing = f"pattern {step + 1}/{steps}: {np.mean(errors):.0%} of it missing"
            print(missing, file=sys.stderr, flush=True)
    pair.nip.autocast = None
    if errors and np.mean(errors) > MOST_MISSING:
        raise TrainingError(
            f"the pipeline doesn't embed the pattern: {np.mean(errors):.0%} of it is missing after "
            f"{steps} steps; give more --pattern-warm-up, or a pipeline that knows places (unet)"
        )


def _sha256(model: nn.Module) -> str:
    found = hashlib.sha256()
    for name, value in model.state_dict().items():
        found.update(name.encode() + value.contiguous().numpy().tobytes())
    return found.hexdigest()


def _with(pattern: Tensor, developed: Tensor) -> Tensor:
    """Add a pattern that repeats to (N, 3, H, W) pictures, in all colours alike."""
    height, width = developed.shape[-2:]
    rows, columns = (-(-side // len(pattern)) for side in (height, width))
    return developed + pattern.repeat(rows, columns)[:height, :width]


def _share_of_rate(step: int, steps: int) -> float:
    return min(1.0, (step + 1) / WARM_UP) * (1 + math.cos(math.pi * step / steps)) / 2
