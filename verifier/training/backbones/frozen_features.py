"""A network whose features are fixed, and one layer over them that is trained. Needs torch."""

from abc import ABC, abstractmethod

import torch
from torch import Tensor, nn

from verifier.evaluation.linear_classifier import LinearClassifier


class FrozenFeatures(nn.Module, ABC):
    """Features of a crop, standardised, and a weight for each and each label.

    A class that inherits from it says what `features` are. Only ``classifier`` is trained; the
    means and variances in ``scale`` are those of the training crops (`fit_scale`).

    Parameters
    ----------
    count
        Of features.
    labels
        Natural and generated, or others.
    """

    def __init__(self, count: int, labels: int = 2) -> None:
        super().__init__()
        self.scale = nn.BatchNorm1d(count, eps=1e-6, affine=False)
        self.classifier = nn.Linear(count, labels)
        nn.init.zeros_(self.classifier.weight)

    @abstractmethod
    def features(self, patches: Tensor) -> Tensor:
        """(N, 3, H, W) sRGB in [0, 1] to (N, count) features."""

    def fit_scale(self, features: Tensor) -> None:
        """Remember mean and variance of features (N, count)."""
        self._set_scale(features.mean(dim=0), features.var(dim=0).clamp(min=1e-4))

    @torch.no_grad()
    def take(self, fitted: LinearClassifier) -> None:
        """Take the layer, and the scale, of a classifier of the features."""
        self._set_scale(torch.from_numpy(fitted.mean), torch.from_numpy(fitted.spread).square())
        *weights, offsets = torch.from_numpy(fitted.weights)
        self.classifier.weight.copy_(torch.stack(weights, dim=1))
        self.classifier.bias.copy_(offsets)

    def _set_scale(self, mean: Tensor, variance: Tensor) -> None:
        for stored, value in (
            (self.scale.running_mean, mean),
            (self.scale.running_var, variance),
        ):
            assert stored is not None
            stored.copy_(value)

    def deviation(self) -> Tensor:
        """Return the standard deviation of each feature, (count,)."""
        assert self.scale.running_var is not None
        return torch.sqrt(self.scale.running_var)

    def weigh(self, features: Tensor) -> Tensor:
        """(N, count) features to (N, labels) logits."""
        logits: Tensor = self.classifier(self.scale(features))
        return logits

    def forward(self, patches: Tensor) -> Tensor:
        """(N, 3, H, W) sRGB in [0, 1] to (N, labels) logits."""
        return self.weigh(self.features(patches))
