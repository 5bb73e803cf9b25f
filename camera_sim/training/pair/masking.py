"""How visible a change of a picture is: errors weighted by what surrounds them (torch).

The noise visibility function of Voloshynovskiy, Herrigel, Baumgartner & Pun (*A stochastic approach
to content adaptive digital image watermarking*, Information Hiding 1999): texture hides what an
even area shows.
"""

import torch
from torch import Tensor
from torch.nn import functional as F

# Their stationary model: θ = D / (largest local variance), D between 50 and 100.
STRENGTH = 75.0
WINDOW = 7
# How many times stronger a change may be in texture than in even areas (their S1 / S0).
TEXTURE_GAIN = 4.0


@torch.no_grad()
def visibility(picture: Tensor) -> Tensor:
    """Return (N, 1, H, W) weights of squared errors: 1 in even areas, 1/16 in strong texture."""
    luminance = picture.mean(dim=1, keepdim=True)
    variance = (_mean(luminance.square()) - _mean(luminance).square()).clamp(min=0)
    largest = variance.amax(dim=(2, 3), keepdim=True).clamp(min=1e-4)
    even = 1 / (1 + STRENGTH * variance / largest)
    return (even + (1 - even) / TEXTURE_GAIN).square()


def visible_error(picture: Tensor, reference: Tensor) -> Tensor:
    """Return the mean squared error of (N, 3, H, W) sRGB, weighted by `visibility`."""
    errors: Tensor = visibility(reference) * (picture - reference).square()
    return errors.mean()


def _mean(plane: Tensor) -> Tensor:
    padded = F.pad(plane, (WINDOW // 2,) * 4, mode="reflect")
    return F.avg_pool2d(padded, WINDOW, stride=1)
