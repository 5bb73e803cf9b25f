"""Training for platform of origin (Amerini, Uricchio, Caldelli, WIFS 2017): the plain loop.

The histograms are at hand (`verifier.training.platform.data`), so a step costs only the network.
"""

from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F

from verifier.errors import TrainingError
from verifier.evaluation.platform.classes import CLASSES
from verifier.training.autocast import autocast
from verifier.training.memory_format import in_format
from verifier.training.platform.cnn import PlatformCNN
from verifier.training.platform.data import Histograms
from verifier.training.run import Report, Run

# Of the sources, held out whole.
HELD_OUT_SHARE = 0.1
_VALIDATION_BATCH = 512
# Patches that are validated on: more cost as much as many steps.
_MOST_VALIDATED = 4096


@dataclass(frozen=True)
class PlatformRecipe:
    """How the network is trained.

    Attributes
    ----------
    steps
        Of ``batch`` patches, every class as often as any other.
    learning_rate
        Of AdaDelta (Zeiler 2012), whose own is 1; it falls to 0 along a cosine.
    bfloat16
        Compute in bfloat16: faster on processors that have it.
    """

    steps: int = 6000
    batch: int = 128
    learning_rate: float = 1.0
    validate_every: int = 250
    bfloat16: bool = True
    seed: int = 0


def build() -> PlatformCNN:
    """Make the network, untrained, for the classes that the verifier knows."""
    return PlatformCNN(len(CLASSES))


def split(data: Histograms, seed: int) -> tuple[Histograms, Histograms]:
    """Hold out whole sources: training and held-out patches.

    Raises
    ------
    TrainingError
        If there is one source alone.
    """
    sources = np.unique(data.sources)
    if len(sources) < 2:
        raise TrainingError("one picture can't be trained and tested on; give more")
    count = max(1, round(len(sources) * HELD_OUT_SHARE))
    chosen = np.random.default_rng(seed).permutation(sources)[:count]
    held_out = np.isin(data.sources, chosen)
    return data.where(~held_out), data.where(held_out)


def train_platform(
    model: PlatformCNN,
    training: Histograms,
    held_out: Histograms,
    recipe: PlatformRecipe,
    out: Path,
    report: Report,
) -> float:
    """Train, resuming from ``out`` where a checkpoint lies there.

    Writes ``checkpoint.safetensors`` and ``history.jsonl`` into ``out``.

    Returns
    -------
    The share of held-out patches that are named rightly, mean over classes.

    Raises
    ------
    TrainingError
        If a class has no patches, or the checkpoint in ``out`` is of another recipe.
    """
    pools = [np.flatnonzero(training.labels == label) for label in range(model.classes)]
    if not all(map(len, pools)):
        raise TrainingError(
            f"class {[len(pool) for pool in pools].index(0)} has no patches; give more or larger "
            "pictures, or more uploads of each"
        )
    in_format(model, torch.channels_last)
    optimiser = torch.optim.Adadelta(model.parameters(), recipe.learning_rate)
    held_out = _thinned(held_out, _MOST_VALIDATED)
    return Run(out, model, [optimiser], asdict(recipe)).train(
        recipe.steps,
        recipe.validate_every,
        lambda step: _step(model, optimiser, training, pools, recipe, step),
        lambda: validate_platform(model, held_out),
        "accuracy",
        report,
    )


def _thinned(data: Histograms, most: int) -> Histograms:
    """Keep patches evenly, at most so many."""
    step = -(-len(data.labels) // most)
    return data.where(np.arange(len(data.labels)) % step == 0)


def _step(
    model: PlatformCNN,
    optimiser: torch.optim.Adadelta,
    training: Histograms,
    pools: list[NDArray[np.int64]],
    recipe: PlatformRecipe,
    step: int,
) -> float:
    rng = np.random.default_rng([recipe.seed, step])
    torch.manual_seed(int(rng.integers(2**31)))  # of the dropout
    labels = rng.integers(model.classes, size=recipe.batch)
    chosen = np.array([pools[label][rng.integers(len(pools[label]))] for label in labels])
    for group in optimiser.param_groups:
        group["lr"] = recipe.learning_rate * (1 + np.cos(np.pi * step / recipe.steps)) / 2
    model.train()
    with autocast(recipe.bfloat16):
        logits = model(_batch(training.counts[chosen]))
    loss = F.cross_entropy(logits.float(), torch.from_numpy(labels))
    optimiser.zero_grad()
    torch.autograd.backward(loss)
    optimiser.step()
    return float(loss.detach())


def _batch(counts: NDArray[np.uint8]) -> Tensor:
    return torch.from_numpy(counts.astype(np.float32))


@torch.no_grad()
def validate_platform(model: PlatformCNN, data: Histograms) -> float:
    """Return the share of patches that are named rightly, mean over the classes that occur."""
    model.eval()
    named = [
        model(_batch(data.counts[start : start + _VALIDATION_BATCH])).argmax(1).numpy()
        for start in range(0, len(data.labels), _VALIDATION_BATCH)
    ]
    right = np.concatenate(named) == data.labels
    return float(np.mean([right[data.labels == label].mean() for label in np.unique(data.labels)]))
