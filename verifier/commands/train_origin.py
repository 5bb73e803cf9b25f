"""``camsim train origin``: train the detector of origin on a folder of pictures by class."""

import argparse
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from channel.options import require_torch
from channel.terminal import Progress as Bar
from verifier.commands.train_generated import add_listed_sets
from verifier.errors import TrainingError

if TYPE_CHECKING:
    from verifier.commands import Commands
    from verifier.training.origin.data import Source
    from verifier.training.origin.layer import Gathered, LayerRecipe
    from verifier.training.origin.run import OriginTask
    from verifier.training.origin.train import OriginProgress, OriginRecipe

# Patches that are validated on: each costs as much as a third of a training patch.
_VALIDATED = 192


def add_to(parts: "Commands") -> None:
    """Add the command."""
    parser = parts.add_parser(
        "origin",
        help="origin: photograph, computer graphics or generated",
        description="Train a detector of origins on a folder that has a folder for each class, "
        "with pictures or with a folder for each set of them. Every picture gets the same kind of "
        "history, so that the class can't be read from size or JPEG. It resumes where a run in "
        "--out stopped.",
    )
    parser.add_argument("--pictures", type=Path, required=True, metavar="FOLDER")
    parser.add_argument("-o", "--out", type=Path, required=True, help="folder of the run")
    parser.add_argument(
        "--classes", nargs="+", default=None, metavar="FOLDER=WORDS",
        help="folders of the classes, and what a report calls them (default: npi, cgg and dgi)",
    )  # fmt: skip
    parser.add_argument(
        "--unseen", nargs="*", default=(), metavar="SET",
        help="sets such as dgi/stable-diffusion that are kept out whole, for tests",
    )  # fmt: skip
    add_listed_sets(parser)
    parser.add_argument(
        "--start-from", type=Path, metavar="FILE|RUN",
        help="lite0: the published weights of ImageNet; ada: another run, whose convolutions to go "
        "on from",
    )  # fmt: skip
    parser.add_argument("--name", default="my-origin", help="what to call the model")
    parser.add_argument(
        "--network", choices=("statistics", "lite0", "ada"), default="statistics",
        help="one layer over statistics of patches (statistics, the default) or over "
        "EfficientNet-Lite0 (lite0), for hundreds of pictures; or the network of Huang et al. "
        "(ada), for tens of thousands",
    )  # fmt: skip
    parser.add_argument(
        "--draws", type=int, help="of one layer: patches of each picture (default 16)"
    )
    parser.add_argument(
        "--penalty", type=float,
        help="of one layer: on the squares of its weights (default 0.02, of lite0 0.1)",
    )  # fmt: skip
    parser.add_argument(
        "--schedule", choices=("fast", "paper"),
        help="ada: fast is ours, smaller patches first; paper is Huang et al.",
    )  # fmt: skip
    parser.add_argument(
        "--vgg", type=Path, metavar="SAFETENSORS",
        help="the paper's other scenario: a head on VGG-19, whose weights you have",
    )  # fmt: skip
    parser.add_argument(
        "--steps", type=int, nargs="+", help="ada: of each stage of the schedule; 0 leaves it out"
    )
    parser.add_argument("--patches", type=int, help="places drawn of each picture (default 200)")
    parser.add_argument("--validate-every", type=int, metavar="STEPS")
    parser.add_argument("--float32", action="store_true", help="compute in float32")
    parser.add_argument("--threads", type=int, help="threads of torch (default: every core)")
    parser.add_argument("--seed", type=int, default=0)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Train, draw, export, and say where the weights are."""
    require_torch()
    if args.network == "lite0" and args.vgg:
        raise TrainingError("--vgg is a network of its own; leave --network lite0 out")
    if args.network != "ada" and not args.vgg:
        return _run_layer(args)
    if args.start_from is not None and not args.start_from.is_dir():
        raise TrainingError(f"--start-from {args.start_from} is no folder of a run; give one")
    return _run_network(args)


def _run_layer(args: argparse.Namespace) -> int:
    from verifier.training.curve import draw_learning
    from verifier.training.origin.export import export
    from verifier.training.origin.layer import FOLDER, features_for, gather, keep_left_out, learn
    from verifier.training.origin.run import RANGES, task_of, told_of
    from verifier.training.seeded import make_ready

    recipe = layer_recipe_of(args)
    described_by = features_for(recipe.network, args.start_from)
    make_ready(recipe.seed, args.threads)
    task = task_of(args.pictures, args.classes, args.unseen, recipe.seed, args.sets)
    training, held = _loaded(task, recipe.patches)
    sources, folder = [*training, *held], args.out / FOLDER
    with Bar() as bar:
        shown = bar.add_task("describing patches", total=len(sources))
        gathered = gather(
            sources, described_by, recipe, RANGES, folder, lambda n: bar.update(shown, completed=n)
        )
    found = _learning_curve(gathered, len(training), len(task.kinds), recipe, args.out)
    left_out = keep_left_out(gathered, task.kinds, recipe.penalty, args.out, _say_without)
    layer = described_by.model_of(learn(gathered, len(task.kinds), recipe.penalty))
    weights, data = args.out / "weights", args.pictures.name
    told = told_of(task, args.start_from)
    export(layer, args.name, task.labels, recipe, told, data, found, weights)
    print(f"{found:.1%} of held-out patches, mean of {len(task.kinds)} classes; "
          f"curve → {draw_learning(args.out)}")  # fmt: skip
    _say_what_is_shown(task)
    print(f"weights → {weights}; measure and calibrate them on pictures that no training saw with")
    print(f"  camsim evaluate origin {args.pictures} --weights {weights} --left-out {left_out} "
          "--store --out MEASURED")  # fmt: skip
    return 0


def _say_what_is_shown(task: "OriginTask") -> None:
    if task.words:
        print(task.words, file=sys.stderr, flush=True)


def _say_without(name: str, right: float) -> None:
    print(f"without {name}: {right:.0%} of its files named rightly", file=sys.stderr, flush=True)


def _learning_curve(
    gathered: "Gathered", training: int, classes: int, recipe: "LayerRecipe", out: Path
) -> float:
    """Write what more patches of the same pictures bring; return the last accuracy."""
    from verifier.training.origin.layer import learning_curve

    first = np.arange(len(gathered.sources)) < training
    points = learning_curve(gathered.of(first), gathered.of(~first), classes, recipe.penalty)
    lines, accuracy = [], 0.0
    for draws, loss, accuracy in points:
        print(f"{draws} patches of each picture: loss {loss:.3f}, held out {accuracy:.1%}",
              file=sys.stderr, flush=True)  # fmt: skip
        lines.append(json.dumps({"step": draws, "loss": loss, "accuracy": accuracy}) + "\n")
    (out / "history.jsonl").write_text("".join(lines), encoding="utf-8")
    return accuracy


def _run_network(args: argparse.Namespace) -> int:
    from verifier.training.curve import draw_accuracy
    from verifier.training.origin.data import Patchwork
    from verifier.training.origin.export import export
    from verifier.training.origin.run import RANGES, network_of, task_of, told_of
    from verifier.training.origin.train import held_patches, train_origin
    from verifier.training.seeded import make_ready

    recipe = recipe_of(args)
    make_ready(recipe.seed, args.threads)
    task = task_of(args.pictures, args.classes, args.unseen, recipe.seed, args.sets)
    model = network_of(recipe, len(task.kinds), args.vgg, args.start_from)
    training, held = (
        Patchwork(sources, len(task.kinds), RANGES) for sources in _loaded(task, recipe.patches)
    )
    with Bar() as bar:
        shown = bar.add_task("training", total=sum(stage.steps for stage in recipe.stages))

        def report(state: "OriginProgress") -> None:
            bar.update(shown, completed=state.step, description=f"loss {state.loss:.3f}")
            if state.accuracy is not None:
                print(_line(state), file=sys.stderr, flush=True)

        held_out = held_patches(held, _VALIDATED, recipe.seed)
        trained, accuracy = train_origin(model, training, held_out, recipe, args.out, report)
    drawn = (args.out / "history.jsonl").exists()  # not where no stage had a step
    curve = f"; curve → {draw_accuracy(args.out)}" if drawn else ""
    folder = args.out / "weights"
    told = told_of(task, args.start_from)
    export(trained, args.name, task.labels, recipe, told, args.pictures.name, accuracy, folder)
    print(f"{accuracy:.1%} of held-out patches, mean of {len(task.kinds)} classes{curve}")
    _say_what_is_shown(task)
    print(f"weights → {folder}; measure and calibrate them on pictures that no training saw with")
    print(f"  camsim evaluate origin {args.pictures} --weights {folder} --store --out MEASURED")
    return 0


def layer_recipe_of(args: argparse.Namespace) -> "LayerRecipe":
    """Return how the layer is made. Raises `TrainingError` for a value out of range."""
    from dataclasses import replace

    from verifier.training.origin.layer import RECIPES

    _check_counts(args)
    for name in ("steps", "schedule", "validate_every", "float32"):
        if getattr(args, name):
            option = name.replace("_", "-")
            raise TrainingError(f"--{option} is of the paper's network; add --network ada")
    if args.penalty is not None and args.penalty <= 0:
        raise TrainingError(f"--penalty must be above 0, not {args.penalty:g}")
    given = {name: getattr(args, name) for name in ("patches", "draws", "penalty")}
    given = {name: value for name, value in given.items() if value is not None}
    return replace(RECIPES[args.network], seed=args.seed, **given)


def _check_counts(args: argparse.Namespace) -> None:
    for name in ("threads", "patches", "draws", "validate_every"):
        value = getattr(args, name)
        if value is not None and value < 1:
            option = name.replace("_", "-")
            raise TrainingError(f"--{option} must be at least 1, not {value}")
    if args.seed < 0:
        raise TrainingError(f"--seed cannot be negative, and is {args.seed}")


def recipe_of(args: argparse.Namespace) -> "OriginRecipe":
    """Return how the network is trained. Raises `TrainingError` for a value out of range."""
    from dataclasses import replace

    from verifier.training.origin.train import FAST, PAPER, dense_only, scaled

    _check_counts(args)
    for name in ("draws", "penalty"):
        if getattr(args, name) is not None:
            raise TrainingError(f"--{name} is of one layer; leave --network ada and --vgg out")
    recipe = PAPER if args.schedule == "paper" else FAST
    if args.vgg:
        recipe = dense_only(recipe)
    if args.steps:
        if min(args.steps) < 0:
            raise TrainingError(f"--steps cannot be negative, and is {min(args.steps)}")
        recipe = scaled(recipe, args.steps)
    given = {name: getattr(args, name) for name in ("patches", "validate_every")}
    recipe = replace(recipe, seed=args.seed, **{k: v for k, v in given.items() if v is not None})
    return replace(recipe, bfloat16=False) if args.float32 else recipe


def _loaded(task: "OriginTask", patches: int) -> tuple[list["Source"], list["Source"]]:
    from verifier.training.origin.run import load_task

    total = len(task.pictures.training) + len(task.pictures.calibration)
    with Bar() as bar:
        shown = bar.add_task("finding edges", total=total)
        return load_task(task, patches, lambda done: bar.update(shown, completed=done))


def _line(state: "OriginProgress") -> str:
    return (
        f"step {state.step}/{state.steps}  loss {state.loss:.3f}  "
        f"held out {state.accuracy:.1%} of patches"
    )
