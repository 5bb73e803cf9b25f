"""The one loop of trainings: what is resumed, validated, recorded, saved and reported.

A run's folder holds a checkpoint and a record of its validations, ``history.jsonl``.
"""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import nn

from channel.terminal import training_bar
from verifier.errors import TrainingError
from verifier.training.checkpoint import CHECKPOINT, load_checkpoint, save_checkpoint
from verifier.training.history import record
from verifier.training.steps import saved


@dataclass(frozen=True)
class Progress:
    """Where a run stands.

    Attributes
    ----------
    loss
        Of the step; where it was validated, the mean since the validation before.
    found
        By the validation after the step, such as an accuracy; None without one.
    """

    step: int
    steps: int
    loss: float
    found: float | None


Report = Callable[[Progress], None]


class Run:
    """A training in a folder, which is made.

    Parameters
    ----------
    learnt
        All whose weights are kept.
    recipe
        Only a checkpoint of the same is gone on from.
    renamed
        Names in recipes of older files, and today's.

    Raises
    ------
    TrainingError
        If it can't be a folder.
    """

    def __init__(
        self,
        folder: Path,
        learnt: nn.Module,
        optimisers: Sequence[torch.optim.Optimizer],
        recipe: Mapping[str, object],
        checkpoint: str = CHECKPOINT,
        renamed: Mapping[str, str] | None = None,
    ) -> None:
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as refused:
            raise TrainingError(f"{folder} cannot hold a run: {refused.strerror}") from refused
        self.folder, self.learnt, self.optimisers = folder, learnt, optimisers
        self.checkpoint, self.renamed = folder / checkpoint, renamed
        # As the checkpoint gives it back: a tuple is a list there.
        self.recipe: dict[str, object] = json.loads(json.dumps(recipe))

    def resumed(self) -> int:
        """Restore the checkpoint, where there is one; return how many steps were done.

        Raises
        ------
        TrainingError
            If it is damaged, of another recipe, or for another network.
        """
        if not self.checkpoint.exists():
            return 0
        return load_checkpoint(
            self.checkpoint, self.learnt, self.optimisers, self.recipe, self.renamed
        )

    def save(self, done: int) -> None:
        """Write the checkpoint after so many steps."""
        save_checkpoint(self.checkpoint, self.learnt, self.optimisers, done, self.recipe)

    def train(
        self,
        steps: int,
        every: int,
        take: Callable[[int], float],
        validate: Callable[[], float],
        figure: str,
        report: Report,
        is_settled: Callable[[int], bool] = lambda _: False,
        before: int = 0,
    ) -> float:
        """Take the steps that are left, and return what the last validation found.

        Parameters
        ----------
        every
            Steps from one validation to the next; there is one after the last.
        take
            Takes a step by its number, from 0, and returns its loss.
        figure
            What the record calls what a validation finds.
        is_settled
            Whether nothing more is to be learnt after so many steps.
        before
            Steps of earlier stages, which the record and the report count as well.
        """
        start = self.resumed()
        if start == steps or is_settled(start):
            return validate()
        losses: list[float] = []
        for step in saved(range(start, steps), self.save, start):
            losses.append(take(step))
            done = step + 1
            if done % every and done != steps:
                report(Progress(before + done, before + steps, losses[-1], None))
                continue
            found, loss = validate(), float(np.mean(losses))
            record(self.folder, {"step": before + done, "loss": loss, figure: found})
            self.save(done)
            report(Progress(before + done, before + steps, loss, found))
            losses.clear()
            if is_settled(done):
                break
        return found


@contextmanager
def shown(steps: int, words: str) -> Iterator[Report]:
    """Show how far a training is, and a line for each validation.

    Parameters
    ----------
    words
        What a validation found, by `str.format`: "held out {:.1%} of patches".
    """
    with training_bar(steps) as tell:

        def report(state: Progress) -> None:
            loss, line = f"loss {state.loss:.4g}", None
            if state.found is not None:
                line = f"step {state.step}/{steps}  {loss}  {words.format(state.found)}"
            tell(state.step, loss, line)

        yield report
