"""A file of published weights, as EfficientNet-Lite0 is distributed."""

import re

import pytest
import torch

from verifier.training.backbones import efficientnet_lite0
from verifier.training.backbones.efficientnet_lite0 import EfficientNetLite0


def published(model: EfficientNetLite0) -> dict[str, torch.Tensor]:
    """Name weights as the published file does, its head beside them."""
    named = {
        "_" + re.sub(r"^blocks\.(\d+)\.", r"blocks.\1._", name): value
        for name, value in model.state_dict().items()
        if not name.startswith(("scale.", "classifier."))
    }
    return named | {"_conv_head.weight": torch.zeros(1280, 320, 1, 1)}


def shallow(patch: pytest.MonkeyPatch) -> None:
    """Leave most repeated blocks out: every kind of block and each halving stays."""
    stages = efficientnet_lite0.STAGES
    few = (stage._replace(blocks=2 if stage is stages[1] else 1) for stage in stages)
    patch.setattr(efficientnet_lite0, "STAGES", tuple(few))
