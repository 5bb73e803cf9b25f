"""Training of the detector of origin (Huang et al.): the plain loop, in stages."""

from collections.abc import Sequence
from copy import deepcopy
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional as F

from verifier.errors import TrainingError
from verifier.training.autocast import autocast
from verifier.training.checkpoint import CHECKPOINT, load_weights
from verifier.training.memory_format import in_format
from verifier.training.origin.cnn import SIDE, Head, OriginCNN, OriginVGG
from verifier.training.origin.data import PATCHES, Patchwork
from verifier.training.run import Report, Run

Origin = OriginCNN | OriginVGG

STAGE: Final = "stage"
_VALIDATION_BATCH: Final = 32


@dataclass(frozen=True)
class Stage:
    """Steps of one kind.

    Attributes
    ----------
    side
        Of the patches, pixels.
    rate
        Of Adam: the highest, where ``one_cycle`` (Smith & Topin 2018), else throughout.
    memory
        Of the exponential moving average of weights, which is what is validated and shipped; 0 is
        none.
    """

    steps: int  # 0: the head is taken, and nothing is trained
    batch: int
    side: int
    head: Head
    rate: float
    one_cycle: bool
    memory: float


@dataclass(frozen=True)
class OriginRecipe:
    """How the network is trained.

    Attributes
    ----------
    patches
        Places drawn from each picture (M).
    validate_every
        Steps.
    bfloat16
        Compute in bfloat16: faster on processors that have it.
    """

    stages: tuple[Stage, ...]
    patches: int = PATCHES
    validate_every: int = 100
    bfloat16: bool = True
    seed: int = 0


# Most of the cost is in the two layers at full size, so that a patch of 96 costs a fifth.
FAST: Final = OriginRecipe(
    (
        Stage(1200, 32, 96, "pooled", 2e-3, one_cycle=True, memory=0.99),
        # At 3e-4 the dense layer unlearnt in 50 steps what it had begun with.
        Stage(240, 24, SIDE, "dense", 1e-5, one_cycle=True, memory=0.98),
    )
)
# Huang et al.: Adam 1e-4, batches of 128. The number of steps is ours.
PAPER: Final = OriginRecipe((Stage(20_000, 128, SIDE, "dense", 1e-4, one_cycle=False, memory=0.0),))


@dataclass(frozen=True)
class Held:
    """Held-out patches, (N, 224, 224, 3) uint8, and (N,) classes.

    A stage of smaller patches is validated on their middle.
    """

    patches: NDArray[np.uint8]
    kinds: NDArray[np.int64]


def train_origin(
    model: Origin,
    training: Patchwork,
    held: Held,
    recipe: OriginRecipe,
    out: Path,
    report: Report,
) -> tuple[Origin, float]:
    """Train through all stages, resuming from ``out`` where a checkpoint lies there.

    Writes a checkpoint for each stage and ``history.jsonl`` into ``out``.

    Parameters
    ----------
    model
        Untrained, with the head of the first stage. A stage of the dense head after one of the
        pooled head goes on from it.

    Returns
    -------
    The network, and the share of held-out patches that it names rightly, mean over classes.

    Raises
    ------
    TrainingError
        If ``out`` can't be written, or its checkpoint is of another recipe.
    """
    before, current, accuracy = 0, model, 0.0
    for number, stage in enumerate(recipe.stages):
        if number and stage.head == "dense" and recipe.stages[number - 1].head == "pooled":
            assert isinstance(current, OriginCNN)
            current = current.densified()
        one = _Stage(current, stage, recipe, number)
        accuracy = one.train(training, held, out, before, report)
        current = one.averaged
        before += stage.steps
    current.eval()
    return current, accuracy


def first_stage_of(run: Path, model: Origin) -> Origin:
    """Return the averaged network that another run's first stage ended with.

    Raises
    ------
    TrainingError
        If the run has no such checkpoint, or it is of another network than ``model``.
    """
    both = nn.ModuleDict({"model": model, "averaged": deepcopy(model)})
    load_weights(run / f"{STAGE}-0-{CHECKPOINT}", both)
    found = both["averaged"]
    assert isinstance(found, (OriginCNN, OriginVGG))
    return found


class _Stage:
    """One stage: the network, its average, and its optimiser."""

    def __init__(self, model: Origin, stage: Stage, recipe: OriginRecipe, number: int) -> None:
        self.model = in_format(model, torch.channels_last)
        self.averaged = _copy(self.model)
        self.stage, self.recipe, self.number = stage, recipe, number
        trained = [p for p in model.parameters() if p.requires_grad]
        self.optimiser = torch.optim.Adam(trained, stage.rate)

    def train(
        self, training: Patchwork, held: Held, out: Path, before: int, report: Report
    ) -> float:
        both = nn.ModuleDict({"model": self.model, "averaged": self.averaged})
        path = f"{STAGE}-{self.number}-{CHECKPOINT}"
        return Run(out, both, [self.optimiser], asdict(self.recipe), path).train(
            self.stage.steps,
            self.recipe.validate_every,
            lambda step: self._step(training, step),
            lambda: validate(self.averaged, held, self.stage.side),
            "accuracy",
            report,
            before=before,
        )

    def _step(self, training: Patchwork, step: int) -> float:
        stage = self.stage
        rng = np.random.default_rng([self.recipe.seed, self.number, step])
        torch.manual_seed(int(rng.integers(2**31)))  # of the dropout
        patches, kinds = training.batch(rng, stage.batch, stage.side)
        for group in self.optimiser.param_groups:
            group["lr"] = stage.rate * (_one_cycle(step / stage.steps) if stage.one_cycle else 1)
        self.model.train()
        with autocast(self.recipe.bfloat16):
            logits = self.model(as_input(patches))
        loss = F.cross_entropy(logits.float(), torch.from_numpy(kinds))
        self.optimiser.zero_grad()
        torch.autograd.backward(loss)
        self.optimiser.step()
        _average(self.averaged, self.model, min(stage.memory, (1 + step) / (10 + step)))
        return float(loss.detach())


def _copy(model: Origin) -> Origin:
    copy = deepcopy(model)
    for parameter in copy.parameters():
        parameter.requires_grad = False
    return copy


def _one_cycle(share: float, rising: float = 0.25) -> float:
    """Height of the rate over its highest: up along a cosine for a quarter, and down to 0."""
    if share < rising:
        return float(0.04 + 0.96 * (1 - np.cos(np.pi * share / rising)) / 2)
    return float((1 + np.cos(np.pi * (share - rising) / (1 - rising))) / 2)


@torch.no_grad()
def _average(averaged: nn.Module, model: nn.Module, memory: float) -> None:
    """Move the average towards the network; statistics of batches are averages already."""
    for mean, now in zip(averaged.state_dict().values(), model.state_dict().values(), strict=True):
        if mean.is_floating_point():
            mean.lerp_(now, 1 - memory)
        else:
            mean.copy_(now)


def as_input(patches: NDArray[np.uint8]) -> Tensor:
    """(N, side, side, 3) uint8 to (N, 3, side, side) float32 in [0, 1]."""
    return torch.from_numpy(patches).permute(0, 3, 1, 2).float() / 255


@torch.no_grad()
def validate(model: nn.Module, held: Held, side: int) -> float:
    """Return the share of held-out patches that are named rightly, mean over the classes."""
    model.eval()
    edge = (SIDE - side) // 2
    middle = held.patches[:, edge : edge + side, edge : edge + side]
    named = []
    for start in range(0, len(middle), _VALIDATION_BATCH):
        with autocast(True):
            logits = model(as_input(middle[start : start + _VALIDATION_BATCH]))
        named.append(logits.argmax(1).numpy())
    right = np.concatenate(named) == held.kinds
    return float(np.mean([right[held.kinds == kind].mean() for kind in np.unique(held.kinds)]))


def held_patches(source: Patchwork, count: int, seed: int) -> Held:
    """Draw the patches that are validated on, the same in every run."""
    return Held(*source.batch(np.random.default_rng([seed, 1]), count, SIDE))


def scaled(recipe: OriginRecipe, steps: Sequence[int]) -> OriginRecipe:
    """Give the stages other numbers of steps. Raises `TrainingError` if there aren't as many."""
    from dataclasses import replace

    if len(steps) != len(recipe.stages):
        raise TrainingError(
            f"the schedule has {len(recipe.stages)} stages; give as many numbers of steps, not "
            f"{len(steps)}"
        )
    stages = [replace(stage, steps=n) for stage, n in zip(recipe.stages, steps, strict=True)]
    return replace(recipe, stages=tuple(stages))


def dense_only(recipe: OriginRecipe) -> OriginRecipe:
    """Keep the stages of the dense head: VGG-19 has no other."""
    from dataclasses import replace

    return replace(recipe, stages=tuple(s for s in recipe.stages if s.head == "dense"))
