"""Training of the network of edits, and what it says of photos that it did not see."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional as F

from verifier.training.edits.network import EditNetwork

KINDS = ("native", "sharpen", "gaussian", "resample", "exported")
"""The first is no edit; saved again as JPEG is one with it. What photographers export is none
either, and takes fine detail."""
EDITS = KINDS[1:4]
FOLDS = 5


@dataclass(frozen=True)
class Sample:
    """A measured picture, and what was done to it.

    Attributes
    ----------
    described
        As `verifier.watermark.description.describe` gives it.
    kind
        One of `KINDS`.
    photo
        Of which it is a copy.
    """

    described: NDArray[np.float32]
    kind: str
    photo: str

    @property
    def label(self) -> int:
        """The kind's number."""
        return KINDS.index(self.kind)


@dataclass(frozen=True)
class EditRecipe:
    """How the network of edits is trained."""

    steps: int = 1500
    batch: int = 256
    learning_rate: float = 0.02
    seed: int = 0


Report = Callable[[int, float], None]


def train_edits(
    samples: Sequence[Sample], recipe: EditRecipe, report: Report = lambda *_: None
) -> EditNetwork:
    """Train a network; ``report`` is told of each step, and of its loss."""
    torch.manual_seed(recipe.seed)
    network = EditNetwork()
    rows = torch.from_numpy(np.stack([sample.described for sample in samples]))
    labels = torch.tensor([sample.label for sample in samples])
    optimiser = torch.optim.Adam(network.parameters(), lr=recipe.learning_rate)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, recipe.steps)
    for step in range(recipe.steps):
        drawn = torch.randint(len(labels), (recipe.batch,))
        logits = network(rows[drawn])
        loss = F.cross_entropy(logits, labels[drawn])
        optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimiser.step()
        schedule.step()
        report(step + 1, loss.item())
    return network.eval()


@torch.no_grad()
def logits_of(network: EditNetwork, samples: Sequence[Sample]) -> NDArray[np.float64]:
    """Return (N, kinds) logits of pictures."""
    rows = torch.from_numpy(np.stack([sample.described for sample in samples]))
    logits: NDArray[np.float64] = network(rows).double().numpy()
    return logits


def out_of_fold(samples: Sequence[Sample], recipe: EditRecipe) -> NDArray[np.float64]:
    """Return (N, kinds) logits, each by a network that saw no copy of its photo."""
    photos = sorted({sample.photo for sample in samples})
    fold = {photo: number % FOLDS for number, photo in enumerate(photos)}
    logits = np.zeros((len(samples), len(KINDS)))
    for number in range(FOLDS):
        held = [n for n, s in enumerate(samples) if fold[s.photo] == number]
        kept = [s for s in samples if fold[s.photo] != number]
        if held:
            logits[held] = logits_of(train_edits(kept, recipe), [samples[n] for n in held])
    return logits
