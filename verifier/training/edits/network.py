"""The network that names what was done to a picture from what is left of its watermark (torch).

Each kind of edit gives the slope of what is left (`verifier.watermark.description`) a place of its
own, and photos scatter about it: by the slope's own error, by what no model of a camera's strength
or of JPEG's rounding gets right, and some far. So each kind is a distribution of Student's, whose
places and widths are learnt, and a slope that is badly known decides nothing.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

FREEDOM = 8.0
"""Degrees of freedom of Student's distributions: fewer have longer tails."""
PLACES = (0.0, 0.25, -0.15, -0.3)
"""Slopes from which learning starts: native, sharpen, gaussian, resample."""


class EditNetwork(nn.Module):
    """A picture's description to logits of what was done: none, sharpened, smoothed, resampled."""

    def __init__(self) -> None:
        super().__init__()
        kinds = len(PLACES)
        self.place = nn.Parameter(torch.tensor(PLACES))
        self.place_by_finest = nn.Parameter(torch.zeros(kinds))
        self.width = nn.Parameter(torch.full((kinds,), -3.0))
        self.width_by_loss = nn.Parameter(torch.tensor(-1.0))
        self.bias_by_loss = nn.Parameter(torch.zeros(2))
        self.prior = nn.Parameter(torch.zeros(kinds))

    def forward(self, described: Tensor) -> Tensor:
        """(N, 4) numbers to (N, 4) logits."""
        slope, error, finest, left = (one[:, None] for one in described.unbind(dim=1))
        loss = -left
        bias = self.bias_by_loss[0] * loss + self.bias_by_loss[1] * loss.square()
        place = self.place + self.place_by_finest * (finest - 1) + bias
        spread = (
            error.square()
            + F.softplus(self.width).square()
            + (F.softplus(self.width_by_loss) * loss).square()
        )
        off = (slope - place).square() / spread
        # Student's density, but for what is the same for all kinds.
        density = -(FREEDOM + 1) / 2 * torch.log1p(off / FREEDOM) - 0.5 * spread.log()
        logits: Tensor = density + self.prior
        return logits
