"""``camsim train watermark``: how strong a pipeline lays its watermark at each place."""

import json
from dataclasses import KW_ONLY, asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from camera_sim import weights
from camera_sim.errors import TrainingError
from camera_sim.pipelines import find_pipeline
from camera_sim.sensor.cameras import CAMERAS
from channel.extras import require_torch
from channel.options import Count, Positive, TrainingOptions, given

if TYPE_CHECKING:
    from camera_sim.training.nip.export import Label

PIPELINE = "qnet"


@dataclass(frozen=True)
class TrainWatermark(TrainingOptions):
    """How strong a pipeline lays its watermark at each place.

    Teach a network the classical strength, by texture, everything else of it frozen, and export the
    whole pipeline. It resumes where a run in --out stopped.

    Parameters
    ----------
    pictures
        Pictures, of which the sensor's captures are simulated.
    start_from
        The network's weights, a .safetensors file (default: the shipped).
    steps
        At most so many steps.
    batch
        Patches a step.
    patch
        Pixels a side of a patch.
    learning_rate
        Of Adam.
    """

    _: KW_ONLY
    pictures: Path
    start_from: Path = weights.FOLDER / f"{PIPELINE}.safetensors"
    steps: Count | None = None
    batch: Count | None = None
    patch: Count | None = None
    learning_rate: Positive | None = None

    def __call__(self) -> int:
        """Train, export, and say where the weights are."""
        require_torch()
        import numpy as np

        from camera_sim.training.nip.data import sources_from_pictures
        from camera_sim.training.nip.export import build_network, export_network
        from camera_sim.training.watermark.strength import BORDER, StrengthRecipe, train_strength
        from verifier.training.checkpoint import load_weights
        from verifier.training.curve import draw_strength
        from verifier.training.run import shown
        from verifier.training.seeded import make_ready

        make_ready(self.seed, self.threads)
        recipe = replace(StrengthRecipe(seed=self.seed),
                         **given(self, "steps", "batch", "patch", "learning_rate"))  # fmt: skip
        least = 32 * -(-8 * BORDER // 32)
        if recipe.patch % 32 or recipe.patch < least:
            raise TrainingError(
                f"--patch must be a multiple of 32 and at least {least}, not {recipe.patch}"
            )
        pipeline = find_pipeline(PIPELINE)
        model: Any = build_network(pipeline)
        load_weights(self.start_from, model)
        training, held_out, *_ = sources_from_pictures(
            self.pictures, pipeline, CAMERAS[0], self.seed
        )
        validation = held_out.batch(np.random.default_rng(self.seed + 1), 32, recipe.patch)
        with shown(recipe.steps, "held out: off by {:.1%}") as report:
            off = train_strength(model, training, validation, recipe, self.out, report)
        label = self._label(asdict(recipe), off)
        entry = export_network(model, pipeline, label, self.out / "weights")
        print(f"{PIPELINE}: strength off by {off:.1%}; curve → {draw_strength(self.out)}")
        print(f"weights → {self.out / 'weights' / entry.file}; use them with")
        print(
            f"  camsim develop --pipeline {PIPELINE} --weights {self.out / 'weights'} capture.nef"
        )
        return 0

    def _label(self, recipe: dict[str, Any], off: float) -> "Label":
        """Say of the network what the manifest beside its weights says, and how the head learnt."""
        from camera_sim.training.nip.export import Label

        told: dict[str, Any] = {f"strength: {name}": value for name, value in recipe.items()}
        off_by: dict[str, str | float] = {"strength off by, validation": round(off, 3)}
        for entry in _entries_beside(self.start_from):
            return Label(
                version=entry.version,
                licence=entry.licence,
                trained_for=entry.trained_for,
                recipe=entry.recipe | told,
                data=entry.data,
                figures=entry.figures | off_by,
                pair=entry.pair,
            )
        told["started from"] = self.start_from.name
        return Label("1", "your own", "any Bayer camera", json.loads(json.dumps(told)),
                     self.pictures.name, off_by)  # fmt: skip


def _entries_beside(path: Path) -> list[weights.WeightsEntry]:
    """Return the manifest's entries of a network's weights, none where there is no manifest."""
    if not (path.parent / "manifest.json").is_file():
        return []
    entries = weights.read_manifest(path.parent).networks
    return [entry for entry in entries if Path(entry.file).stem == path.stem]
