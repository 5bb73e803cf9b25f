"""Which channels go by colour (Chandrasegaran et al., ECCV 2022, section 4).

A channel is colour-conditional if its highest activations over pictures have another median than
those over the same pictures without colour, by the median test of Mood (Brown & Mood 1951) at 5%.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.stats import median_test
from torch import Tensor, nn

from verifier.explain.relevance import Channel, activations

SIGNIFICANCE: Final = 0.05
_BATCH: Final = 16
# ITU-R BT.601, 2.5.1.
_LUMA: Final = (0.299, 0.587, 0.114)


@dataclass(frozen=True)
class ColourShare:
    """Channels that go by colour, of those that were tested, and the p-value of each of these."""

    conditional: tuple[Channel, ...]
    p_values: dict[Channel, float]

    @property
    def share(self) -> float:
        """Share of the tested channels."""
        return len(self.conditional) / max(1, len(self.p_values))


def without_colour(pictures: Tensor) -> Tensor:
    """(N, 3, H, W) sRGB in [0, 1] to luma in all three channels."""
    luma = (pictures * torch.tensor(_LUMA)[:, None, None]).sum(dim=1, keepdim=True)
    return luma.expand_as(pictures).contiguous()


def colour_conditional(
    model: nn.Module, pictures: Tensor, channels: Sequence[Channel]
) -> ColourShare:
    """Test channels on pictures (N, 3, H, W) with and without their colour."""
    names = tuple(dict.fromkeys(channel.layer for channel in channels))
    coloured = _activations(model, pictures, names)
    grey = _activations(model, without_colour(pictures), names)
    p_values = {
        c: median_p_value(coloured[c.layer][:, c.number], grey[c.layer][:, c.number])
        for c in channels
    }
    return ColourShare(tuple(c for c in channels if p_values[c] < SIGNIFICANCE), p_values)


def _activations(
    model: nn.Module, pictures: Tensor, names: Sequence[str]
) -> dict[str, NDArray[np.float32]]:
    parts = [
        activations(model, pictures[start : start + _BATCH], names)
        for start in range(0, len(pictures), _BATCH)
    ]
    return {name: np.concatenate([part[name] for part in parts]) for name in names}


def median_p_value(first: NDArray[np.float32], second: NDArray[np.float32]) -> float:
    """p-value of the hypothesis that two samples have one median; 1 where both are constant."""
    both = np.concatenate([first, second])
    if (both == both[0]).all() or (both > np.median(both)).sum() == 0:
        return 1.0
    return float(median_test(first, second).pvalue)
