"""A network of origin that is one layer over statistics of a patch. Needs torch."""

import torch
from torch import Tensor, nn

from verifier.evaluation.linear_classifier import LinearClassifier


class StatisticsNetwork(nn.Module):
    """Standardise `verifier.features.forensic_statistics`, and weigh them for each class.

    Parameters
    ----------
    fitted
        A classifier of F statistics and K classes.
    """

    mean: Tensor
    spread: Tensor

    def __init__(self, fitted: LinearClassifier) -> None:
        super().__init__()
        self.register_buffer("mean", torch.from_numpy(fitted.mean).float())
        self.register_buffer("spread", torch.from_numpy(fitted.spread).float())
        *weights, offsets = torch.from_numpy(fitted.weights).float()
        self.classifier = nn.Linear(len(weights), len(offsets))
        self.classifier.weight = nn.Parameter(torch.stack(weights, dim=1).contiguous())
        self.classifier.bias = nn.Parameter(offsets)

    def forward(self, statistics: Tensor) -> Tensor:
        """(N, F) to (N, K) logits."""
        logits: Tensor = self.classifier((statistics - self.mean) / self.spread)
        return logits
