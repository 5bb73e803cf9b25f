"""The constrained convolution of Bayar & Stamm (IEEE TIFS 2018): learnt prediction residuals."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F


class ConstrainedConv(nn.Module):
    """A layer whose filter ``k`` predicts channel ``k`` from all that is around a pixel.

    Each filter's weight at its own channel's centre is −1 and the others sum to 1, so that it
    gives the prediction minus the pixel, and 0 in even areas. It has no bias.

    Parameters
    ----------
    channels
        Of input and output.
    side
        Of the filters; odd.
    """

    def __init__(self, channels: int = 3, side: int = 5) -> None:
        super().__init__()
        hat = side // 2 + 1 - torch.arange(-(side // 2), side // 2 + 1).abs().float()
        around = hat[:, None] * hat
        around[side // 2, side // 2] = 0
        own = torch.eye(channels)[:, :, None, None]
        self.weight = nn.Parameter(own * around / around.sum())
        self.constrain()

    @torch.no_grad()
    def constrain(self) -> None:
        """Project the weights onto the constraint; to be called after every optimiser step."""
        middle = self.weight.shape[-1] // 2
        own = torch.arange(len(self.weight))
        self.weight[own, own, middle, middle] = 0
        total = self.weight.sum(dim=(1, 2, 3), keepdim=True)
        self.weight.add_((1 - total) / (self.weight[0].numel() - 1))
        self.weight[own, own, middle, middle] = -1

    def forward(self, picture: Tensor) -> Tensor:
        """(N, C, H, W) to its residuals, of the same shape; the border is repeated outwards."""
        reach = self.weight.shape[-1] // 2
        return F.conv2d(F.pad(picture, (reach,) * 4, mode="replicate"), self.weight)
