"""What a model says of the patches of a picture, before calibration."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from verifier.detectors.model import Model
from verifier.features.patches import Patches
from verifier.judging import calibration as calibrating


@dataclass(frozen=True)
class PatchScores:
    """Scores of one picture.

    ``mean_log`` is (K,), the mean over patches of the log probabilities; ``shares`` is (N, K), the
    probabilities of each patch.
    """

    model: Model
    patches: Patches
    mean_log: NDArray[np.float64]
    shares: NDArray[np.float64]

    @property
    def count(self) -> int:
        """How many patches there are."""
        return len(self.shares)

    def votes(self, labels: list[int]) -> NDArray[np.int64]:
        """Count the patches that are likeliest of each of some labels: the majority vote."""
        named = self.shares[:, labels].argmax(1)
        return np.bincount(named, minlength=len(labels))


def patch_scores(model: Model, patches: Patches, logits: NDArray[np.float64]) -> PatchScores:
    """Return the scores of (N, K) logits of patches."""
    shares = calibrating.probabilities(logits, 1.0)
    return PatchScores(model, patches, calibrating.mean_log_probabilities(logits), shares)
