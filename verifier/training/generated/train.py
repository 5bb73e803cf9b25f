"""Training of the detector of generated pictures (Wang et al., CVPR 2020): the plain loop."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from types import MappingProxyType

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional as F

from verifier.errors import TrainingError
from verifier.evaluation.average_precision import average_precision
from verifier.training.autocast import autocast
from verifier.training.backbones.frozen_features import FrozenFeatures
from verifier.training.backbones.lite0 import start_lite0
from verifier.training.export import export_generated
from verifier.training.generated.band_network import BandNetwork
from verifier.training.generated.blur_and_jpeg import augmented, find_variant, grey
from verifier.training.generated.cnn import GeneratedCNN
from verifier.training.generated.data import CropRecipe, Crops
from verifier.training.generated.resnet50 import ResNet50, load_resnet50
from verifier.training.listed_sets import WHAT_SETS_SHOW
from verifier.training.manipulation.constrained_conv import ConstrainedConv
from verifier.training.memory_format import in_format
from verifier.training.picture_sets import Picture, sets_of
from verifier.training.run import Report, Run
from verifier.weights import ModelEntry

Pixels = NDArray[np.uint8]
GREY_SHARE = 0.5
"""Of random grey-scale in colour-robust training (Chandrasegaran et al. 2022, section 5)."""
# Of a feature's deviation, added to it in training: crops of a picture are much alike.
FEATURE_NOISE = 0.1
_VALIDATION_BATCH = 64


@dataclass(frozen=True)
class GeneratedRecipe:
    """How the detector is trained.

    Attributes
    ----------
    network
        A name of `NETWORKS`. Of "bands" and "lite0" the last layer alone is trained, on features of
        crops that are augmented once; of the others all, on crops that are augmented anew.
    augmentation
        A name of `verifier.training.generated.blur_and_jpeg.VARIANTS`.
    grey
        Whether half of the crops lose their colour.
    steps
        Of ``batch`` crops, half of them generated, every set of a class as often as any other.
    learning_rate
        Of AdamW; it falls to 0 along a cosine.
    """

    network: str = "bands"
    augmentation: str = "both-0.1"
    grey: bool = False
    steps: int = 600
    batch: int = 256
    learning_rate: float = 3e-3
    weight_decay: float = 1.0
    validate_every: int = 100
    bfloat16: bool = True
    seed: int = 0

    def __post_init__(self) -> None:
        find_variant(self.augmentation)


RECIPES: Mapping[str, GeneratedRecipe] = MappingProxyType(
    {
        "bands": GeneratedRecipe(),
        "lite0": GeneratedRecipe("lite0", "both-0.5", weight_decay=30.0),
        "cnn": GeneratedRecipe("cnn", "both-0.5", False, 2000, 32, 2e-3, 1e-2),
        "resnet50": GeneratedRecipe("resnet50", "both-0.5", False, 2000, 32, 1e-4, 1e-2),
    }
)
"""What each network is trained by, unless options say otherwise."""


def build(network: str, start_from: Path | None = None) -> nn.Module:
    """Make a network, untrained, or one that starts from published weights of ImageNet.

    Raises
    ------
    TrainingError
        If there is no such network, it doesn't start from a file, or it must and has none.
    WeightsError
        If the file isn't of that network.
    """
    if start_from is None and network in _BUILDERS:
        return _BUILDERS[network]()
    if network == "lite0":
        return start_lite0(start_from)
    if network != "resnet50":
        raise TrainingError(
            f"{network!r} can't be trained so; the networks are {', '.join(RECIPES)}, of which "
            "lite0 and resnet50 alone start from published weights"
        )
    assert start_from is not None
    model = load_resnet50(start_from)
    model.fc = nn.Linear(model.fc.in_features, 2)
    return model


_BUILDERS: Mapping[str, Callable[[], nn.Module]] = MappingProxyType(
    {"bands": BandNetwork, "cnn": GeneratedCNN, "resnet50": lambda: ResNet50(2)}
)


def export(
    model: nn.Module,
    name: str,
    cut: CropRecipe,
    recipe: GeneratedRecipe,
    pictures: Sequence[Picture],
    precision: float,
    folder: Path,
    shown: str = "not stated",
) -> ModelEntry:
    """Write a trained detector into a folder with a manifest; it isn't calibrated yet.

    Parameters
    ----------
    shown
        Whether what the sets show was looked at; see `verifier.training.listed_sets.shown_words`.
    """
    stated: dict[str, str | int | float | bool] = asdict(recipe) | {
        "optimiser": "AdamW",
        "crops of each picture": cut.crops,
        "watermark left in": cut.watermark,
        WHAT_SETS_SHOW: shown,
    }
    data = f"{', '.join(sets_of(pictures))}: {len(pictures)} pictures"
    return export_generated(
        model, recipe.network, name, stated, data, precision, "your own", folder
    )


def train_generated(
    model: nn.Module,
    training: Crops,
    held_out: Crops,
    recipe: GeneratedRecipe,
    out: Path,
    report: Report,
) -> float:
    """Train, resuming from ``out`` where a checkpoint lies there.

    Writes ``checkpoint.safetensors`` and ``history.jsonl`` into ``out``.

    Returns
    -------
    Average precision on the held-out scenes of the sets that are trained on.

    Raises
    ------
    TrainingError
        If a class has no crops, or the checkpoint in ``out`` is of another recipe.
    """
    if not all(training.pools()) or len(np.unique(held_out.labels)) < 2:
        raise TrainingError("both classes need pictures to train and to validate on; give more")
    in_format(model, torch.channels_last)
    trained = [p for p in model.parameters() if p.requires_grad]
    optimiser = torch.optim.AdamW(trained, recipe.learning_rate, weight_decay=recipe.weight_decay)
    features = held_features = None
    if isinstance(model, FrozenFeatures):
        features = augmented_features(model, training, recipe)
        held_features = features_of(model, held_out.pixels)
    return Run(out, model, [optimiser], asdict(recipe)).train(
        recipe.steps,
        recipe.validate_every,
        lambda step: _step(model, optimiser, training, features, recipe, step),
        lambda: validate_generated(model, held_out, held_features),
        "precision",
        report,
    )


def augmented_features(model: FrozenFeatures, crops: Crops, recipe: GeneratedRecipe) -> Tensor:
    """Augment each crop once, and return the features of it, (N, F).

    The network's scale is set to these.
    """
    parts = []
    for start in range(0, len(crops.labels), _VALIDATION_BATCH):
        pixels = crops.pixels[start : start + _VALIDATION_BATCH]
        rng = np.random.default_rng([recipe.seed, start])
        parts.append(features_of(model, np.stack([_drawn(p, recipe, rng) for p in pixels])))
    features = torch.cat(parts)
    model.fit_scale(features)
    return features


@torch.no_grad()
def features_of(model: FrozenFeatures, pixels: Pixels) -> Tensor:
    """(N, H, W, 3) uint8 sRGB to (N, F) features."""
    model.eval()
    starts = range(0, len(pixels), _VALIDATION_BATCH)
    return torch.cat([model.features(as_tensor(pixels[n : n + _VALIDATION_BATCH])) for n in starts])


def _step(
    model: nn.Module,
    optimiser: torch.optim.Optimizer,
    training: Crops,
    features: Tensor | None,
    recipe: GeneratedRecipe,
    step: int,
) -> float:
    rng = np.random.default_rng([recipe.seed, step])
    torch.manual_seed(int(rng.integers(2**31)))
    labels = np.arange(recipe.batch) % 2
    chosen = _chosen(training.pools(), labels, rng)
    for group in optimiser.param_groups:
        group["lr"] = recipe.learning_rate * (1 + np.cos(np.pi * step / recipe.steps)) / 2
    if features is not None:
        assert isinstance(model, FrozenFeatures)
        noise = FEATURE_NOISE * model.deviation()
        logits = model.weigh(features[chosen] + noise * torch.randn(len(chosen), len(noise)))
    else:
        model.train()
        crops = np.stack([_drawn(training.pixels[place], recipe, rng) for place in chosen])
        with autocast(recipe.bfloat16):
            logits = model(as_tensor(crops))
    loss = F.cross_entropy(logits.float(), torch.from_numpy(labels))
    optimiser.zero_grad()
    torch.autograd.backward(loss)
    optimiser.step()
    for part in model.modules():
        if isinstance(part, ConstrainedConv):
            part.constrain()
    return float(loss.detach())


def _chosen(
    pools: list[list[NDArray[np.int64]]], labels: NDArray[np.int64], rng: np.random.Generator
) -> NDArray[np.int64]:
    """Draw a crop for each label, from a set that is drawn first."""
    drawn = [pools[label][rng.integers(len(pools[label]))] for label in labels]
    return np.array([pool[rng.integers(len(pool))] for pool in drawn])


def _drawn(crop: Pixels, recipe: GeneratedRecipe, rng: np.random.Generator) -> Pixels:
    if recipe.grey and rng.random() < GREY_SHARE:
        crop = grey(crop)
    return augmented(crop, find_variant(recipe.augmentation), rng)


def as_tensor(pixels: Pixels) -> Tensor:
    """(N, H, W, 3) uint8 to (N, 3, H, W) float32 in [0, 1]."""
    return torch.from_numpy(np.ascontiguousarray(pixels)).permute(0, 3, 1, 2).float() / 255


@torch.no_grad()
def validate_generated(model: nn.Module, crops: Crops, features: Tensor | None = None) -> float:
    """Return the average precision of the generated among crops, in float32.

    Parameters
    ----------
    features
        (N, F) of the crops, where the network is of `FrozenFeatures`: they needn't be found again.
    """
    model.eval()
    scores = []
    for start in range(0, len(crops.labels), _VALIDATION_BATCH):
        part = slice(start, start + _VALIDATION_BATCH)
        if features is not None and isinstance(model, FrozenFeatures):
            logits = model.weigh(features[part])
        else:
            logits = model(as_tensor(crops.pixels[part]))
        scores.append((logits[:, 1] - logits[:, 0]).numpy())
    return average_precision(np.concatenate(scores), crops.labels == 1)
