"""The network of Amerini, Uricchio, Caldelli (WIFS 2017, section III) for a patch's 909-vector.

Two convolutions over the vector with 100 filters of width 3, each followed by ReLU and max pooling,
two dense layers of 256 with dropout, K classes; 5.9 million parameters for nine. The convolutions
are two-dimensional of height 1: memory in the order channels-last makes those faster. Needs torch.
"""

import torch
from torch import Tensor, nn

from verifier.features.dct_histogram import PATCH_BINS
from verifier.training.arithmetic import Gain, Root

FILTERS = 100
WIDTH = 3
POOLING = 2
DENSE = 256
DROPOUT = 0.5
# Blocks in a patch: counts become shares.
BLOCKS = 64.0


class PlatformCNN(nn.Module):
    """Counts of DCT levels to logits of platforms.

    Parameters
    ----------
    classes
        Platforms to distinguish.
    """

    def __init__(self, classes: int) -> None:
        super().__init__()
        self.classes = classes
        self.features = nn.Sequential(
            nn.Conv2d(1, FILTERS, (1, WIDTH), padding=(0, 1)),
            nn.ReLU(),
            nn.MaxPool2d((1, POOLING)),
            nn.Conv2d(FILTERS, FILTERS, (1, WIDTH), padding=(0, 1)),
            nn.ReLU(),
            nn.MaxPool2d((1, POOLING)),
        )
        self.share = Gain(1 / BLOCKS)
        self.root = Root()
        length = PATCH_BINS // POOLING // POOLING
        self.classifier = nn.Sequential(
            nn.Flatten(),
            nn.Linear(FILTERS * length, DENSE),
            nn.ReLU(),
            nn.Dropout(DROPOUT),
            nn.Linear(DENSE, DENSE),
            nn.ReLU(),
            nn.Dropout(DROPOUT),
            nn.Linear(DENSE, classes),
        )

    def forward(self, histograms: Tensor) -> Tensor:
        """(N, 909) counts, float32 0 to 64, to (N, classes) logits."""
        shares = self.root(self.share(histograms))[:, None, None]
        shares = shares.contiguous(memory_format=torch.channels_last)
        logits: Tensor = self.classifier(self.features(shares))
        return logits
