"""Origin classified by one layer over features of patches that are gathered once.

A few hundred pictures don't train a network of 13 million weights. They do train one layer over
some hundred features (`verifier.training.origin.features`), in a minute, and again without each
set in turn, which shows what the layer is worth on sets that nobody showed it.
"""

import json
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from io import BytesIO
from pathlib import Path
from types import MappingProxyType
from typing import Final

import numpy as np
from numpy.typing import NDArray

from channel.errors import reason_of
from channel.output import write
from verifier.errors import TrainingError
from verifier.evaluation.linear_classifier import LinearClassifier, fit_linear
from verifier.evaluation.origin.bench import OriginRecord
from verifier.evaluation.origin.tables import by_mean
from verifier.evaluation.record_lines import write_records
from verifier.judging.calibration import log_softmax
from verifier.training.origin.cnn import SIDE
from verifier.training.origin.data import PATCHES, Source, draw_patch
from verifier.training.origin.equalise import Ranges
from verifier.training.origin.features import ForensicStatistics, Lite0Features, PatchFeatures

FOLDER: Final = "features"
# What is said of sets by a layer that never saw them; `camsim evaluate origin` calibrates on it.
LEFT_OUT: Final = "left-out.jsonl"
_PART: Final = 50  # pictures a file
# Patches of a record of pictures left out: those of the smallest feed of tests.
_TOGETHER: Final = 2


@dataclass(frozen=True)
class LayerRecipe:
    """How the layer is made.

    Attributes
    ----------
    network
        A name of `RECIPES`: what is weighed.
    patches
        Places drawn from each picture (M).
    draws
        Patches of each picture, each with a place and a history of its own.
    penalty
        See `fit_linear`.
    """

    network: str = "statistics"
    patches: int = PATCHES
    draws: int = 16
    penalty: float = 0.02
    seed: int = 0


RECIPES: Final[Mapping[str, LayerRecipe]] = MappingProxyType(
    {"statistics": LayerRecipe(), "lite0": LayerRecipe("lite0", penalty=0.1)}
)
"""What is weighed, and how, by default."""


def features_for(network: str, start_from: Path | None) -> PatchFeatures:
    """Return what describes patches.

    Raises
    ------
    TrainingError
        If lite0 has no published weights to start from, or the statistics have.
    WeightsError
        If the file isn't of that network.
    """
    if network == "lite0":
        return Lite0Features(start_from)
    if start_from is not None:
        raise TrainingError(
            "statistics start from nothing: leave --start-from out, or add --network lite0 or ada"
        )
    return ForensicStatistics()


@dataclass(frozen=True)
class Gathered:
    """Features (N, draws, F) of the patches of N pictures, which ``sources`` says more of."""

    sources: tuple[Source, ...]
    features: NDArray[np.float32]

    def of(self, chosen: NDArray[np.bool_]) -> "Gathered":
        """Keep some pictures: (N,)."""
        kept = tuple(s for s, keep in zip(self.sources, chosen, strict=True) if keep)
        return Gathered(kept, self.features[chosen])

    @property
    def kinds(self) -> NDArray[np.int64]:
        """The class of each picture, (N,)."""
        return np.array([source.kind for source in self.sources])

    @property
    def sets(self) -> NDArray[np.str_]:
        """The set of each picture, (N,)."""
        return np.array([source.set for source in self.sources])


def gather(
    sources: Sequence[Source],
    described_by: PatchFeatures,
    recipe: LayerRecipe,
    ranges: Ranges,
    folder: Path,
    report: Callable[[int], None] = lambda _: None,
) -> Gathered:
    """Describe the patches of pictures; what lies in ``folder`` already isn't described again.

    Parameters
    ----------
    report
        Receives how many pictures are done.

    Raises
    ------
    TrainingError
        If what lies there was gathered by another recipe, or it can't be written.
    """
    of = {"histories": str(ranges), "features": described_by.identity}
    recorded = json.dumps(of | asdict(replace(recipe, penalty=0)))
    parts = []
    for start in range(0, len(sources), _PART):
        some = sources[start : start + _PART]
        names = [source.name for source in some]
        path = folder / f"{start}.npz"
        if path.exists():
            parts.append(_read(path, names, recorded))
        else:
            found = np.stack([_described(source, described_by, recipe, ranges) for source in some])
            _write(path, found, names, recorded)
            parts.append(found)
        report(start + len(some))
    return Gathered(tuple(sources), np.concatenate(parts))


def _described(
    source: Source, described_by: PatchFeatures, recipe: LayerRecipe, ranges: Ranges
) -> NDArray[np.float32]:  # (draws, F)
    draws = [
        np.random.default_rng([recipe.seed, draw, *source.name.encode()])
        for draw in range(recipe.draws)
    ]
    return described_by.describe([draw_patch(source, rng, SIDE, ranges) for rng in draws])


def _read(path: Path, names: Sequence[str], recorded: str) -> NDArray[np.float32]:
    try:
        with np.load(path, allow_pickle=False) as file:
            same = str(file["recipe"]) == recorded and list(file["names"]) == list(names)
            found: NDArray[np.float32] = file["features"]
    except (OSError, ValueError, KeyError) as broken:
        raise TrainingError(f"{path} can't be read ({reason_of(broken)}); remove it") from broken
    if not same:
        raise TrainingError(
            f"{path} was gathered of other pictures or otherwise; give another --out"
        )
    return found


def _write(path: Path, found: NDArray[np.float32], names: Sequence[str], recorded: str) -> None:
    file = BytesIO()
    np.savez(file, features=found, names=np.array(names), recipe=np.array(recorded))
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as refused:
        raise TrainingError(f"{path} can't be written: {refused.strerror}") from refused
    write(path, file.getvalue(), force=True)


def learn(
    gathered: Gathered, classes: int, penalty: float, draws: int | None = None
) -> LinearClassifier:
    """Weigh the features: every class the same, a set by the square root of its pictures.

    Parameters
    ----------
    draws
        Use only so many of each picture.
    """
    features = gathered.features[:, :draws]
    each = features.shape[1]
    rows = _rows(features)
    shares = np.repeat(_shares(gathered), each) / each
    return fit_linear(rows, np.repeat(gathered.kinds, each), classes, penalty, shares)


def _rows(features: NDArray[np.float32]) -> NDArray[np.float64]:
    return features.reshape(-1, features.shape[-1]).astype(np.float64)


def _shares(gathered: Gathered) -> NDArray[np.float64]:
    kinds, sets = gathered.kinds, gathered.sets
    found = np.zeros(len(kinds))
    for name in np.unique(sets):
        found[sets == name] = 1 / np.sqrt((sets == name).sum())
    for kind in np.unique(kinds):
        found[kinds == kind] /= found[kinds == kind].sum()
    shares: NDArray[np.float64] = found / found.sum()
    return shares


def log_probabilities(fitted: LinearClassifier, gathered: Gathered) -> NDArray[np.float64]:
    """Return (N, draws, K) log probabilities of patches."""
    logs = log_softmax(fitted.logits(_rows(gathered.features)))
    found: NDArray[np.float64] = logs.reshape(*gathered.features.shape[:2], -1)
    return found


def accuracy(fitted: LinearClassifier, gathered: Gathered) -> float:
    """Return the share of patches that are named rightly, mean over classes."""
    named = log_probabilities(fitted, gathered).argmax(2) == gathered.kinds[:, None]
    return float(np.mean([named[gathered.kinds == k].mean() for k in np.unique(gathered.kinds)]))


def learning_curve(
    training: Gathered, held: Gathered, classes: int, penalty: float
) -> Iterator[tuple[int, float, float]]:
    """Measure what more patches of the same pictures bring: draws, loss, held-out accuracy."""
    draws = 1
    while draws <= training.features.shape[1]:
        fitted = learn(training, classes, penalty, draws)
        found = log_probabilities(fitted, Gathered(training.sources, training.features[:, :draws]))
        of_truth = np.take_along_axis(found, training.kinds[:, None, None], axis=2)
        yield (
            draws,
            -float((of_truth[..., 0].mean(1) * _shares(training)).sum()),
            accuracy(fitted, held),
        )
        draws *= 2


def left_out(
    gathered: Gathered, labels: Sequence[str], penalty: float
) -> Iterator[tuple[str, list[OriginRecord]]]:
    """Leave each set out in turn, and ask a layer that never saw it about its pictures.

    A class whose only set it is can't be left out, and isn't. Half of the pictures are for the
    calibration, the others for tests.
    """
    for name in dict.fromkeys(gathered.sets):
        others = gathered.sets != name
        if len(np.unique(gathered.kinds[others])) < len(labels):
            continue
        asked = gathered.of(~others)
        found = log_probabilities(learn(gathered.of(others), len(labels), penalty), asked)
        each = min(_TOGETHER, found.shape[1])
        yield (
            name,
            [
                _record(source, labels[source.kind], draw // each, logs[draw : draw + each])
                for source, logs in zip(asked.sources, found, strict=True)
                for draw in range(0, len(logs) - each + 1, each)
            ],
        )


def keep_left_out(
    gathered: Gathered,
    labels: Sequence[str],
    penalty: float,
    out: Path,
    report: Callable[[str, float], None],
) -> Path:
    """Write what `left_out` finds into a run's folder.

    Parameters
    ----------
    report
        Receives each set, and the share of its files that is named rightly without it.
    """
    kept: list[OriginRecord] = []
    for name, records in left_out(gathered, labels, penalty):
        report(name, float(np.mean([labels[by_mean(one)] == one.kind for one in records])))
        kept += records
    write_records(out / LEFT_OUT, kept)
    return out / LEFT_OUT


def _record(source: Source, kind: str, draw: int, logs: NDArray[np.float64]) -> OriginRecord:
    votes = np.bincount(logs.argmax(1), minlength=logs.shape[1])
    return OriginRecord(
        name=source.name,
        part=("calibration", "unseen")[zlib.crc32(source.name.encode()) % 2],
        kind=kind,
        set=source.set,
        feed=SIDE,
        draw=draw,
        condition="",
        level=0.0,
        votes=tuple(int(count) for count in votes),
        mean_log=tuple(round(float(value), 5) for value in logs.mean(0)),
        patches=len(logs),
    )
