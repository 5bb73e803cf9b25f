"""The rules by which zennit propagates relevance through our networks, and a way to load it.

Bach et al., *On Pixel-wise Explanations for Non-linear Classifier Decisions by Layer-wise Relevance
Propagation*, PLOS ONE 2015. As in Chandrasegaran et al. (ECCV 2022): only evidence for an output
is followed through convolutions (α = 1, β = 0). zennit: Anders et al. 2021.
"""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType
from typing import Any

from torch import Tensor, nn
from torch.nn import functional as F

from channel.extras import to_install
from verifier.errors import DependencyError
from verifier.explain.histograms import PicturePlatformCNN
from verifier.training.arithmetic import Add, PassedOn, SignedAdd, SignedAverage
from verifier.training.manipulation.block_fan import Standardise
from verifier.training.manipulation.block_statistics import BLOCK, BlockStatistics
from verifier.training.manipulation.constrained_conv import ConstrainedConv

# Sums of either sign near zero would divide relevance by next to nothing: half floats for weights
# then turned spots of a map into their opposite. A share of the layer's root mean square.
_SIGNED = 0.1
_RESNET = "torchvision.models.resnet"


def composite(model: nn.Module) -> Any:
    """Make zennit's composite of rules for a network of convolutions.

    Batch normalisation is merged into the convolution before it. Activations pass relevance on;
    sums and averages split it by what each part gave; convolutions follow what is positive; dense
    layers follow all, stabilised; the first convolution, and one of residuals before it, spread it
    evenly over what they see, so that the picture's own contrast doesn't draw it. Statistics of
    blocks are no layer: a block gets its part of them to the first order.

    Raises
    ------
    DependencyError
        Without zennit.
    """
    with _stand_in_for_torchvision():
        try:
            from zennit import canonizers, composites, core, rules, types
        except ImportError as error:
            words = f"explaining a detector needs zennit: {to_install('explain')}"
            raise DependencyError(words) from error
    convolutions = [name for name, part in model.named_modules() if isinstance(part, nn.Conv2d)]
    # Of counts the first convolution follows what is positive: what wasn't counted has no part.
    first = () if isinstance(model, PicturePlatformCNN) else tuple(convolutions[:1])
    of_statistic, of_pixel = _first_order(core)
    return composites.NameLayerMapComposite(
        name_map=[(first, rules.Flat())],
        layer_map=[
            (types.Activation, rules.Pass()),
            (PassedOn, rules.Pass()),
            (Standardise, of_statistic()),
            (BlockStatistics, of_pixel()),
            (types.BatchNorm, rules.Pass()),
            ((SignedAdd, SignedAverage), rules.Epsilon(core.Stabilizer(_SIGNED, norm_scale=True))),
            (types.AvgPool, rules.Norm()),
            (Add, rules.Norm()),
            (ConstrainedConv, rules.Flat()),
            (types.Convolution, rules.ZPlus()),
            (nn.Linear, rules.Epsilon()),
        ],
        canonizers=[canonizers.SequentialMergeBatchNorm()],
    )


def _first_order(core: ModuleType) -> tuple[type[Any], type[Any]]:
    """Make two hooks that share relevance of statistics out among blocks, to the first order.

    The relevance of a standardised statistic over its value is what a unit of it weighs; the
    gradient says how much of it a pixel gives, times how far it is from the mean of its block. A
    block gets the sum of its pixels, and what the first order leaves over goes where it found
    most, so that the sum over the picture is that over the statistics.
    """
    received: list[Tensor] = []

    class Kept(core.Hook):  # type: ignore[name-defined,misc]
        def forward(self, _: nn.Module, given: tuple[Tensor, ...], found: Tensor) -> None:
            self.stored_tensors.update(given=given[0], found=found)

    class OfStatistic(Kept):
        def backward(
            self, _: nn.Module, grad_input: tuple[Tensor, ...], grad_output: tuple[Tensor, ...]
        ) -> tuple[Tensor]:
            received.append(grad_output[0].sum(dim=1))
            stabilised = core.Stabilizer(_SIGNED, norm_scale=True)(self.stored_tensors["found"])
            return (grad_input[0] / stabilised,)

    class OfPixel(Kept):
        def backward(
            self, _: nn.Module, grad_input: tuple[Tensor, ...], __: tuple[Tensor, ...]
        ) -> tuple[Tensor]:
            pixels = self.stored_tensors["given"]
            parts = grad_input[0] * (pixels - _over_blocks(pixels))
            found = _over_blocks(parts.mean(dim=1, keepdim=True).expand_as(parts))
            left = received.pop() - found.sum(dim=(1, 2, 3))
            sizes = found.abs().flatten(1).sum(dim=1).clamp(min=1e-12)
            return (found + found.abs() * (left / sizes)[:, None, None, None],)

    return OfStatistic, OfPixel


def _over_blocks(plane: Tensor) -> Tensor:
    """Average (N, C, H, W) over each block, and give the average to each of its pixels."""
    means = F.avg_pool2d(plane, BLOCK)
    return means.repeat_interleave(BLOCK, 2).repeat_interleave(BLOCK, 3)


@contextmanager
def _stand_in_for_torchvision() -> Iterator[None]:
    """Let zennit be imported where torchvision isn't, or doesn't fit torch's CPU build.

    zennit imports two classes of it at its top, for a canonizer of torchvision's own networks that
    we don't use; see docs/decisions/014. What stands in for it is gone afterwards.
    """
    if "zennit" in sys.modules or _RESNET in sys.modules:
        yield
        return
    stand_in = ModuleType(_RESNET)
    vars(stand_in).update({name: type(name, (), {}) for name in ("Bottleneck", "BasicBlock")})
    parts = {
        "torchvision": ModuleType("torchvision"),
        "torchvision.models": ModuleType("torchvision.models"),
        _RESNET: stand_in,
    }
    sys.modules.update(parts)
    try:
        yield
    finally:
        for name in parts:
            sys.modules.pop(name, None)
