"""FF-RS, the forensic feature relevance statistic, and how a detector does without its features.

K. Chandrasegaran, N.-T. Tran, A. Binder, N.-M. Cheung, *Discovering Transferable Forensic Features
for CNN-generated Images Detection*, ECCV 2022, section 3: of every channel the share of the
evidence for "generated" in its layer, averaged over generated pictures that the detector finds.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from verifier.errors import ScoresError
from verifier.evaluation.average_precision import average_precision
from verifier.evaluation.generated.log_odds import log_odds
from verifier.explain.relevance import Channel, dropped, relevance

BATCH: Final = 8


@dataclass(frozen=True)
class Ranking:
    """Channels by FF-RS, the highest first, over so many ``pictures``."""

    channels: tuple[Channel, ...]
    statistic: tuple[float, ...]
    pictures: int

    def top(self, count: int) -> tuple[Channel, ...]:
        """Return the channels of the most relevance."""
        return self.channels[:count]

    def lowest(self, count: int) -> tuple[Channel, ...]:
        """Return the channels that say least."""
        return self.channels[-count:]


def rank_channels(model: nn.Module, pictures: Tensor, label: int) -> Ranking:
    """Rank all channels by FF-RS over generated pictures that the detector finds.

    Of each picture and layer, positive relevance is divided by all relevance without its sign, as
    in the authors' program; the mean over pictures is summed over the map. A picture is found if
    "generated" has more than half of the probability.

    Parameters
    ----------
    model
        Takes (N, 3, H, W) sRGB in [0, 1].
    pictures
        (N, 3, H, W), generated.
    label
        Place of "generated" among the logits.

    Raises
    ------
    ScoresError
        If the detector finds none of the pictures.
    """
    pictures = pictures[torch.from_numpy(_log_odds(model, pictures, label) > 0)]
    count = len(pictures)
    if not count:
        raise ScoresError("the detector finds none of the generated pictures; give others")
    totals: dict[str, NDArray[np.float64]] = {}
    for start in range(0, count, BATCH):
        found = relevance(model, pictures[start : start + BATCH], label)
        for name, values in found.layers.items():
            positive = np.maximum(values, 0).sum(axis=(2, 3)).astype(np.float64)
            total = np.abs(values).sum(axis=(1, 2, 3))[:, None]
            shares = (positive / np.maximum(total, 1e-12)).sum(axis=0)
            totals[name] = totals.get(name, 0) + shares
    pairs = [
        (value / count, Channel(name, number))
        for name, values in totals.items()
        for number, value in enumerate(values)
    ]
    pairs.sort(key=lambda pair: (-pair[0], pair[1]))
    return Ranking(
        tuple(channel for _, channel in pairs), tuple(float(value) for value, _ in pairs), count
    )


def precision_without(
    model: nn.Module,
    pictures: Tensor,
    generated: NDArray[np.bool_],
    label: int,
    channels: Sequence[Channel],
) -> float:
    """Average precision of the generated among pictures (N, 3, H, W) with channels silenced."""
    with dropped(model, channels):
        return average_precision(_log_odds(model, pictures, label), generated)


@torch.no_grad()
def _log_odds(model: nn.Module, pictures: Tensor, label: int) -> NDArray[np.float64]:
    """Log odds of a label of pictures (N, 3, H, W), (N,)."""
    model.eval()
    starts = range(0, len(pictures), BATCH)
    logits = torch.cat([model(pictures[start : start + BATCH]) for start in starts])
    return log_odds(logits.numpy(), label)


def random_channels(ranking: Ranking, count: int, seed: int) -> tuple[Channel, ...]:
    """Draw channels that aren't among the top: what is silenced to compare with."""
    rest = ranking.channels[count:]
    chosen = np.random.default_rng(seed).permutation(len(rest))[:count]
    return tuple(rest[place] for place in chosen)
