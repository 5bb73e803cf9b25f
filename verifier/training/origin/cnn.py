"""The networks of Huang, Fang, Nguyen, Yamagishi, Echizen for a picture's origin. Need torch.

*A method for identifying origin of digital images using a convolutional neural network*.
Seven 3×3 convolutions of 64, 64, 32, 32, 64, 64 and 128 filters, each with batch normalisation
and ReLU, the last five followed by 2×2 max pooling; a dense layer of 2048 with dropout that retains
0.2; three classes. Trained anew ("ada"), or as a head on VGG-19 of ImageNet ("vgg").
"""

from pathlib import Path
from typing import Final, Literal

import torch
from torch import Tensor, nn

from channel.errors import reason_of
from verifier.errors import WeightsError

WIDTHS: Final = (64, 64, 32, 32, 64, 64, 128)
POOLED_FROM: Final = 2  # the third convolution is the first that is followed by pooling
SIDE: Final = 224
DENSE: Final = 2048
RETAINED: Final = 0.2
_GRID: Final = SIDE // 2 ** (len(WIDTHS) - POOLED_FROM)
# Simonyan & Zisserman, ICLR 2015, configuration E: 16 convolutions, "M" is max pooling.
_VGG_19: Final = (
    64, 64, "M", 128, 128, "M", 256, 256, 256, 256, "M", 512, 512, 512, 512, "M",
    512, 512, 512, 512, "M",
)  # fmt: skip
_IMAGENET_MEAN: Final = (0.485, 0.456, 0.406)
_IMAGENET_SPREAD: Final = (0.229, 0.224, 0.225)

Head = Literal["pooled", "dense"]


class OriginCNN(nn.Module):
    """Patches to logits of origins: the paper's network, "ada".

    Parameters
    ----------
    classes
        Origins to distinguish.
    head
        "dense" is the paper's. "pooled" averages the features over a patch of any size and has one
        linear layer: our faster schedule begins with it, and `densified` goes on from it.
    """

    def __init__(self, classes: int = 3, head: Head = "dense") -> None:
        super().__init__()
        self.classes = classes
        layers: list[nn.Module] = []
        for place, (before, after) in enumerate(zip((3, *WIDTHS), WIDTHS, strict=False)):
            layers += [nn.Conv2d(before, after, 3, padding=1), nn.BatchNorm2d(after), nn.ReLU()]
            if place >= POOLED_FROM:
                layers.append(nn.MaxPool2d(2))
        self.features = nn.Sequential(*layers)
        self.head: nn.Sequential
        if head == "pooled":
            self.head = nn.Sequential(
                nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(WIDTHS[-1], classes)
            )
        else:
            self.head = _dense(WIDTHS[-1] * _GRID**2, classes)
        for module in self.modules():
            if isinstance(module, (nn.Conv2d, nn.Linear)):
                nn.init.kaiming_normal_(module.weight, nonlinearity="relu")
                assert module.bias is not None
                nn.init.zeros_(module.bias)

    def forward(self, patches: Tensor) -> Tensor:
        """(N, 3, side, side) sRGB in [0, 1] to (N, classes) logits; side 224 if dense."""
        logits: Tensor = self.head(self.features(4 * (patches - 0.5)))
        return logits

    @torch.no_grad()
    def densified(self) -> "OriginCNN":
        """Return the paper's network with these features, giving at first what this one gives.

        Each of the 128 averages is what 16 of the 2048 units compute, near enough; from there the
        units part by training. Raises `ValueError` if this one is dense already.
        """
        if len(self.head) != 3:
            raise ValueError("the head is dense already")
        full = OriginCNN(self.classes)
        full.features.load_state_dict(self.features.state_dict())
        units, last, pooled = full.head[1], full.head[4], self.head[2]
        assert isinstance(units, nn.Linear)
        assert isinstance(last, nn.Linear)
        assert isinstance(pooled, nn.Linear)
        copies = DENSE // WIDTHS[-1]
        average = torch.eye(WIDTHS[-1]).repeat_interleave(_GRID**2, dim=1) / _GRID**2
        units.weight.copy_(average.repeat(copies, 1))
        units.weight.add_(torch.randn(units.weight.shape) * 0.1 / units.in_features**0.5)
        last.weight.copy_(pooled.weight.repeat(1, copies) / copies)
        last.bias.copy_(pooled.bias)
        return full


class OriginVGG(nn.Module):
    """The paper's "vgg" scenario: the features of VGG-19, kept as they are, under the same head.

    Parameters
    ----------
    weights
        A safetensors file of VGG-19 by the names of torchvision (``features.0.weight`` …), which
        the user has: it isn't shipped. Its classifier isn't read.
    classes
        Origins to distinguish.

    Raises
    ------
    WeightsError
        If the file can't be read, or isn't VGG-19.
    """

    def __init__(self, weights: Path, classes: int = 3) -> None:
        super().__init__()
        self.classes = classes
        self.features = _vgg_19()
        _load_vgg(self.features, weights)
        for parameter in self.features.parameters():
            parameter.requires_grad = False
        self.head = _dense(512 * _GRID**2, classes)
        self.mean: Tensor
        self.spread: Tensor
        self.register_buffer("mean", torch.tensor(_IMAGENET_MEAN)[:, None, None])
        self.register_buffer("spread", torch.tensor(_IMAGENET_SPREAD)[:, None, None])

    def forward(self, patches: Tensor) -> Tensor:
        """(N, 3, 224, 224) sRGB in [0, 1] to (N, classes) logits."""
        logits: Tensor = self.head(self.features((patches - self.mean) / self.spread))
        return logits


def _dense(inputs: int, classes: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Flatten(),
        nn.Linear(inputs, DENSE),
        nn.ReLU(),
        nn.Dropout(1 - RETAINED),
        nn.Linear(DENSE, classes),
    )


def _vgg_19() -> nn.Sequential:
    layers: list[nn.Module] = []
    before = 3
    for step in _VGG_19:
        if isinstance(step, str):
            layers.append(nn.MaxPool2d(2))
        else:
            layers += [nn.Conv2d(before, step, 3, padding=1), nn.ReLU()]
            before = step
    return nn.Sequential(*layers)


def _load_vgg(features: nn.Sequential, weights: Path) -> None:
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    try:
        stored = load_file(weights)
        features.load_state_dict(
            {k.removeprefix("features."): v for k, v in stored.items() if k.startswith("features.")}
        )
    except (OSError, SafetensorError) as error:
        raise WeightsError(f"{weights} can't be read as safetensors: {reason_of(error)}") from error
    except RuntimeError as error:
        raise WeightsError(
            f"{weights} isn't VGG-19: it needs torchvision's names and shapes, features.0.weight "
            "to features.34.bias"
        ) from error
