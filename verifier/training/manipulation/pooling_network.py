"""The network that judges a whole picture of a pair, from its blocks and its patches (torch)."""

import torch
from torch import Tensor, nn

from verifier.training.manipulation.block_fan import Standardise
from verifier.training.manipulation.fan import LEAK

WIDTHS = (96, 32)
DROPPED = 0.3
# Standardised statistics of no training picture go further from the mean.
MOST = 6.0
# Of what patches say on average; a class that none of them names is at this log probability.
LEAST_LOG = -8.0


class PoolingNetwork(nn.Module):
    """Three dense layers over a picture's statistics, added to what its patches say.

    Parameters
    ----------
    count
        Of statistics; see `verifier.features.watermark_statistics`.
    classes
        As the FAN's.
    """

    def __init__(self, count: int, classes: int) -> None:
        super().__init__()
        self.count, self.classes = count, classes
        wide, narrow = WIDTHS
        self.standardise = Standardise(count + classes)
        self.layers = nn.Sequential(
            nn.Linear(count + classes, wide),
            nn.LeakyReLU(LEAK),
            nn.Dropout(DROPPED),
            nn.Linear(wide, narrow),
            nn.LeakyReLU(LEAK),
            nn.Linear(narrow, classes),
        )
        self.share = nn.Parameter(torch.tensor(0.5))
        last = self.layers[-1]
        assert isinstance(last, nn.Linear)  # as built above
        nn.init.zeros_(last.weight)  # at first it says what the patches say
        nn.init.zeros_(last.bias)

    def measure(self, statistics: Tensor, patches: Tensor) -> None:
        """Take means and deviations of the inputs from those of training."""
        self.standardise.measure(torch.cat([statistics, patches.clamp(min=LEAST_LOG)], dim=1))

    def forward(self, statistics: Tensor, patches: Tensor, noise: float = 0.0) -> Tensor:
        """Return (N, classes) logits.

        Parameters
        ----------
        statistics
            (N, count).
        patches
            (N, classes) mean log probabilities of the picture's patches.
        noise
            Deviation of what is added to the standardised numbers in training.
        """
        said = patches.clamp(min=LEAST_LOG)
        numbers = self.standardise(torch.cat([statistics, said], dim=1)).clamp(-MOST, MOST)
        if noise:
            numbers = numbers + noise * torch.randn_like(numbers)
        logits: Tensor = self.layers(numbers) + self.share * said
        return logits
