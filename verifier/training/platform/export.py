"""A trained network for platform of origin as the verifier's model, with its label."""

from dataclasses import asdict
from pathlib import Path

from verifier.evaluation.platform.classes import CLASSES
from verifier.training.export import export_platform_cnn
from verifier.training.platform.cnn import PlatformCNN
from verifier.training.platform.data import CacheRecipe
from verifier.training.platform.train import PlatformRecipe
from verifier.weights import ModelEntry


def export(
    model: PlatformCNN,
    name: str,
    cache: CacheRecipe,
    recipe: PlatformRecipe,
    data: str,
    accuracy: float,
    folder: Path,
    started_from: str = "",
    licence: str = "your own",
) -> ModelEntry:
    """Write the model into a folder with a manifest; it isn't calibrated yet.

    Parameters
    ----------
    data
        What it was trained on, in a few words.
    accuracy
        Share of held-out patches, mean over classes.
    started_from
        Name of the run that it went on from, or "".
    """
    stated: dict[str, str | int | float | bool] = asdict(recipe) | {
        "optimiser": "AdaDelta",
        "uploads of each picture": cache.uploads,
        "patches of each downloaded picture": cache.patches,
        "profiles": "; ".join(f"{one.name}: {', '.join(one.profiles)}" for one in CLASSES),
    }
    if started_from:
        stated["started from"] = started_from
    figures: dict[str, str | float] = {"validation: patches, mean of classes": round(accuracy, 4)}
    labels = [one.label for one in CLASSES]
    return export_platform_cnn(model, name, labels, stated, data, figures, licence, folder)
