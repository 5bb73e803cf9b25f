"""A FAN that also reads the statistics of JPEG's blocks. Needs torch."""

import torch
from torch import Tensor, nn

from verifier.training.arithmetic import SignedAdd
from verifier.training.manipulation.block_statistics import BlockStatistics
from verifier.training.manipulation.fan import FAN, LEAK, PATCH

WIDTHS = (256, 64)


class BlockFAN(FAN):
    """Korus & Memon's FAN, and beside it two dense layers over `BlockStatistics`.

    Convolutions and an average must learn where blocks lie before they can read a watermark that
    is aligned with them; here they are given. The logits are the sum of both branches.

    Parameters
    ----------
    classes
        See `FAN`.
    """

    def __init__(self, classes: int = 5) -> None:
        super().__init__(classes)
        self.statistics = BlockStatistics(PATCH)
        wide, narrow = WIDTHS
        self.judge = nn.Sequential(
            Standardise(self.statistics.count),
            nn.Linear(self.statistics.count, wide),
            nn.LeakyReLU(LEAK),
            nn.Linear(wide, narrow),
            nn.LeakyReLU(LEAK),
            nn.Linear(narrow, classes),
        )
        self.add = SignedAdd()

    def forward(self, patches: Tensor) -> Tensor:
        """See `FAN.forward`."""
        logits: Tensor = self.add(
            torch.stack([super().forward(patches), self.of_blocks(patches)], dim=-1)
        )
        return logits

    def of_blocks(self, patches: Tensor) -> Tensor:
        """Return what the blocks alone say: (N, classes) logits."""
        logits: Tensor = self.judge(self.statistics(patches))
        return logits


class Standardise(nn.Module):
    """Takes each number to mean 0 and deviation 1, as measured once; it starts as the identity."""

    mean: Tensor
    deviation: Tensor

    def __init__(self, count: int) -> None:
        super().__init__()
        self.register_buffer("mean", torch.zeros(count))
        self.register_buffer("deviation", torch.ones(count))

    def measure(self, numbers: Tensor) -> None:
        """Take mean and deviation from (N, count) numbers."""
        self.mean.copy_(numbers.mean(dim=0))
        self.deviation.copy_(numbers.std(dim=0).clamp(min=1e-3))

    def forward(self, numbers: Tensor) -> Tensor:
        """(N, count) to the same."""
        return (numbers - self.mean) / self.deviation
