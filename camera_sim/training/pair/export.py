"""A chosen point of a joint run as a pair of ONNX files: the camera's half and the FAN."""

from dataclasses import asdict
from pathlib import Path

import torch

from camera_sim.pipelines import Pipeline
from camera_sim.training.nip.export import Label, export_network
from camera_sim.training.pair.recipe import JointRecipe
from camera_sim.training.pair.sending import Pair
from camera_sim.training.pair.validation import Point
from verifier.training.checkpoint import load_weights
from verifier.training.export import export_fan


def export_pair(
    pair: Pair,
    point: Point,
    pipeline: Pipeline,
    name: str,
    recipe: JointRecipe,
    data: str,
    out: Path,
) -> tuple[Path, Path]:
    """Write the pair at a point into ``out/camera`` and ``out/verifier``, with manifests.

    Returns
    -------
    Both folders: what ``camsim develop --weights`` takes, and the FAN's.
    """
    weights = out / "points" / f"{point.step}.safetensors"
    load_weights(weights, pair.halves)
    figures: dict[str, str | float] = {
        "step": float(point.step),
        "validation: patches of five histories, 1:2 and JPEG 50": round(point.accuracy, 4),
        "validation: PSNR to the pipeline before (dB)": round(point.psnr, 2),
    }
    options = {key: value for key, value in asdict(recipe).items() if value is not None}
    label = Label(
        version="1",
        licence="your own",
        trained_for="any Bayer camera" if pipeline.any_camera else "the camera of the data",
        recipe=options,
        data=data,
        figures=figures,
        pair=name,
    )
    camera, verifier = out / "camera", out / "verifier"
    with torch.no_grad():
        export_network(pair.nip, pipeline, label, camera)
        export_fan(pair.fan, name, pipeline.name, options, data, figures, label.licence, verifier)
    return camera, verifier
