"""Arithmetic as layers, so that relevance can be led through it. Needs torch."""

import torch
from torch import Tensor, nn

# Levels of 255: below the rounding of 8 bits an activation says nothing.
_FLOOR = 0.1


class Add(nn.Module):
    """Sum over the last axis: relevance is split by what each part gave."""

    def forward(self, stacked: Tensor) -> Tensor:
        """(…, K) to (…)."""
        return stacked.sum(dim=-1)


class SignedAdd(Add):
    """Add values of either sign, whose sum may be near zero: relevance is split with care."""


class SignedAverage(nn.AdaptiveAvgPool2d):
    """Average channels of either sign, likewise."""


class PassedOn(nn.Module):
    """Changes each value by itself: relevance passes through as it is."""


class Gain(PassedOn):
    """Multiply by a constant."""

    def __init__(self, factor: float) -> None:
        super().__init__()
        self.factor = factor

    def forward(self, values: Tensor) -> Tensor:
        """Any shape."""
        return self.factor * values


class Log(PassedOn):
    """The logarithm, a floor added."""

    def forward(self, values: Tensor) -> Tensor:
        """Values of at least 0, any shape."""
        return torch.log(values + _FLOOR)


class Root(PassedOn):
    """The square root, which makes the noise of a count the same whatever it is (Anscombe 1948)."""

    def forward(self, values: Tensor) -> Tensor:
        """Values of at least 0, any shape."""
        return torch.sqrt(values)
