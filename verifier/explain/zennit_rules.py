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

from torch import nn

from channel.extras import to_install
from verifier.errors import DependencyError
from verifier.explain.histograms import PicturePlatformCNN
from verifier.training.arithmetic import Add, PassedOn, SignedAdd, SignedAverage
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
    evenly over what they see, so that the picture's own contrast doesn't draw it.

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
    return composites.NameLayerMapComposite(
        name_map=[(first, rules.Flat())],
        layer_map=[
            (types.Activation, rules.Pass()),
            (PassedOn, rules.Pass()),
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
