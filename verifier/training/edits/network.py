"""The network that names what was done to a picture from what is left of its watermark (torch).

Each kind of edit gives the slope of what is left (`verifier.watermark.description`) a place of its
own, and photos scatter about it: by the slope's own error, by what no model of a camera's strength
or of JPEG's rounding gets right, and some far. So each kind is a distribution of Student's, whose
places and widths are learnt, and a slope that is badly known decides nothing. A wrong level of fine
lines against coarse ones is the more of a slope the less far the lines reach, as in large photos.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

FREEDOM = 8.0
"""Degrees of freedom of Student's distributions: fewer have longer tails."""
FARTHEST = -0.6, 0.3
"""Slopes beyond which one says no more than these: far off, the widest distribution would win."""
LEAST_FINEST = 0.02
PLACES = (0.03, 0.27, -0.1, -0.26, -0.03)
"""Slopes from which learning starts: native, sharpen, gaussian, resample, exported."""


class EditNetwork(nn.Module):
    """A picture's description to logits of what was done, by `KINDS` of `train`."""

    def __init__(self) -> None:
        super().__init__()
        kinds = len(PLACES)
        self.place = nn.Parameter(torch.tensor(PLACES))
        self.level = nn.Parameter(torch.zeros(1))
        self.width = nn.Parameter(torch.full((kinds,), -3.0))
        self.width_by_loss = nn.Parameter(torch.tensor(-1.0))
        self.width_by_level = nn.Parameter(torch.tensor(-3.5))
        self.bias_by_loss = nn.Parameter(torch.zeros(2))
        self.prior = nn.Parameter(torch.zeros(kinds))

    def forward(self, described: Tensor) -> Tensor:
        """(N, 5) numbers to (N, 5) logits; the last number isn't looked at."""
        slope, error, finest, left = (one[:, None] for one in described.unbind(dim=1)[:4])
        loss, reach = -left, finest.clamp(min=LEAST_FINEST)
        bias = self.bias_by_loss[0] * loss + self.bias_by_loss[1] * loss.square()
        bias = bias + self.level * (1 / reach - 1)
        spread = (
            error.square()
            + F.softplus(self.width).square()
            + (F.softplus(self.width_by_loss) * loss).square()
            + (F.softplus(self.width_by_level) / reach).square()
        )
        off = ((slope - bias).clamp(*FARTHEST) - self.place).square() / spread
        # Student's density, but for what is the same for all kinds.
        density = -(FREEDOM + 1) / 2 * torch.log1p(off / FREEDOM) - 0.5 * spread.log()
        logits: Tensor = density + self.prior
        return logits
