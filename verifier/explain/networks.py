"""The networks that can be explained: ours, by their name in a manifest, and a ResNet-50 of a file.

Another detector of ours becomes explainable by a line here, and by weights for torch
(`verifier.weights.TorchWeights`).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from safetensors import SafetensorError
from safetensors.torch import load
from torch import nn

from verifier.errors import WeightsError
from verifier.explain.histograms import PicturePlatformCNN, coefficient_name
from verifier.explain.onnx_weights import tensors_of
from verifier.explain.relevance import Channel
from verifier.training.backbones.efficientnet_lite0 import EfficientNetLite0
from verifier.training.generated.band_network import BandNetwork, band_name
from verifier.training.generated.cnn import GeneratedCNN
from verifier.training.generated.residual_cnn import ResidualCNN
from verifier.training.generated.resnet50 import ResNet50, load_resnet50
from verifier.training.generated.sets import CROP
from verifier.training.manipulation.fan import FAN
from verifier.weights import FOLDER, Label, ModelEntry, Selection, read_manifest

# Each takes the number of labels.
NETWORKS: Final[Mapping[str, Callable[[int], nn.Module]]] = {
    "bands": lambda _: BandNetwork(),
    "lite0": EfficientNetLite0,
    "cnn": lambda _: GeneratedCNN(),
    "residual": lambda _: ResidualCNN(),
    "resnet50": ResNet50,
    "fan": FAN,
    "histograms": PicturePlatformCNN,
}
# Of a file of the user's, that says none of this itself.
RESNET_SELECTION: Final = Selection(
    stride=CROP, most_patches=6, brief_patches=6, min_variance=0.0005
)
RESNET_LABELS: Final = (
    Label(name="natural", role="native", words="a photograph"),
    Label(name="generated", role="class", words="a generated picture"),
)


@dataclass(frozen=True)
class Explainable:
    """A network and what is known of it.

    Attributes
    ----------
    model
        Takes (N, 3, side, side) sRGB in [0, 1]; gives a logit a label, or one, of the last label.
    entry
        Of the manifest; None for a file of the user's.
    channel_name
        What to call a channel.
    """

    name: str
    model: nn.Module
    side: int
    labels: tuple[Label, ...]
    selection: Selection
    entry: ModelEntry | None = None
    channel_name: Callable[[Channel], str] = str


def load_ours(name: str, folder: Path = FOLDER) -> Explainable:
    """Load a detector of a manifest for torch.

    Raises
    ------
    WeightsError
        If there is none of that name, or it can't be explained.
    """
    entry = read_manifest(folder).find(name)
    if entry.torch is None:
        can = [other.name for other in read_manifest(folder).models if other.torch]
        raise WeightsError(
            f"the model {name} has no weights for torch, so it can't be explained "
            f"(these can: {', '.join(can) or 'none'})"
        )
    if entry.torch.network not in NETWORKS:
        raise WeightsError(
            f"the manifest says that {name} is a {entry.torch.network!r}, which isn't one of "
            f"{', '.join(NETWORKS)}"
        )
    model = NETWORKS[entry.torch.network](len(entry.labels))
    try:
        content = entry.read_torch(folder)
        of_onnx = entry.torch.file.endswith(".onnx")
        model.load_state_dict(tensors_of(content, model) if of_onnx else load(content))
    except (SafetensorError, RuntimeError) as error:
        raise WeightsError(f"{entry.torch.file} isn't of a {entry.torch.network}") from error
    return Explainable(
        name,
        model.eval(),
        entry.input.side,
        entry.labels,
        entry.selection,
        entry,
        _namer_of(model),
    )


def _namer_of(model: nn.Module) -> Callable[[Channel], str]:
    """Say how a channel is called: by its frequency, where it has one."""
    if isinstance(model, BandNetwork):
        return lambda channel: band_name(channel.number)
    if isinstance(model, PicturePlatformCNN):
        return lambda channel: coefficient_name(channel.number)
    return str


def load_resnet(path: Path) -> Explainable:
    """Load a user's ResNet-50 that distinguishes generated pictures from photographs.

    Raises
    ------
    WeightsError
        If the file isn't one, or has other than one or two outputs, such as ImageNet's thousand.
    """
    model = load_resnet50(path)
    if model.fc.out_features > 2:
        raise WeightsError(
            f"{path} distinguishes {model.fc.out_features} classes, so it is no detector of "
            "generated pictures; give one with one or two outputs, such as CNNDetection's"
        )
    return Explainable(path.stem, model, CROP, RESNET_LABELS, RESNET_SELECTION)
