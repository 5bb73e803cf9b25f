"""Joint training of a NIP and a FAN (Korus & Memon, CVPR 2019, section 3 and 4.4): the plain loop.

The camera learns to leave traces that its analyser finds after the channel; fidelity to the same
pipeline as it was before holds it back. `PAPER_JOINT` is the authors' schedule, `FAST_JOINT` ours.
"""

import copy
import json
import math
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from camera_sim.errors import TrainingError
from camera_sim.pipelines.nip import NIP
from camera_sim.pipelines.rnet import TracingRNet
from camera_sim.training.checkpoint import (
    CHECKPOINT,
    load_checkpoint,
    save_checkpoint,
    save_weights,
)
from camera_sim.training.data import Batch, PatchSource
from camera_sim.training.foreign import ForeignSource
from camera_sim.training.masking import visible_error
from camera_sim.training.nip import BORDER
from camera_sim.training.validation import CAMERA_QUALITY, Point, Validation, validate
from camera_sim.training.workflow import (
    HISTORIES,
    Channel,
    ChannelKind,
    Workflow,
    draw_channel,
)
from verifier.training.fan import FAN

# Sides of the patches that a NIP develops are multiples of this.
STRIDE = 32
WARM_UP = 200
# Of the learning rates, at the end of the cosine.
FLOOR = 0.05


@dataclass(frozen=True)
class JointRecipe:
    """How a pair is trained.

    Attributes
    ----------
    mode
        ``F+N`` trains both, ``F`` the FAN alone.
    steps
        Of ``scenes`` patches, each with every history, and of ``foreign`` ones of other pipelines.
    fan_rate, nip_rate, trace_rate
        Of the two Adam optimisers; the last of the NIP's trace, where it has one (`TracingRNet`):
        while that alone learns fast, fidelity is spent on what the analyser can use.
    schedule
        ``cosine`` to a twentieth, or ``steps``: times 0.9 every ``decay_every``.
    fidelity, final_fidelity
        λ, the weight of the squared error to the pipeline before training; it goes from the one to
        the other geometrically.
    fan_first
        The NIP stays as it is for so many steps: a carrier that the analyser cannot read yet would
        only be smoothed away.
    carrier
        Strength of the pattern that a `TracingRNet` starts with; see its `lay_carrier`.
    masked
        Whether that error is weighted by `masking.visibility`.
    channel, curriculum
        See `workflow.draw_channel`; the channel gets harder over so many steps.
    camera_jpeg
        The share of steps in which the camera writes JPEG before anybody edits, at the quality of
        `camsim develop`.
    """

    mode: Literal["F", "F+N"] = "F+N"
    steps: int = 6000
    scenes: int = 4
    foreign: int = 2
    fan_rate: float = 6e-4
    nip_rate: float = 3e-5
    trace_rate: float = 1e-4
    schedule: Literal["cosine", "steps"] = "cosine"
    decay_every: int = 600
    fidelity: float = 1500.0
    final_fidelity: float = 4000.0
    fan_first: int = 1000
    carrier: float = 1.0
    masked: bool = True
    channel: ChannelKind = "wide"
    curriculum: int = 2500
    camera_jpeg: float = 0.3
    validate_every: int = 250
    bfloat16: bool = True
    seed: int = 0

    @property
    def classes(self) -> int:
        """How many the FAN tells apart."""
        return len(HISTORIES) + (self.foreign > 0)


FAST_JOINT = JointRecipe()
# The authors' script: batches of 20, Adam at 1e-4, a tenth less every 100 epochs of 6 batches.
PAPER_JOINT = JointRecipe(
    steps=6000,
    scenes=20,
    foreign=0,
    fan_rate=1e-4,
    nip_rate=1e-4,
    trace_rate=1e-4,
    schedule="steps",
    fidelity=1000.0,
    final_fidelity=1000.0,
    fan_first=0,
    carrier=0.0,
    masked=False,
    channel="paper",
    curriculum=0,
    camera_jpeg=0.0,
    bfloat16=False,
)


@dataclass(frozen=True)
class JointProgress:
    """Where a run stands: means since the last report, and a validated point at times."""

    step: int
    steps: int
    loss: float
    accuracy: float
    psnr: float
    point: Point | None


class Pair(nn.Module):
    """A camera's pipeline, its analyser, and the pipeline as it was before."""

    def __init__(self, nip: NIP, classes: int) -> None:
        super().__init__()
        self.nip = nip
        self.fan = FAN(classes)
        self.plain = copy.deepcopy(nip).requires_grad_(False).eval()

    @property
    def halves(self) -> nn.ModuleList:
        """What is shipped: the camera's half and the verifier's."""
        return nn.ModuleList([self.nip, self.fan])


def train_pair(
    pair: Pair,
    source: PatchSource,
    foreign: ForeignSource,
    held_out: Validation,
    recipe: JointRecipe,
    out: Path,
    report: Callable[[JointProgress], None],
) -> list[Point]:
    """Train a pair, resuming from ``out`` where a checkpoint lies there.

    Writes the checkpoint, ``history.jsonl`` (a `Point` a line) and ``points/STEP.safetensors``,
    the weights of each, into ``out``.

    Returns
    -------
    Every validated point.

    Raises
    ------
    TrainingError
        If the checkpoint in ``out`` is of another recipe, or ``out`` cannot be a folder.
    """
    try:
        (out / "points").mkdir(parents=True, exist_ok=True)
    except OSError as refused:
        raise TrainingError(f"{out} cannot hold a run: {refused.strerror}") from refused
    pair.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    optimisers = build_optimisers(pair, recipe)
    checkpoint, start = out / CHECKPOINT, 0
    if checkpoint.exists():
        start = load_checkpoint(checkpoint, pair, optimisers, asdict(recipe))
    elif recipe.mode == "F+N" and recipe.carrier and isinstance(pair.nip, TracingRNet):
        pair.nip.lay_carrier(recipe.carrier)
    workflow, seen = Workflow(), list[tuple[float, float, float]]()
    for step, draw in _drawn(source, foreign, recipe, start):
        seen.append(_step(pair, workflow, optimisers, draw, recipe, step))
        done, point = step + 1, None
        if done % recipe.validate_every == 0 or done == recipe.steps:
            point = validate(pair.nip, pair.plain, pair.fan, held_out, done)
            _record(out, point, pair)
            save_checkpoint(checkpoint, pair, optimisers, done, asdict(recipe))
        loss, accuracy, psnr = np.mean(seen, axis=0).tolist()
        report(JointProgress(done, recipe.steps, loss, accuracy, psnr, point))
        if point:
            seen.clear()
    return read_points(out)


@dataclass(frozen=True)
class _Draw:
    """What a step works on, drawn from the step's own random numbers."""

    batch: Batch
    foreign: Tensor
    rng: np.random.Generator


def _drawn(
    source: PatchSource, foreign: ForeignSource, recipe: JointRecipe, start: int
) -> Iterator[tuple[int, _Draw]]:
    """Draw each step's patches while the step before is being computed."""

    def draw(step: int) -> _Draw:
        rng = np.random.default_rng([recipe.seed, step])
        side = _channel(recipe, step).side
        batch = source.batch(rng, recipe.scenes, -(-(side + 2 * BORDER) // STRIDE) * STRIDE)
        return _Draw(batch, foreign.batch(rng, recipe.foreign, side), rng)

    with ThreadPoolExecutor(1) as pool:
        ahead = pool.submit(draw, start)
        for step in range(start, recipe.steps):
            drawn, ahead = ahead.result(), pool.submit(draw, step + 1)
            yield step, drawn
        ahead.cancel()


def _channel(recipe: JointRecipe, step: int) -> Channel:
    hardness = min(1.0, (step + 1) / max(1, recipe.curriculum))
    return draw_channel(recipe.channel, hardness, np.random.default_rng([recipe.seed, step, 1]))


def _step(
    pair: Pair,
    workflow: Workflow,
    optimisers: list[torch.optim.Adam],
    draw: _Draw,
    recipe: JointRecipe,
    step: int,
) -> tuple[float, float, float]:
    """Take one step; return loss, accuracy, and PSNR in dB to the pipeline before."""
    channel = _channel(recipe, step)
    learns = recipe.mode == "F+N" and step >= recipe.fan_first
    for group in (group for optimiser in optimisers for group in optimiser.param_groups):
        group["lr"] = group["full_rate"] * rate_share(recipe, step)
    pair.fan.autocast = pair.nip.autocast = torch.bfloat16 if recipe.bfloat16 else None
    pair.plain.autocast = pair.nip.autocast
    pair.nip.train(learns)
    with torch.set_grad_enabled(learns):
        developed, plain = developed_pair(pair, draw.batch)
    room = developed.shape[-1] - channel.side + 1
    offset = (int(draw.rng.integers(room)), int(draw.rng.integers(room)))
    quality = CAMERA_QUALITY if draw.rng.random() < recipe.camera_jpeg else None
    received = workflow(developed.clamp(0, 1), channel, offset, quality)
    labels = torch.arange(len(HISTORIES)).repeat_interleave(len(developed))
    if recipe.foreign:
        received = torch.cat([received, workflow.send(draw.foreign, channel)])
        labels = F.pad(labels, (0, recipe.foreign), value=len(HISTORIES))
    logits = pair.fan(received)
    loss = F.cross_entropy(logits, labels)
    error = (developed.detach() - plain).square().mean()
    for optimiser in optimisers:
        optimiser.zero_grad()
    total = loss
    if learns:
        distance = (
            visible_error(developed, plain)
            if recipe.masked
            else ((developed - plain).square().mean())
        )
        total = loss + weight_of_fidelity(recipe, step) * distance
    total.backward()  # type: ignore[no-untyped-call]
    for model, optimiser in zip((pair.fan, pair.nip), optimisers, strict=True):
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        if learns or model is pair.fan:
            optimiser.step()
    pair.fan.constrain()
    accuracy = (logits.argmax(dim=1) == labels).float().mean()
    return float(loss.detach()), float(accuracy), -10 * math.log10(max(float(error), 1e-10))


def build_optimisers(pair: Pair, recipe: JointRecipe) -> list[torch.optim.Adam]:
    """Return the FAN's Adam and the NIP's, whose trace has a rate of its own.

    What has the rate 0 is frozen, which halves the time of a step.
    """
    groups = []
    for is_trace, rate in ((False, recipe.nip_rate), (True, recipe.trace_rate)):
        named = pair.nip.named_parameters()
        parameters = [p for name, p in named if name.startswith("trace.") is is_trace]
        for parameter in parameters:
            parameter.requires_grad_(rate > 0)
        groups.append({"params": parameters, "lr": rate})
    optimisers = [
        torch.optim.Adam(pair.fan.parameters(), recipe.fan_rate),
        torch.optim.Adam([group for group in groups if group["params"]]),
    ]
    for group in (group for optimiser in optimisers for group in optimiser.param_groups):
        group["full_rate"] = group["lr"]
    return optimisers


def developed_pair(pair: Pair, batch: Batch) -> tuple[Tensor, Tensor]:
    """Develop a batch by the NIP and by the plain pipeline, borders cut off."""
    mosaic = batch.mosaic.contiguous(memory_format=torch.channels_last)
    inner = (slice(None), slice(None), slice(BORDER, -BORDER), slice(BORDER, -BORDER))
    with torch.no_grad():
        plain = pair.plain(mosaic, *batch.inputs[1:])[inner]
    return pair.nip(mosaic, *batch.inputs[1:])[inner], plain


def rate_share(recipe: JointRecipe, step: int) -> float:
    """Return the share of the learning rates at a step."""
    if recipe.schedule == "steps":
        return float(0.9 ** (step // recipe.decay_every))
    warm = min(1.0, (step + 1) / WARM_UP)
    return warm * (FLOOR + (1 - FLOOR) * (1 + math.cos(math.pi * step / recipe.steps)) / 2)


def weight_of_fidelity(recipe: JointRecipe, step: int) -> float:
    """Return λ at a step."""
    share = step / max(1, recipe.steps - 1)
    return float(recipe.fidelity * (recipe.final_fidelity / recipe.fidelity) ** share)


def read_points(out: Path) -> list[Point]:
    """Return the validated points of a run, the last of each step; none before the first."""
    history = out / "history.jsonl"
    lines = history.read_text().splitlines() if history.exists() else []
    points = {point.step: point for point in (Point(**json.loads(line)) for line in lines)}
    return [points[step] for step in sorted(points)]


def _record(out: Path, point: Point, pair: Pair) -> None:
    save_weights(out / "points" / f"{point.step}.safetensors", pair.halves)
    with (out / "history.jsonl").open("a") as history:
        history.write(json.dumps(asdict(point)) + "\n")


def choose_point(points: list[Point], least_psnr: float, step: int | None = None) -> Point:
    """Return the most accurate point of at least ``least_psnr`` dB, or the nearest to it.

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
        return max(faithful, key=lambda point: point.accuracy)
    return max(points, key=lambda point: point.psnr)
