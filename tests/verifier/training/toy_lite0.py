"""A file of published weights, as EfficientNet-Lite0 is distributed."""

import re

import torch

from verifier.training.backbones.efficientnet_lite0 import EfficientNetLite0


def published(model: EfficientNetLite0) -> dict[str, torch.Tensor]:
    """Name weights as the published file does, its head beside them."""
    named = {
        "_" + re.sub(r"^blocks\.(\d+)\.", r"blocks.\1._", name): value
        for name, value in model.state_dict().items()
        if not name.startswith(("scale.", "classifier."))
    }
    return named | {"_conv_head.weight": torch.zeros(1280, 320, 1, 1)}
