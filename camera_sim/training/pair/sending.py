"""What a pair learns from: patches developed, edited, transmitted through channels drawn anew."""

import copy
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from camera_sim.networks.nip import NIP
from camera_sim.training.nip.data import Batch, PatchSource
from camera_sim.training.pair.recipe import JointRecipe
from camera_sim.training.pair.unknown_camera import UnknownCameraSource
from camera_sim.training.pair.validation import BORDER, CAMERA_QUALITY
from camera_sim.training.pair.workflow import HISTORIES, Channel, Workflow, draw_channel
from verifier.training.manipulation.fan import FAN

# Sides of the patches that a NIP develops are multiples of this.
STRIDE = 32


class Pair(nn.Module):
    """A camera's pipeline, its FAN, and the pipeline as it was before."""

    def __init__(self, nip: NIP, classes: int) -> None:
        super().__init__()
        self.nip = nip
        self.fan = FAN(classes)
        self.plain = copy.deepcopy(nip).requires_grad_(False).eval()

    @property
    def halves(self) -> nn.ModuleList:
        """What is exported: the camera's half and the verifier's."""
        return nn.ModuleList([self.nip, self.fan])


@dataclass(frozen=True)
class Draw:
    """What goes through one channel of a step.

    Attributes
    ----------
    rng
        For what is still to be drawn.
    """

    batch: Batch
    unknown_camera: Tensor
    channel: Channel
    rng: np.random.Generator


def drawn(
    source: PatchSource, others: UnknownCameraSource, recipe: JointRecipe, start: int
) -> Iterator[tuple[int, list[Draw]]]:
    """Draw each step's patches while the step before is being computed."""

    def draw(step: int, part: int) -> Draw:
        rng = np.random.default_rng([recipe.seed, step, part])
        hardness = min(1.0, (step + 1) / max(1, recipe.curriculum))
        channel = draw_channel(recipe.channel, hardness, rng)
        known, unknown = (share_of(n, part, parts) for n in (recipe.scenes, recipe.unknown_camera))
        side = -(-(channel.side + 2 * BORDER) // STRIDE) * STRIDE
        batch = source.batch(rng, known, side)
        return Draw(batch, others.batch(rng, unknown, channel.side), channel, rng)

    def draw_all(step: int) -> list[Draw]:
        return [draw(step, part) for part in range(parts)]

    parts = max(1, min(recipe.channels, recipe.scenes))
    with ThreadPoolExecutor(1) as pool:
        ahead = pool.submit(draw_all, start)
        for step in range(start, recipe.steps):
            parts_drawn, ahead = ahead.result(), pool.submit(draw_all, step + 1)
            yield step, parts_drawn
        ahead.cancel()


def share_of(count: int, part: int, parts: int) -> int:
    """Return how many of ``count`` fall to a part, the first ones getting what is left over."""
    return count // parts + (part < count % parts)


def send(
    pair: Pair, workflow: Workflow, draw: Draw, recipe: JointRecipe, *, learns: bool
) -> tuple[Tensor, Tensor, Tensor]:
    """Develop and send a draw; return what is downloaded, its labels, and an error.

    That is the mean squared one to the pipeline before; 0 where the camera doesn't learn.
    """
    with torch.set_grad_enabled(learns):
        developed = developed_by(pair.nip, draw.batch)
    squared = torch.zeros(())
    if learns:
        with torch.no_grad():
            plain = developed_by(pair.plain, draw.batch)
        squared = (developed - plain).square().mean()
    offset = draw.channel.draw_offset(developed.shape[-1] - draw.channel.side, draw.rng)
    quality = CAMERA_QUALITY if draw.rng.random() < recipe.camera_jpeg else None
    downloaded = workflow(developed.clamp(0, 1), draw.channel, offset, quality)
    labels = torch.arange(len(HISTORIES)).repeat_interleave(len(developed))
    if len(draw.unknown_camera):
        downloaded = torch.cat([downloaded, workflow.send(draw.unknown_camera, draw.channel)])
        labels = F.pad(labels, (0, len(draw.unknown_camera)), value=len(HISTORIES))
    return downloaded, labels, squared


def developed_by(nip: NIP, batch: Batch) -> Tensor:
    """Develop a batch, borders cut off."""
    mosaic = batch.mosaic.contiguous(memory_format=torch.channels_last)
    developed: Tensor = nip(mosaic, *batch.inputs[1:])
    return developed[:, :, BORDER:-BORDER, BORDER:-BORDER]
