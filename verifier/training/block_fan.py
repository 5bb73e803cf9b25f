"""A FAN that also reads the statistics of JPEG's blocks. Needs torch."""

from torch import Tensor, nn

from verifier.training.block_statistics import BlockStatistics
from verifier.training.fan import FAN, LEAK, PATCH

WIDTHS = (256, 64)


class BlockFAN(FAN):
    """Korus & Memon's FAN, and beside it two dense layers over `BlockStatistics`.

    Convolutions and an average must learn where blocks lie before they can read a trace in step
    with them; here they are told. The logits are the sum of both branches.

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
            nn.Linear(self.statistics.count, wide),
            nn.LeakyReLU(LEAK),
            nn.Linear(wide, narrow),
            nn.LeakyReLU(LEAK),
            nn.Linear(narrow, classes),
        )

    def forward(self, patches: Tensor) -> Tensor:
        """See `FAN.forward`."""
        return super().forward(patches) + self.of_blocks(patches)

    def of_blocks(self, patches: Tensor) -> Tensor:
        """Return what the blocks alone say: (N, classes) logits."""
        logits: Tensor = self.judge(self.statistics(patches))
        return logits
