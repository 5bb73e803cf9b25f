"""``camsim train``: train a neural imaging pipeline on pictures or RAW files of one's own."""

import json
from dataclasses import KW_ONLY, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from cyclopts import Parameter

from camera_sim.commands.simulate import DEFAULT_CAMERA, find_camera
from camera_sim.errors import TrainingError
from camera_sim.pipelines import PIPELINES, PLAIN_PIPELINE, Pipeline, find_pipeline
from channel.extras import require_torch
from channel.options import (
    ONE_OF,
    Count,
    Positive,
    Share,
    TrainingOptions,
    given,
    within,
)

if TYPE_CHECKING:
    from camera_sim.training.nip.train import Recipe

NEURAL = [pipeline.name for pipeline in PIPELINES.values() if pipeline.is_neural]


@dataclass(frozen=True)
class TrainNip(TrainingOptions):
    """A neural imaging pipeline.

    Train a neural imaging pipeline. It resumes where a run in --out stopped.

    Parameters
    ----------
    pictures
        Pictures, of which the sensor's captures are simulated.
    raw
        RAW files; the classical pipeline is the target.
    camera
        Camera of a per-camera pipeline trained on pictures.
    schedule
        fast: ours; paper: Korus & Memon 2019, section 4.1.
    start_from
        Go on from these: an earlier run, or a .safetensors file as beside shipped weights.
    noise_free
        Of simulated captures, 0 to 1 (default 0.5).
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
    pictures: Annotated[Path | None, ONE_OF] = None
    raw: Annotated[Path | None, ONE_OF] = None
    pipeline: Annotated[str, Parameter(help=f"One of {', '.join(NEURAL)}.")] = PLAIN_PIPELINE
    camera: str = DEFAULT_CAMERA
    schedule: Literal["fast", "paper"] = "fast"
    start_from: Path | None = None
    noise_free: Share | None = None
    steps: Count | None = None
    batch: Count | None = None
    patch: Annotated[int, within(32)] | None = None
    learning_rate: Positive | None = None

    def __call__(self) -> int:
        """Train, export, and say where the weights are."""
        pipeline = find_pipeline(self.pipeline)
        if not pipeline.is_neural:
            raise TrainingError(f"{pipeline.name!r} is no network; those are {', '.join(NEURAL)}")
        require_torch()
        from camera_sim.training.nip.train import train
        from verifier.training.checkpoint import CHECKPOINT, load_weights
        from verifier.training.curve import draw_curve
        from verifier.training.run import shown
        from verifier.training.seeded import make_ready

        recipe = _recipe(self)
        make_ready(self.seed, self.threads)
        model, source, validation, label = _prepare(self, pipeline, recipe)
        if self.start_from:
            is_run = self.start_from.is_dir()
            load_weights(self.start_from / CHECKPOINT if is_run else self.start_from, model)
            label.recipe["started from"] = self.start_from.name
        with shown(recipe.steps, "held out {:.2f} dB") as report:
            psnr = train(model, source, validation, recipe, self.out, report)
        figure = draw_curve(self.out)
        label.figures["validation PSNR (dB)"] = round(psnr, 2)
        from camera_sim.training.nip.export import export_network

        entry = export_network(model, pipeline, label, self.out / "weights")
        print(f"{pipeline.name}: {psnr:.2f} dB on held-out patches; curve → {figure}")
        print(f"weights → {self.out / 'weights' / entry.file}; use them with")
        print(
            f"  camsim develop --pipeline {pipeline.name} --weights {self.out / 'weights'} "
            "capture.nef"
        )
        return 0


def _recipe(args: TrainNip) -> "Recipe":
    from dataclasses import replace

    from camera_sim.training.nip.train import FAST, PAPER

    recipe = replace(PAPER if args.schedule == "paper" else FAST, seed=args.seed)
    recipe = replace(recipe, **given(args, "steps", "batch", "patch", "learning_rate"))
    if args.float32:
        recipe = replace(recipe, bfloat16=False)
    if recipe.patch % 32:
        raise TrainingError(f"--patch must be a multiple of 32, not {recipe.patch}")
    return recipe


def _prepare(args: TrainNip, pipeline: Pipeline, recipe: "Recipe") -> tuple[Any, ...]:
    """Return the network, its training source, the validation batch and the label."""
    import numpy as np

    from camera_sim.training.nip import data
    from camera_sim.training.nip.export import Label, build_network

    folder = args.raw or args.pictures
    assert folder is not None  # one of them was named
    noise_free = data.NOISE_FREE if args.noise_free is None else args.noise_free
    training, held_out, matrix, trained_for = (
        data.sources_from_raw(args.raw, pipeline)
        if args.raw
        else data.sources_from_pictures(
            folder, pipeline, find_camera(args.camera), args.seed, noise_free
        )
    )
    model = build_network(pipeline, matrix)
    validation = held_out.batch(np.random.default_rng(recipe.seed + 1), 32, recipe.patch)
    label = Label(
        version="1",
        licence="your own",
        trained_for=trained_for,
        recipe=json.loads(json.dumps(vars(recipe) | {"noise-free share": noise_free})),
        data=folder.name,
        figures={},
    )
    return model, training, validation, label
