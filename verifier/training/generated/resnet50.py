"""ResNet-50 (He et al., CVPR 2016), by the names of the published weights. Needs torch.

The standard network: bottlenecks of 3, 4, 6 and 3, the stride in the 3×3 convolution, as
torchvision and Wang et al. (CVPR 2020) have it. Weights come from a file of the user's:
torchvision's ImageNet file (1000 classes), CNNDetection's ``blur_jpg_prob0.5.pth`` (one output:
generated), or safetensors.
"""

from pathlib import Path
from typing import Final

import torch
from torch import Tensor, nn

from verifier.errors import WeightsError
from verifier.training.arithmetic import Add
from verifier.training.backbones.published_weights import fill, read_tensors

# Bottlenecks of each stage, and what they narrow to.
STAGES: Final = ((3, 64), (4, 128), (6, 256), (3, 512))
EXPANSION: Final = 4
# What ImageNet's networks are fed, of sRGB in [0, 1].
MEAN: Final = (0.485, 0.456, 0.406)
DEVIATION: Final = (0.229, 0.224, 0.225)


class Bottleneck(nn.Module):
    """Narrow, look around, widen, and add what came in."""

    def __init__(self, before: int, width: int, stride: int = 1) -> None:
        super().__init__()
        after = EXPANSION * width
        self.conv1 = nn.Conv2d(before, width, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        self.conv2 = nn.Conv2d(width, width, 3, stride=stride, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(width)
        self.conv3 = nn.Conv2d(width, after, 1, bias=False)
        self.bn3 = nn.BatchNorm2d(after)
        self.relu = nn.ReLU()
        self.downsample: nn.Sequential | None = None
        if stride != 1 or before != after:
            self.downsample = nn.Sequential(
                nn.Conv2d(before, after, 1, stride=stride, bias=False), nn.BatchNorm2d(after)
            )
        self.add = Add()

    def forward(self, features: Tensor) -> Tensor:
        """(N, before, H, W) to (N, 4·width, H/stride, W/stride)."""
        kept = features if self.downsample is None else self.downsample(features)
        found = self.relu(self.bn1(self.conv1(features)))
        found = self.relu(self.bn2(self.conv2(found)))
        found = self.add(torch.stack([kept, self.bn3(self.conv3(found))], dim=-1))
        activated: Tensor = self.relu(found)
        return activated


class ResNet50(nn.Module):
    """The network; the means and deviations of ImageNet are taken off inside.

    Parameters
    ----------
    outputs
        1 for a detector (the logit of "generated"), 2 for one of ours, 1000 for ImageNet's.
    """

    mean: Tensor
    deviation: Tensor

    def __init__(self, outputs: int = 1) -> None:
        super().__init__()
        self.register_buffer("mean", torch.tensor(MEAN)[:, None, None], persistent=False)
        self.register_buffer("deviation", torch.tensor(DEVIATION)[:, None, None], persistent=False)
        self.conv1 = nn.Conv2d(3, 64, 7, stride=2, padding=3, bias=False)
        self.bn1 = nn.BatchNorm2d(64)
        self.relu = nn.ReLU()
        self.maxpool = nn.MaxPool2d(3, stride=2, padding=1)
        before = 64
        for number, (blocks, width) in enumerate(STAGES, 1):
            layer = []
            for block in range(blocks):
                layer.append(Bottleneck(before, width, 2 if number > 1 and block == 0 else 1))
                before = EXPANSION * width
            setattr(self, f"layer{number}", nn.Sequential(*layer))
        self.avgpool = nn.AdaptiveAvgPool2d(1)
        self.fc = nn.Linear(before, outputs)

    def forward(self, pictures: Tensor) -> Tensor:
        """(N, 3, H, W) sRGB in [0, 1] to (N, outputs) logits."""
        features = (pictures - self.mean) / self.deviation
        features = self.maxpool(self.relu(self.bn1(self.conv1(features))))
        for number in range(1, len(STAGES) + 1):
            features = getattr(self, f"layer{number}")(features)
        logits: Tensor = self.fc(self.avgpool(features).flatten(1))
        return logits


def load_resnet50(path: Path) -> ResNet50:
    """Read published weights from a file: safetensors, or torch's, of which only tensors are taken.

    A dictionary that holds the weights as "model" (CNNDetection's) or "state_dict" is opened.

    Raises
    ------
    WeightsError
        If the file can't be read, or isn't of a ResNet-50.
    """
    tensors = read_tensors(path)
    fc = tensors.get("fc.weight")
    if fc is None or fc.ndim != 2:
        raise WeightsError(f"{path} has no fc.weight, so it isn't of torchvision's ResNet-50")
    model = ResNet50(len(fc))
    fill(model, tensors, path, "a ResNet-50")
    return model.eval()
