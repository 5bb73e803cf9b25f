"""How strong a watermark is at each place, chosen by a network from its own features.

What hides noise is texture (perceptual masking). The head looks at the features of the pipeline's
first layer, at a quarter of the picture's size: so no pixel reaches further than without a
watermark. Features are of the mosaic and strengths of the picture: a gain brightens evenly noisy
light by its root, texture too.
"""

import math

import torch
from torch import Tensor, nn
from torch.nn import functional as F

LEAK = 0.1
CHANNELS = 16
# Of the classical strength, whose range is 0.6 to 2.5 (`training.watermark.classical_strength`);
# a sigmoid reaches neither end.
LEAST, MOST = 0.5, 2.7


class StrengthHead(nn.Module):
    """A pipeline's features to the strength of its watermark.

    Parameters
    ----------
    width
        Channels of the features.
    """

    def __init__(self, width: int) -> None:
        super().__init__()
        self.hidden = nn.Conv2d(width, CHANNELS, 1)
        self.texture = nn.Conv2d(CHANNELS, CHANNELS, 3, padding=1, groups=CHANNELS)
        self.activity = nn.Conv2d(CHANNELS, 1, 1)
        self.spread = nn.Conv2d(1, 1, 5, padding=2, bias=False)
        self.bias = nn.Parameter(torch.empty(()))
        self._initialise()

    @torch.no_grad()
    def _initialise(self) -> None:
        """Start from the same strength everywhere: 1."""
        for layer in (self.hidden, self.texture, self.activity):
            nn.init.kaiming_normal_(layer.weight, LEAK)
            assert layer.bias is not None
            nn.init.zeros_(layer.bias)
        nn.init.zeros_(self.activity.weight)
        nn.init.constant_(self.spread.weight, 1 / self.spread.weight.numel())
        share = (1 - LEAST) / (MOST - LEAST)
        self.bias.fill_(math.log(share / (1 - share)))

    def forward(self, features: Tensor, exposure: Tensor) -> Tensor:
        """Choose strengths.

        Parameters
        ----------
        features
            (N, width, h, w).
        exposure
            (N, 1) linear gain.

        Returns
        -------
        (N, 1, h, w) between `LEAST` and `MOST`, in units of `watermark.pattern.OPERATING_POINT`.
        """
        seen = F.leaky_relu(self.hidden(features), LEAK)
        seen = F.leaky_relu(self.texture(seen), LEAK)
        activity = self.spread(self.activity(seen)).float() * exposure[:, :, None, None].sqrt()
        share: Tensor = (activity + self.bias).sigmoid()
        return LEAST + (MOST - LEAST) * share
