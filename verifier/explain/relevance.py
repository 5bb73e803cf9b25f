"""Layer-wise relevance of an answer: over the picture, and of every channel."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from verifier.errors import WeightsError
from verifier.explain.histograms import Histograms
from verifier.explain.zennit_rules import composite


class Channel(NamedTuple):
    """A channel of a network: the layer's name, and its number in it."""

    layer: str
    number: int

    def __str__(self) -> str:
        return f"{self.layer}#{self.number}"


@dataclass(frozen=True)
class Relevance:
    """What an answer about N pictures rests on.

    Attributes
    ----------
    score
        (N,) the output that is explained.
    picture
        (N, H, W), summed over colours; positive is evidence for the answer.
    layers
        By layer: (N, C, h, w).
    """

    score: NDArray[np.float32]
    picture: NDArray[np.float32]
    layers: dict[str, NDArray[np.float32]]


def feature_layers(model: nn.Module) -> tuple[str, ...]:
    """Name the layers whose outputs are features.

    Histograms, where the network reads such. Those of batch normalisation, where a convolution's
    output is as the next layer gets it before its activation; in a network without any, the
    convolutions.

    Raises
    ------
    WeightsError
        If the network has none of them.
    """
    for kind in (Histograms, nn.BatchNorm2d, nn.Conv2d):
        names = tuple(name for name, part in model.named_modules() if isinstance(part, kind))
        if names:
            return names
    raise WeightsError("the network has no convolutions, so it has no channels to explain")


def score(logits: Tensor, label: int) -> Tensor:
    """Return what is explained, (N,): a label's logit less the others' mean, or the only logit."""
    if logits.shape[1] == 1:
        return logits[:, 0]
    rest = [place for place in range(logits.shape[1]) if place != label]
    return logits[:, label] - logits[:, rest].mean(dim=1)


def relevance(model: nn.Module, pictures: Tensor, label: int) -> Relevance:
    """Propagate the score of a label back to the picture, through all layers.

    Parameters
    ----------
    model
        Takes (N, 3, H, W) sRGB in [0, 1] and gives logits; it is left as it was.
    pictures
        (N, 3, H, W), float32.

    Raises
    ------
    DependencyError
        Without zennit.
    WeightsError
        If the network has no channels.
    """
    names = feature_layers(model)
    pictures = pictures.detach().clone().requires_grad_()
    model.eval()
    with composite(model).context(model) as prepared, _outputs(prepared, names) as found:
        logits = prepared(pictures)
        # zennit's rules take an output times its weight in the score for its relevance.
        weights = torch.full_like(logits, -1 / max(1, logits.shape[1] - 1))
        weights[:, label if logits.shape[1] > 1 else 0] = 1
        gradients = torch.autograd.grad(
            logits, [pictures, *found.values()], weights * logits.detach()
        )
    picture, *layers = (gradient.detach().numpy() for gradient in gradients)
    return Relevance(
        score=score(logits.detach(), label).numpy(),
        picture=picture.sum(axis=1),
        layers={
            name: values.reshape((*values.shape, 1, 1)[:4])
            for name, values in zip(found, layers, strict=True)
        },
    )


@torch.no_grad()
def activations(
    model: nn.Module, pictures: Tensor, names: Sequence[str]
) -> dict[str, NDArray[np.float32]]:
    """Highest activation of each channel over the picture, after the ReLU: by layer (N, C)."""
    model.eval()
    with _outputs(model, names) as found:
        model(pictures)
    return {
        name: value.reshape(*value.shape[:2], -1).clamp(min=0).amax(dim=2).numpy()
        for name, value in found.items()
    }


@contextmanager
def dropped(model: nn.Module, channels: Sequence[Channel]) -> Iterator[None]:
    """Silence channels: their outputs are 0 within the block."""
    layers = dict(model.named_modules())
    numbers = {name: [c.number for c in channels if c.layer == name]
               for name in {c.layer for c in channels}}  # fmt: skip

    def silence(name: str, output: Tensor) -> Tensor:
        kept = output.clone()
        kept[:, numbers[name]] = 0
        return kept

    handles = [
        layers[name].register_forward_hook(lambda _, __, output, name=name: silence(name, output))
        for name in numbers
    ]
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()


@contextmanager
def _outputs(model: nn.Module, names: Sequence[str]) -> Iterator[dict[str, Tensor]]:
    """Collect what layers give, in the order in which they do."""
    found: dict[str, Tensor] = {}

    def keep(name: str, output: Tensor) -> None:
        found[name] = output

    layers = dict(model.named_modules())
    handles = [
        layers[name].register_forward_hook(lambda _, __, output, name=name: keep(name, output))
        for name in names
    ]
    try:
        yield found
    finally:
        for handle in handles:
            handle.remove()
