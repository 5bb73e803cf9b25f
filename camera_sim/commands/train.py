"""``camsim train``: train a neural imaging pipeline on pictures or RAW files of one's own."""

import argparse
import json
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any

from camera_sim.commands import train_joint, train_pattern, train_pooling
from camera_sim.commands.simulate import DEFAULT_CAMERA, find_camera
from camera_sim.errors import TrainingError
from camera_sim.pipelines import PIPELINES, PLAIN_PIPELINE, Pipeline, find_pipeline
from channel.options import require_torch

if TYPE_CHECKING:
    from camera_sim.commands import Commands
    from camera_sim.training.nip.train import Progress, Recipe

NEURAL = [pipeline.name for pipeline in PIPELINES.values() if pipeline.is_neural]


def add_to(parts: "Commands") -> None:
    """Add what the camera trains."""
    parser = parts.add_parser(
        "nip",
        help="a neural imaging pipeline",
        description="Train a neural imaging pipeline. It resumes where a run in --out stopped.",
    )
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument(
        "--pictures",
        type=Path,
        metavar="FOLDER",
        help="pictures, photographed by the simulated sensor",
    )
    source.add_argument(
        "--raw", type=Path, metavar="FOLDER", help="RAW files; the classical pipeline is the target"
    )
    parser.add_argument("-o", "--out", type=Path, required=True, help="folder of the run")
    parser.add_argument(
        "--pipeline",
        default=PLAIN_PIPELINE,
        metavar="NAME",
        help=f"one of {', '.join(NEURAL)} (default {PLAIN_PIPELINE})",
    )
    parser.add_argument(
        "--camera",
        default=DEFAULT_CAMERA,
        help="camera of a per-camera pipeline trained on pictures",
    )
    parser.add_argument(
        "--schedule",
        choices=("fast", "paper"),
        default="fast",
        help="fast: ours; paper: Korus & Memon 2019, section 4.1",
    )
    parser.add_argument(
        "--start-from",
        type=Path,
        metavar="WEIGHTS",
        help="go on from these: an earlier run, or a .safetensors file as beside shipped weights",
    )
    parser.add_argument(
        "--noise-free",
        type=float,
        metavar="SHARE",
        help="of simulated captures, 0 to 1 (default 0.5)",
    )
    parser.add_argument("--steps", type=int, help="at most so many steps")
    parser.add_argument("--batch", type=int, help="patches a step")
    parser.add_argument("--patch", type=int, help="pixels a side of a patch")
    parser.add_argument("--learning-rate", type=float, help="of Adam")
    parser.add_argument(
        "--float32",
        action="store_true",
        help="compute in float32 (default of fast: bfloat16 where the processor has it)",
    )
    parser.add_argument("--threads", type=int, help="threads of torch (default: every core)")
    parser.add_argument("--seed", type=int, default=0)
    parser.set_defaults(run=run_nip)
    train_joint.add_to(parts)
    train_pattern.add_to(parts)
    train_pooling.add_to(parts)


def run_nip(args: argparse.Namespace) -> int:
    """Train, export, and say where the weights are."""
    pipeline = find_pipeline(args.pipeline)
    if not pipeline.is_neural:
        raise TrainingError(f"{pipeline.name!r} is no network; those are {', '.join(NEURAL)}")
    require_torch()
    from camera_sim.training.nip.train import train
    from verifier.training.checkpoint import CHECKPOINT, load_weights
    from verifier.training.curve import draw_curve
    from verifier.training.seeded import make_ready

    recipe = _recipe(args)
    make_ready(args.seed, args.threads)
    model, source, validation, label = _prepare(args, pipeline, recipe)
    if args.start_from:
        is_run = args.start_from.is_dir()
        load_weights(args.start_from / CHECKPOINT if is_run else args.start_from, model)
        label.recipe["started from"] = args.start_from.name
    with _reporter(recipe.steps) as report:
        psnr = train(model, source, validation, recipe, args.out, report)
    figure = draw_curve(args.out)
    label.figures["validation PSNR (dB)"] = round(psnr, 2)
    from camera_sim.training.nip.export import export_network

    entry = export_network(model, pipeline, label, args.out / "weights")
    print(f"{pipeline.name}: {psnr:.2f} dB on held-out patches; curve → {figure}")
    print(f"weights → {args.out / 'weights' / entry.file}; use them with")
    print(f"  camsim develop --pipeline {pipeline.name} --weights {args.out / 'weights'} shot.nef")
    return 0


def _recipe(args: argparse.Namespace) -> "Recipe":
    from dataclasses import replace

    from camera_sim.training.nip.train import FAST, PAPER

    recipe = replace(PAPER if args.schedule == "paper" else FAST, seed=args.seed)
    if args.seed < 0:
        raise TrainingError(f"--seed cannot be negative, and is {args.seed}")
    if args.threads is not None and args.threads < 1:
        raise TrainingError(f"--threads must be at least 1, not {args.threads}")
    for name, least in (("steps", 1), ("batch", 1), ("patch", 32), ("learning_rate", 1e-9)):
        value = getattr(args, name)
        if value is None:
            continue
        if value < least:
            option = name.replace("_", "-")
            raise TrainingError(f"--{option} must be at least {least:g}, not {value:g}")
        recipe = replace(recipe, **{name: value})
    if args.float32:
        recipe = replace(recipe, bfloat16=False)
    if recipe.patch % 32:
        raise TrainingError(f"--patch must be a multiple of 32, not {recipe.patch}")
    return recipe


def _prepare(args: argparse.Namespace, pipeline: Pipeline, recipe: "Recipe") -> tuple[Any, ...]:
    """Return the network, its training source, the validation batch and the label."""
    import numpy as np

    from camera_sim.training.nip import data
    from camera_sim.training.nip.export import Label, build_network

    noise_free = data.NOISE_FREE if args.noise_free is None else args.noise_free
    if not 0 <= noise_free <= 1:
        raise TrainingError(f"--noise-free is a share, 0 to 1, not {noise_free:g}")
    training, held_out, matrix, trained_for = (
        data.sources_from_raw(args.raw, pipeline)
        if args.raw
        else data.sources_from_pictures(
            args.pictures, pipeline, find_camera(args.camera), args.seed, noise_free
        )
    )
    model = build_network(pipeline, matrix)
    validation = held_out.batch(np.random.default_rng(recipe.seed + 1), 32, recipe.patch)
    label = Label(
        version="1",
        licence="your own",
        trained_for=trained_for,
        recipe=json.loads(json.dumps(vars(recipe) | {"noise-free share": noise_free})),
        data=str((args.raw or args.pictures).name),
        figures={},
    )
    return model, training, validation, label


def _reporter(steps: int) -> AbstractContextManager["Callable[[Progress], None]"]:
    """Return a progress bar on a terminal, a line a validation elsewhere."""
    if not sys.stderr.isatty():
        return nullcontext(_print_line)
    from contextlib import contextmanager

    from channel.terminal import Progress as Bar

    @contextmanager
    def bar() -> Iterator["Callable[[Progress], None]"]:
        with Bar() as progress:
            task = progress.add_task("training", total=steps)

            def report(state: "Progress") -> None:
                words = f"loss {state.loss:.4g}"
                if state.psnr is not None:
                    words += f"  held out {state.psnr:.2f} dB"
                    progress.console.print(f"step {state.step}  {words}")
                progress.update(task, completed=state.step, description=words)

            yield report

    return bar()


def _print_line(state: "Progress") -> None:
    if state.psnr is not None:
        print(
            f"step {state.step}/{state.steps}  loss {state.loss:.4g}  held out {state.psnr:.2f} dB",
            flush=True,
        )
