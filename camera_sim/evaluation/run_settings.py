"""What the findings of a long run depend on, so that it goes on with its own alone."""

from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any

from camera_sim.weights import read_manifest as networks
from verifier.weights import read_manifest as models


def settings_of(files: Sequence[Path], pipeline: str, weights: Path, seed: int) -> dict[str, Any]:
    """Return what all that a run finds depends on: its photos, the camera's network, the models.

    Raises
    ------
    PipelineError, WeightsError
        If the folder of weights has no such network.
    """
    listed = "".join(f"{file.name} {file.stat().st_size}\n" for file in files)
    return {
        "files": sha256(listed.encode()).hexdigest(),
        "pipeline": pipeline,
        "weights": networks(weights).find(pipeline).sha256,
        "models": [model.name for model in models().models],
        "seed": seed,
    }
