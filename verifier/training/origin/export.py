"""A trained network or layer of origin as the verifier's model, with its label."""

import json
from dataclasses import asdict
from pathlib import Path

from torch import nn

from verifier.evaluation.origin.bench import CALIBRATED_ON, SETS_LEFT_OUT
from verifier.training.export import export_origin
from verifier.training.origin.layer import LayerRecipe
from verifier.training.origin.train import OriginRecipe
from verifier.weights import Label, ModelEntry


def export(
    model: nn.Module,
    name: str,
    labels: tuple[Label, ...],
    recipe: OriginRecipe | LayerRecipe,
    stated: dict[str, str | int | float | bool],
    data: str,
    accuracy: float,
    folder: Path,
    licence: str = "your own",
) -> ModelEntry:
    """Write the model into a folder with a manifest; it isn't calibrated yet.

    Parameters
    ----------
    stated
        What of the recipe isn't in ``recipe``: histories, the sets held out.
    data
        What it was trained on, in a few words.
    accuracy
        Share of held-out patches, mean over classes.
    """
    full = {**_plain(recipe), **stated}
    figures: dict[str, str | float] = {"validation: patches, mean of classes": round(accuracy, 4)}
    return export_origin(model, name, labels, full, data, figures, licence, folder)


def _plain(recipe: OriginRecipe | LayerRecipe) -> dict[str, str | int | float | bool]:
    if isinstance(recipe, LayerRecipe):
        return {**asdict(recipe), "optimiser": "L-BFGS", CALIBRATED_ON: SETS_LEFT_OUT}
    plain = {k: v for k, v in asdict(recipe).items() if k != "stages"}
    stages = json.dumps([asdict(stage) for stage in recipe.stages])
    return {**plain, "optimiser": "Adam", "stages": stages}
