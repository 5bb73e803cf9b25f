"""INet of Korus & Memon 2019 (table 1): 321 parameters, the steps of a classical pipeline.

A 5×5 convolution that starts as bilinear demosaicing, a 1×1 one that starts as the camera's
colour matrix, and a toy model of the tone curve: two 1×1 layers with tanh between them.
"""

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from camera_sim.networks.nip import spread
from camera_sim.raw import colour

# Slopes of the four tanh that share each colour's tone curve: from shadows to highlights.
TANH_SLOPES = (40.0, 10.0, 3.0, 1.0)

BILINEAR_GREEN = ((0, 1, 0), (1, 4, 1), (0, 1, 0))
BILINEAR_RED_BLUE = ((1, 2, 1), (2, 4, 2), (1, 2, 1))


class INet(nn.Module):
    """White-balanced (N, 4, h, w) mosaic in [0, 1] to (N, 3, 2h, 2w) sRGB.

    Parameters
    ----------
    trained_matrix
        (3, 3) camera to sRGB that the colour layer starts from; None is the identity.
    """

    multiple_of = 1
    receptive_field = 2
    bytes_per_pixel = 1300  # 936 measured

    def __init__(self, trained_matrix: Tensor | None = None) -> None:
        super().__init__()
        self.demosaic = nn.Conv2d(3, 3, 5, padding=2, padding_mode="reflect", bias=False)
        self.colour = nn.Conv2d(3, 3, 1, bias=False)
        self.tone_in = nn.Conv2d(3, 12, 1)
        self.tone_out = nn.Conv2d(12, 3, 1)
        self._initialise(torch.eye(3) if trained_matrix is None else trained_matrix)

    @torch.no_grad()
    def _initialise(self, matrix: Tensor) -> None:
        self.demosaic.weight.copy_(bilinear())
        self.colour.weight.copy_(matrix[:, :, None, None])
        weight_in, weight_out, offset = tone_curve()
        assert self.tone_in.bias is not None
        assert self.tone_out.bias is not None
        nn.init.zeros_(self.tone_in.bias)
        self.tone_in.weight.copy_(weight_in[:, :, None, None])
        self.tone_out.weight.copy_(weight_out[:, :, None, None])
        self.tone_out.bias.fill_(offset)

    def forward(self, mosaic: Tensor) -> Tensor:
        """Develop; see the class."""
        linear = self.colour(self.demosaic(spread(mosaic)))
        developed: Tensor = self.tone_out(torch.tanh(self.tone_in(linear)))
        return developed


def bilinear() -> Tensor:
    """Return bilinear demosaicing of a spread mosaic as a (3, 3, 5, 5) convolution."""
    weight = torch.zeros(3, 3, 5, 5)
    green, other = torch.tensor(BILINEAR_GREEN) / 4, torch.tensor(BILINEAR_RED_BLUE) / 4
    for channel, kernel in enumerate((other, green, other)):
        weight[channel, channel] = F.pad(kernel, (1, 1, 1, 1))
    return weight


def tone_curve() -> tuple[Tensor, Tensor, float]:
    """Fit sRGB's curve by four tanh a colour.

    Returns
    -------
    (12, 3) weights into tanh, (3, 12) weights out of it, and the offset of all three colours.
    """
    x = np.linspace(0, 1, 1024, dtype=np.float32)
    basis = np.stack([np.tanh(slope * x) for slope in TANH_SLOPES] + [np.ones_like(x)], axis=1)
    *shares, offset = np.linalg.lstsq(basis, colour.srgb_encode(x), rcond=None)[0]
    each = torch.eye(3)
    weight_in = torch.kron(each, torch.tensor(TANH_SLOPES)[:, None])
    weight_out = torch.kron(each, torch.tensor(np.array(shares, np.float32))[None])
    return weight_in, weight_out, float(offset)
