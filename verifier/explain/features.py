"""What a detector's features are worth: channels silenced by FF-RS, and those that go by colour.

Chandrasegaran et al., ECCV 2022, sections 3.3 and 4.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from channel.evaluation.table import Table
from verifier.evaluation.generated.bench import TestCrop
from verifier.evaluation.generated.log_odds import place_of_generated
from verifier.explain.colour import ColourShare, colour_conditional
from verifier.explain.ff_rs import (
    Ranking,
    precision_without,
    random_channels,
    rank_channels,
)
from verifier.explain.networks import Explainable
from verifier.explain.relevance import Channel
from verifier.training.generated.sets import GENERATED

# Draws of random channels, of which the mean and the range are reported.
DRAWS = 5


@dataclass(frozen=True)
class Sensitivity:
    """Average precision with ``count`` channels silenced, by which."""

    count: int
    whole: float
    top: float
    random: tuple[float, ...]
    lowest: float


@dataclass(frozen=True)
class Features:
    """All that is measured of one detector."""

    name: str
    ranking: Ranking
    sensitivity: tuple[Sensitivity, ...]
    colour: ColourShare

    def colour_share(self, count: int) -> float:
        """Share of colour-conditional channels among the top ones by FF-RS."""
        top = set(self.ranking.top(count))
        return len(top.intersection(self.colour.conditional)) / len(top)

    @property
    def colour_relevance(self) -> float:
        """Share of all FF-RS that colour-conditional channels have."""
        conditional = set(self.colour.conditional)
        pairs = list(zip(self.ranking.channels, self.ranking.statistic, strict=True))
        spoken = sum(value for channel, value in pairs if channel in conditional)
        return spoken / max(sum(self.ranking.statistic), 1e-12)


def measure_features(
    network: Explainable, crops: Sequence[TestCrop], counts: Sequence[int], seed: int = 0
) -> Features:
    """Rank channels over the generated crops, silence some, and test all for colour.

    Parameters
    ----------
    counts
        How many channels are silenced.

    Raises
    ------
    ScoresError
        If the detector has no class of generated pictures, or finds none of them.
    """
    pictures = _tensor(crops)
    generated = np.array([crop.picture.kind == GENERATED for crop in crops])
    label = place_of_generated(network.name, network.labels)
    ranking = rank_channels(network.model, pictures[torch.from_numpy(generated)], label)
    return Features(
        name=network.name,
        ranking=ranking,
        sensitivity=tuple(
            _sensitivity(network, pictures, generated, label, ranking, count, seed)
            for count in counts
        ),
        colour=colour_conditional(
            network.model, pictures[torch.from_numpy(generated)], ranking.channels
        ),
    )


def _sensitivity(
    network: Explainable,
    pictures: Tensor,
    generated: NDArray[np.bool_],
    label: int,
    ranking: Ranking,
    count: int,
    seed: int,
) -> Sensitivity:
    def without(channels: Sequence[Channel]) -> float:
        return precision_without(network.model, pictures, generated, label, channels)

    return Sensitivity(
        count=count,
        whole=without(()),
        top=without(ranking.top(count)),
        random=tuple(without(random_channels(ranking, count, seed + n)) for n in range(DRAWS)),
        lowest=without(ranking.lowest(count)),
    )


def _tensor(crops: Sequence[TestCrop]) -> Tensor:
    stacked = np.stack([crop.pixels for crop in crops])
    return torch.from_numpy(stacked).permute(0, 3, 1, 2).float() / 255


def sensitivity_table(found: Sequence[Features]) -> str:
    """Write a line a detector and number of channels, AP in percent.

    Pictures found are the generated ones that the ranking rests on.
    """
    columns = (
        "model", "channels", "pictures found", "silenced", "none silenced", "top by FF-RS",
        "random (range)", "lowest",
    )  # fmt: skip
    rows = []
    for one in found:
        for row in one.sensitivity:
            low, high = 100 * min(row.random), 100 * max(row.random)
            mean = 100 * float(np.mean(row.random))
            random = f"{mean:.1f} ({low:.1f}–{high:.1f})"
            whole, top, lowest = (f"{100 * v:.1f}" for v in (row.whole, row.top, row.lowest))
            facts = (one.name, len(one.ranking.channels), one.ranking.pictures, row.count)
            rows.append((*facts, whole, top, random, lowest))
    return str(Table(columns, rows))


def colour_table(found: Sequence[Features]) -> str:
    """Write a line a detector: the share of channels that go by colour, of the top and of all."""
    counts = [row.count for row in found[0].sensitivity]
    rows = []
    for one in found:
        shares = [*map(one.colour_share, counts), one.colour.share, one.colour_relevance]
        rows.append((one.name, *(f"{share:.0%}" for share in shares)))
    tops = (f"of the top {count}" for count in counts)
    return str(Table(("model", *tops, "of all", "FF-RS"), rows))


def ranking_table(network: Explainable, found: Features, count: int) -> str:
    """Write a line for each of the loudest channels: FF-RS and whether it goes by colour."""
    ranking, p_values = found.ranking, found.colour.p_values
    rows = [
        (network.channel_name(channel), f"{value:.4f}", f"{p_values[channel]:.2g}")
        for channel, value in list(zip(ranking.channels, ranking.statistic, strict=True))[:count]
    ]
    return str(Table((f"channel of {found.name}", "FF-RS", "p of the colour test"), rows))
