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
    fan_rate, nip_rate
        Of the two Adam optimisers.
    schedule
        ``cosine`` to a twentieth, or ``steps``: times 0.9 every ``decay_every``.
    fidelity, final_fidelity
        λ, the weight of the squared error to the pipeline before training; it goes from the one to
        the other geometrically.
    bound
        PSNR to the pipeline before, in dB, down to which fidelity costs nothing; None counts all
        of the error. With λ alone fidelity drifts to either side of what was asked for.
    fan_warm_up
        The NIP stays as it is for so many steps: a watermark that the FAN cannot read yet would
        only be smoothed away.
    camera
        Whose captures are simulated, for a per-camera pipeline.
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
    schedule: Literal["cosine", "steps"] = "cosine"
    decay_every: int = 600
    fidelity: float = 1500.0
    final_fidelity: float = 4000.0
    bound: float | None = None
    fan_warm_up: int = 1000
    camera: str | None = None
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


RENAMED = {"foreign": "unknown_camera", "fan_first": "fan_warm_up"}
"""Names in older checkpoints and histories of training, and today's."""
FAST_JOINT = JointRecipe()
# The authors' script: batches of 20, Adam at 1e-4, a tenth less every 100 epochs of 6 batches.
PAPER_JOINT = JointRecipe(
    steps=6000,
    scenes=20,
    unknown_camera=0,
    fan_rate=1e-4,
    nip_rate=1e-4,
    schedule="steps",
    fidelity=1000.0,
    final_fidelity=1000.0,
    fan_warm_up=0,
    channel="paper",
    channels=1,
    curriculum=0,
    camera_jpeg=0.0,
    bfloat16=False,
)


def cost_of_fidelity(recipe: JointRecipe, step: int, squared: Tensor) -> Tensor:
    """Return what a step's distance to the pipeline before costs: its mean squared error's."""
    if recipe.bound is not None:
        allowed = 10 ** (-recipe.bound / 10)
        squared = squared * (1 - allowed / squared.detach().clamp(min=allowed))
    return weight_of_fidelity(recipe, step) * squared


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
