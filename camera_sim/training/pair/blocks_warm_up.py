"""What a FAN reads in JPEG's blocks, learnt before the rest of it.

Convolutions take most of a step's time. The statistics of blocks need none: those of some thousand
steps are gathered once, in parts that a run goes on from, and learnt in many rounds.
"""

import json
from collections.abc import Iterable, Iterator
from dataclasses import asdict, replace
from itertools import islice
from pathlib import Path

import torch
from safetensors import safe_open
from safetensors.torch import load_file, save_file
from torch import Tensor
from torch.nn import functional as F

from camera_sim.errors import TrainingError
from camera_sim.training.nip.data import PatchSource
from camera_sim.training.pair.recipe import RENAMED, JointRecipe
from camera_sim.training.pair.sending import Draw, Pair, drawn, send
from camera_sim.training.pair.unknown_camera import UnknownCameraSource
from camera_sim.training.pair.workflow import Workflow
from channel.output import replacing
from channel.terminal import track
from verifier.training.checkpoint import changes
from verifier.training.manipulation.block_fan import BlockFAN, Standardise
from verifier.training.steps import saved

FOLDER = "blocks"
PART = 100  # steps a file
ROUNDS, BATCH, RATE, DECAY = 15, 256, 1e-3, 0.05
# Noise on standardised statistics, in deviations: few scenes are not learnt by heart.
NOISE = 0.6


def learn_blocks(
    pair: Pair,
    fan: BlockFAN,
    source: PatchSource,
    others: UnknownCameraSource,
    recipe: JointRecipe,
    out: Path,
) -> None:
    """Gather the statistics of ``recipe.blocks_warm_up`` steps and let the FAN's judge learn them.

    They lie in ``out/blocks``; what is there already is not gathered again.

    Raises
    ------
    TrainingError
        If what lies there was gathered by another recipe.
    """
    parts = list(_gathered(pair, fan, source, others, recipe, out / FOLDER))
    statistics = torch.cat([part["statistics"] for part in parts])
    fit(fan, statistics, torch.cat([part["labels"] for part in parts]), recipe.seed)


def _gathered(
    pair: Pair,
    fan: BlockFAN,
    source: PatchSource,
    others: UnknownCameraSource,
    recipe: JointRecipe,
    folder: Path,
) -> Iterator[dict[str, Tensor]]:
    """Yield the parts; draws are those of steps that come after the last of the run."""
    folder.mkdir(parents=True, exist_ok=True)
    wanted = list(_parts(recipe, folder))
    # A part is written whole: an interruption waits for the one that is being gathered.
    for path, start, stop in saved(track(wanted, "reading blocks"), _nothing_more, what="part"):
        if not path.exists():
            steps = drawn(source, others, replace(recipe, steps=stop), start)
            draws = (draw for _, parts in islice(steps, stop - start) for draw in parts)
            recipe_of_part = {"recipe": json.dumps(asdict(recipe))}
            with replacing(path) as temporary:
                save_file(_read(pair, fan, draws, recipe), temporary, recipe_of_part)
        with safe_open(path, "pt") as file:
            found = json.loads((file.metadata() or {}).get("recipe") or "{}")
        written = {RENAMED.get(name, name): value for name, value in found.items()}
        if changes(written, asdict(recipe)):
            raise TrainingError(
                f"{path} was gathered with other options; remove {folder} or choose another --out"
            )
        yield load_file(path)


def _parts(recipe: JointRecipe, folder: Path) -> Iterator[tuple[Path, int, int]]:
    """Yield each part's file and its steps, which come after the last of the run."""
    end = recipe.steps + recipe.blocks_warm_up
    for start in range(recipe.steps, end, PART):
        stop = min(start + PART, end)
        yield folder / f"{start}-{stop}.safetensors", start, stop


def _nothing_more(done: int) -> None:
    """Every part lies in its file already."""


@torch.no_grad()
def _read(
    pair: Pair, fan: BlockFAN, draws: Iterable[Draw], recipe: JointRecipe
) -> dict[str, Tensor]:
    """Send draws and keep what their blocks say, at half precision, with the labels."""
    workflow, statistics, labels = Workflow(), list[Tensor](), list[Tensor]()
    pair.nip.train(False)
    for draw in draws:
        downloaded, true, _ = send(pair, workflow, draw, recipe, learns=False)
        statistics.append(fan.statistics(downloaded).half())
        labels.append(true)
    return {"statistics": torch.cat(statistics), "labels": torch.cat(labels)}


def fit(fan: BlockFAN, statistics: Tensor, labels: Tensor, seed: int) -> None:
    """Train the dense layers over blocks alone, by AdamW with one cycle.

    Parameters
    ----------
    statistics
        (N, count), of any precision; see `BlockStatistics`.
    labels
        (N,) classes.
    """
    torch.manual_seed(seed)
    standardise, dense = fan.judge[0], fan.judge[1:]
    assert isinstance(standardise, Standardise)  # as it was built
    standardise.measure(statistics.float())
    optimiser = torch.optim.AdamW(fan.judge.parameters(), RATE, weight_decay=DECAY)
    steps = ROUNDS * -(-len(labels) // BATCH)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, RATE, steps)
    for _ in range(ROUNDS):
        for chosen in torch.split(torch.randperm(len(labels)), BATCH):
            numbers = standardise(statistics[chosen].float())
            logits = dense(numbers + NOISE * torch.randn_like(numbers))
            loss = F.cross_entropy(logits, labels[chosen])
            optimiser.zero_grad()
            torch.autograd.backward(loss)
            optimiser.step()
            schedule.step()
