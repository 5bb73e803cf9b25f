"""How a NIP and a FAN are trained together: the authors' schedule, and ours."""

import math
from dataclasses import dataclass
from typing import Literal

from torch import Tensor

from camera_sim.training.pair.workflow import HISTORIES, ChannelKind

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
        Of ``scenes`` patches, each with every history, and of ``unknown_camera`` ones that other
        pipelines developed.
    fan_rate, nip_rate, watermark_rate
        Of the two Adam optimisers; the last of the NIP's watermark, where it has one
        (`WatermarkedRNet`): while that alone learns fast, fidelity is spent on what the FAN
        can use.
    schedule
        ``cosine`` to a twentieth, or ``steps``: times 0.9 every ``decay_every``.
    fidelity, final_fidelity
        λ, the weight of the squared error to the pipeline before training; it goes from the one to
        the other geometrically.
    bound
        PSNR to the pipeline before, in dB, down to which fidelity costs nothing; None counts all
        of the error. With λ alone fidelity drifts to either side of what was asked for.
    fan_warm_up
        The NIP stays as it is for so many steps: a pattern that the FAN cannot read yet would
        only be smoothed away.
    pattern_strength
        Strength of the pattern that the pipeline starts with; 0 is none.
    pattern_warm_up
        A pipeline without a layer for it (`WatermarkLayer`) learns to embed that pattern in so many
        steps before the first; see `pattern_warm_up.learn_pattern`.
    pattern_sha256
        Of the pattern, where it isn't the shipped one; see `pattern_search.digest`.
    camera
        Whose captures are simulated, for a per-camera pipeline.
    blocks
        Whether the FAN also reads the statistics of blocks (`BlockFAN`).
    blocks_warm_up
        What it reads in the blocks is learnt from so many steps' patches before the first step: see
        `blocks_warm_up.learn_blocks`.
    masked
        Whether that error is weighted by `masking.visibility`.
    channel, curriculum
        See `workflow.draw_channel`; the channel gets harder over so many steps.
    channels
        Drawn for each step; the scenes are shared out among them. With one, each step pulls the
        FAN towards the quality that it happens to see.
    camera_jpeg
        The share of steps in which the camera writes JPEG before anybody edits, at the quality of
        `camsim develop`.
    """

    mode: Literal["F", "F+N"] = "F+N"
    steps: int = 6000
    scenes: int = 4
    unknown_camera: int = 2
    fan_rate: float = 6e-4
    nip_rate: float = 3e-5
    watermark_rate: float = 1e-4
    schedule: Literal["cosine", "steps"] = "cosine"
    decay_every: int = 600
    fidelity: float = 1500.0
    final_fidelity: float = 4000.0
    bound: float | None = None
    fan_warm_up: int = 1000
    pattern_strength: float = 1.0
    pattern_warm_up: int = 0
    pattern_sha256: str | None = None
    camera: str | None = None
    blocks: bool = True
    blocks_warm_up: int = 1000
    masked: bool = True
    channel: ChannelKind = "wide"
    channels: int = 4
    curriculum: int = 2500
    camera_jpeg: float = 0.3
    validate_every: int = 250
    bfloat16: bool = True
    seed: int = 0

    @property
    def classes(self) -> int:
        """How many the FAN distinguishes."""
        return len(HISTORIES) + (self.unknown_camera > 0)


RENAMED = {
    "foreign": "unknown_camera",
    "trace_rate": "watermark_rate",
    "carrier": "pattern_strength",
    "carrier_first": "pattern_warm_up",
    "carrier_sha256": "pattern_sha256",
    "fan_first": "fan_warm_up",
    "blocks_first": "blocks_warm_up",
}
"""Names in older checkpoints and histories of training, and today's."""
FAST_JOINT = JointRecipe()
# The authors' script: batches of 20, Adam at 1e-4, a tenth less every 100 epochs of 6 batches.
PAPER_JOINT = JointRecipe(
    steps=6000,
    scenes=20,
    unknown_camera=0,
    fan_rate=1e-4,
    nip_rate=1e-4,
    watermark_rate=1e-4,
    schedule="steps",
    fidelity=1000.0,
    final_fidelity=1000.0,
    fan_warm_up=0,
    pattern_strength=0.0,
    blocks=False,
    blocks_warm_up=0,
    masked=False,
    channel="paper",
    channels=1,
    curriculum=0,
    camera_jpeg=0.0,
    bfloat16=False,
)


def cost_of_fidelity(recipe: JointRecipe, step: int, visible: Tensor, squared: Tensor) -> Tensor:
    """Return what a step's distance to the pipeline before costs.

    Parameters
    ----------
    visible, squared
        The masked and the plain mean squared error.
    """
    distance = visible if recipe.masked else squared
    if recipe.bound is not None:
        allowed = 10 ** (-recipe.bound / 10)
        distance = distance * (1 - allowed / squared.detach().clamp(min=allowed))
    return weight_of_fidelity(recipe, step) * distance


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
