"""What one layer can weigh of a patch to classify its origin: a description that isn't trained."""

import hashlib
from abc import ABC, abstractmethod
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.torch import save
from torch import nn

from verifier.evaluation.linear_classifier import LinearClassifier
from verifier.features.forensic_statistics import COUNT, forensic_statistics
from verifier.training.backbones.efficientnet_lite0 import FEATURES
from verifier.training.backbones.lite0 import start_lite0
from verifier.training.origin.statistics_network import StatisticsNetwork

Pixels = NDArray[np.uint8]


class PatchFeatures(ABC):
    """Describes patches, and makes the model of a layer over the description.

    Attributes
    ----------
    count
        Numbers that describe a patch.
    identity
        Of what describes: features of another can't be used in place of them.
    """

    count: int
    identity: str

    @abstractmethod
    def describe(self, patches: Sequence[Pixels]) -> NDArray[np.float32]:
        """Describe (side, side, 3) uint8 patches: (N, count)."""

    @abstractmethod
    def model_of(self, fitted: LinearClassifier) -> nn.Module:
        """Return what is exported: from the verifier's input to logits."""


class ForensicStatistics(PatchFeatures):
    """`verifier.features.forensic_statistics`: residuals and wavelets, no network."""

    count = COUNT
    identity = "forensic statistics"

    def describe(self, patches: Sequence[Pixels]) -> NDArray[np.float32]:
        """See `PatchFeatures.describe`."""
        return np.stack([forensic_statistics(patch) for patch in patches])

    def model_of(self, fitted: LinearClassifier) -> StatisticsNetwork:
        """Return the layer; the verifier hands it statistics."""
        return StatisticsNetwork(fitted)


class Lite0Features(PatchFeatures):
    """The channels of an EfficientNet-Lite0 as ImageNet taught it.

    Parameters
    ----------
    published
        File of its weights; see `start_lite0`.
    """

    count = FEATURES

    def __init__(self, published: Path | None) -> None:
        self._published = published
        self._model = start_lite0(published)
        # The layer of labels begins with random offsets, and describes nothing.
        described = {
            name: value.contiguous()
            for name, value in self._model.state_dict().items()
            if not name.startswith("classifier.")
        }
        self.identity = hashlib.sha256(save(described)).hexdigest()

    @torch.no_grad()
    def describe(self, patches: Sequence[Pixels]) -> NDArray[np.float32]:
        """See `PatchFeatures.describe`."""
        stacked = torch.from_numpy(np.stack(patches)).permute(0, 3, 1, 2).float() / 255
        found: NDArray[np.float32] = self._model.features(stacked).numpy()
        return found

    def model_of(self, fitted: LinearClassifier) -> nn.Module:
        """Return the network with the layer at its end."""
        model = start_lite0(self._published, fitted.weights.shape[1])
        model.take(fitted)
        return model
