"""Training of a pair's pooling network, for whole pictures: `verifier.detectors.pooling`."""

import json
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.numpy import load_file, save_file
from torch.nn import functional as F

from camera_sim import weights as camera_weights
from camera_sim.developing.tiles import develop
from camera_sim.developing.watermark_grid import PERIOD
from camera_sim.errors import TrainingError
from camera_sim.evaluation.fidelity import capture_of
from camera_sim.evaluation.pair_tables import auc
from camera_sim.sensor.sensor import BASE_ISO, LOW_PASS_BLUR
from camera_sim.training.nip.data import split
from camera_sim.training.pair.captures import SIXTEEN_BITS, Pair
from camera_sim.training.pair.pooling_data import KINDS, Gathering, Kept, PairOpener, numbered
from camera_sim.training.pair.workflow import UNKNOWN_CAMERA_CLASS
from channel.evaluation.table import Table
from channel.output import replacing
from channel.picture_file.srgb import load_picture
from fleet import Processes, WorkerDied
from verifier import weights
from verifier.features.watermark_statistics import VERSION
from verifier.training.manipulation.pooling_export import export_pooling
from verifier.training.manipulation.pooling_network import PoolingNetwork

CLASSES = UNKNOWN_CAMERA_CLASS + 1
ROUNDS, BATCH, RATE, DECAY, NOISE = 20, 128, 2e-3, 0.1, 0.08
PATTERN_PICTURES = 6
# There are two pictures of unknown cameras to one of each history of a scene.
UNKNOWN_CAMERA_WEIGHT = 0.5


@dataclass(frozen=True)
class PoolingRecipe:
    """How a pooling network is trained.

    Attributes
    ----------
    parts, draws
        Of what is gathered: so many parts of so many scenes each.
    whole
        So many pictures that were taken whole.
    """

    parts: int = 40
    draws: int = 25
    seed: int = 0
    whole: int = 0


def measured_pattern(pair: Pair, files: Sequence[Path]) -> NDArray[np.float64]:
    """Return the pattern that a pair embeds in pictures, on average: one period, 8-bit levels."""
    total, count = np.zeros((PERIOD, PERIOD)), 0
    for index, path in enumerate(files[:PATTERN_PICTURES]):
        capture = capture_of(load_picture(path), index, BASE_ISO, LOW_PASS_BLUR).image
        watermarked, plain = (
            develop(capture, engine, exposure=1.0, depth=16).astype(np.float64) / SIXTEEN_BITS
            for engine in (pair.watermarked, pair.plain)
        )
        within = (plain > 8) & (plain < 247)  # clipped pixels hold less of it
        watermark = np.where(within.all(axis=2, keepdims=True), watermarked - plain, np.nan).mean(
            axis=2
        )
        rows, columns = (side // PERIOD for side in watermark.shape)
        whole = watermark[: rows * PERIOD, : columns * PERIOD]
        periods = whole.reshape(rows, PERIOD, columns, PERIOD)
        total += np.nansum(periods, axis=(0, 2))
        count = count + np.isfinite(periods).sum(axis=(0, 2))
    if not np.all(count):
        raise TrainingError(
            "the pictures are burnt out or black: no watermark can be measured on them"
        )
    pattern: NDArray[np.float64] = np.round(total / count, 3)
    if np.square(pattern).mean() < 0.01:
        raise TrainingError("the pair embeds no watermark that repeats; nothing can be found by it")
    return pattern


def gather(
    opener: PairOpener,
    folders: Sequence[Sequence[Path]],
    whole: Sequence[Path],
    pattern: NDArray[np.float64],
    recipe: PoolingRecipe,
    out: Path,
    workers: int,
) -> Iterator[Path]:
    """Gather what is missing of the parts in ``out``; yield each part's file once it is there.

    A picture that is taken whole is a part of its own.

    Raises
    ------
    TrainingError
        If what lies there was gathered otherwise, or a part can't be gathered.
    """
    out.mkdir(parents=True, exist_ok=True)
    gathered_by = json.dumps(
        {"pair": opener.name, "draws": recipe.draws, "seed": recipe.seed, "statistics": VERSION,
         "pictures": [[path.name for path in folder] for folder in folders],
         "whole": [path.name for path in whole]}
    )  # fmt: skip
    note = out / "gathered.json"
    if note.exists() and note.read_text(encoding="utf-8") != gathered_by:
        raise TrainingError(f"{out} was gathered otherwise; remove it or choose another --out")
    note.write_text(gathered_by, encoding="utf-8")
    parts: list[int | Path] = [*range(recipe.parts), *whole]
    names = [*map(str, range(recipe.parts)), *(f"whole-{n}" for n in range(len(whole)))]
    files = {part: out / f"{name}.safetensors" for part, name in zip(parts, names, strict=True)}
    yield from (file for file in files.values() if file.exists())
    gathering = Gathering(opener, folders, whole, pattern, recipe.draws, recipe.seed)
    missing = [part for part in parts if not files[part].exists()]
    for part, kept in Processes(workers).map(gathering, missing):
        if isinstance(kept, WorkerDied):
            raise TrainingError(f"part {part} can't be gathered: its workers died ({kept})")
        with replacing(files[part]) as temporary:
            save_file({name: np.ascontiguousarray(a) for name, a in vars(kept).items()}, temporary)
        yield files[part]


def kept_of(files: Sequence[Path]) -> Kept:
    """Read parts together."""
    parts = [load_file(file) for file in files]
    return Kept(**{name: np.concatenate([part[name] for part in parts]) for name in parts[0]})


def held_out(kept: Kept, folders: Sequence[Sequence[Path]]) -> NDArray[np.bool_]:
    """Return which of what is kept is of held-out pictures: the last tenth of each folder's."""
    numbers = numbered(folders)
    held = [numbers[path] for folder in folders for path in split(folder, folder[0].parent)[1]]
    return np.isin(kept.pictures, held)


def count_of(kept: Kept, files: Sequence[Path], folders: Sequence[Sequence[Path]]) -> int:
    """Count of how many files of the folders anything is kept."""
    numbers = numbered(folders)
    return len(np.intersect1d([numbers[path] for path in files], kept.pictures))


def learn(kept: Kept, chosen: NDArray[np.bool_], seed: int = 0) -> PoolingNetwork:
    """Train a network on the chosen of what is kept, by AdamW with one cycle.

    Raises
    ------
    TrainingError
        If none is chosen.
    """
    if not chosen.any():
        raise TrainingError("only held-out pictures were drawn; gather more --parts")
    torch.manual_seed(seed)
    statistics = torch.from_numpy(kept.statistics[chosen].astype(np.float32))
    patches = torch.from_numpy(kept.patches[chosen].astype(np.float32))
    labels = torch.from_numpy(kept.labels[chosen])
    network = PoolingNetwork(statistics.shape[1], CLASSES)
    network.measure(statistics, patches)
    weights = torch.ones(CLASSES)
    weights[UNKNOWN_CAMERA_CLASS] = UNKNOWN_CAMERA_WEIGHT
    optimiser = torch.optim.AdamW(network.parameters(), RATE, weight_decay=DECAY)
    steps = ROUNDS * -(-len(labels) // BATCH)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, RATE, steps)
    for _ in range(ROUNDS):
        for batch in torch.split(torch.randperm(len(labels)), BATCH):
            logits = network(statistics[batch], patches[batch], NOISE)
            loss = F.cross_entropy(logits, labels[batch], weight=weights)
            optimiser.zero_grad()
            torch.autograd.backward(loss)
            optimiser.step()
            schedule.step()
    return network.eval()


@torch.no_grad()
def validation_table(network: PoolingNetwork, kept: Kept, held: NDArray[np.bool_]) -> Table:
    """How held-out whole pictures are named, by channel, beside what their patches say."""
    rows = []
    for kind, name in enumerate(KINDS):
        chosen = held & (kept.kinds == kind) & ~kept.parts
        labels, patches = kept.labels[chosen], kept.patches[chosen].astype(np.float32)
        statistics = torch.from_numpy(kept.statistics[chosen].astype(np.float32))
        logs = network(statistics, torch.from_numpy(patches)).log_softmax(dim=1).numpy()
        own = labels != UNKNOWN_CAMERA_CLASS
        rows.append(
            (
                name,
                str(int(own.sum())),
                *(_share_named(found, labels) for found in (patches, logs)),
                *(f"{auc(f[own, -1].tolist(), f[~own, -1].tolist()):.3f}" for f in (patches, logs)),
            )
        )
    columns = (
        "channel",
        "pictures",
        "named by patches",
        "named",
        "unknown camera, AUC by patches",
        "AUC",
    )
    return Table(
        columns,
        rows,
        "Held-out pictures: their processing history, and whether the camera is unknown",
    )


def _share_named(found: NDArray[np.float32], labels: NDArray[np.int64]) -> str:
    own = labels != UNKNOWN_CAMERA_CLASS
    right = found[own][:, :UNKNOWN_CAMERA_CLASS].argmax(axis=1) == labels[own]
    return f"{right.mean():.1%}" if len(right) else "none"


def export(
    network: PoolingNetwork,
    pattern: NDArray[np.float64],
    pair: Pair,
    run_folder: Path | None,
    recipe: PoolingRecipe,
    out: Path,
) -> Path:
    """Write the pair with its pooling network into ``out``, to be calibrated anew.

    Parameters
    ----------
    run_folder
        Of the joint run that the pair is of; None: the shipped one.

    Returns
    -------
    The verifier's half: what `Verifier.from_weights` takes.
    """
    cameras = run_folder / "camera" if run_folder else camera_weights.FOLDER
    fans = run_folder / "verifier" if run_folder else weights.FOLDER
    not_code = shutil.ignore_patterns("*.py", "__pycache__")
    shutil.copytree(cameras, out / "camera", ignore=not_code, dirs_exist_ok=True)
    entry, folder = pair.fan.entry, out / "verifier"
    folder.mkdir(parents=True, exist_ok=True)
    for file in {entry.file, entry.torch.file if entry.torch else entry.file}:
        shutil.copyfile(fans / file, folder / file)
    options = {f"pooling: {key}": value for key, value in asdict(recipe).items()}
    export_pooling(network, pattern, entry, options, folder)
    return folder
