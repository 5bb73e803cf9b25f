"""``camsim train origin``: train the detector of origin on a folder of pictures by class."""

import json
import sys
from dataclasses import KW_ONLY, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import numpy as np

from channel.extras import require_torch
from channel.options import ANY, SOME, Count, Positive, TrainingOptions, Whole, given
from channel.terminal import Progress as Bar
from verifier.commands.train_generated import ListedSetsOptions
from verifier.errors import TrainingError

if TYPE_CHECKING:
    from verifier.training.origin.data import Source
    from verifier.training.origin.layer import Gathered, LayerRecipe
    from verifier.training.origin.run import OriginTask
    from verifier.training.origin.train import OriginRecipe

# Patches that are validated on: each costs as much as a third of a training patch.
_VALIDATED = 192


@dataclass(frozen=True)
class TrainOrigin(ListedSetsOptions, TrainingOptions):
    """Origin: photograph, computer graphics or generated.

    Train a detector of origins on a folder that has a folder for each class, with pictures or
    with a folder for each set of them. Every picture gets the same kind of history, so that the
    class can't be read from size or JPEG. It resumes where a run in --out stopped.

    Parameters
    ----------
    pictures
        A folder of pictures.
    classes
        Folders of the classes, and what a report calls them (default: npi, cgg and dgi).
    unseen
        Sets such as dgi/stable-diffusion that are kept out whole, for tests.
    start_from
        Lite0: the published weights of ImageNet; ada: another run, whose convolutions to go on
        from.
    name
        What to call the model.
    network
        One layer over statistics of patches (statistics, the default) or over EfficientNet-Lite0
        (lite0), for hundreds of pictures; or the network of Huang et al. (ada), for tens of
        thousands.
    draws
        Of one layer: patches of each picture (default 16).
    penalty
        Of one layer: on the squares of its weights (default 0.02, of lite0 0.1).
    schedule
        Ada: fast is ours, smaller patches first; paper is Huang et al.
    vgg
        The paper's other scenario: a head on VGG-19, whose weights you have.
    steps
        Ada: of each stage of the schedule; 0 leaves it out.
    patches
        Places drawn of each picture (default 200).
    validate_every
        Steps from one validation to the next.
    """

    _: KW_ONLY
    pictures: Path
    classes: Annotated[tuple[str, ...], SOME] | None = None
    unseen: Annotated[tuple[str, ...], ANY] = ()
    start_from: Path | None = None
    name: str = "my-origin"
    network: Literal["statistics", "lite0", "ada"] = "statistics"
    draws: Count | None = None
    penalty: Positive | None = None
    schedule: Literal["fast", "paper"] | None = None
    vgg: Path | None = None
    steps: Annotated[tuple[Whole, ...], SOME] | None = None
    patches: Count | None = None
    validate_every: Count | None = None

    def __call__(self) -> int:
        """Train, draw, export, and say where the weights are."""
        require_torch()
        if self.network == "lite0" and self.vgg:
            raise TrainingError("--vgg is a network of its own; leave --network lite0 out")
        if self.network != "ada" and not self.vgg:
            return _run_layer(self)
        if self.start_from is not None and not self.start_from.is_dir():
            raise TrainingError(f"--start-from {self.start_from} is no folder of a run; give one")
        return _run_network(self)


def _run_layer(args: TrainOrigin) -> int:
    from verifier.training.curve import draw_learning
    from verifier.training.origin.export import export
    from verifier.training.origin.layer import FOLDER, features_for, gather, keep_left_out, learn
    from verifier.training.origin.run import RANGES, stated_of, task_of
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
    stated = stated_of(task, args.start_from)
    export(layer, args.name, task.labels, recipe, stated, data, found, weights)
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


def _run_network(args: TrainOrigin) -> int:
    from verifier.training.curve import draw_accuracy
    from verifier.training.origin.data import Patchwork
    from verifier.training.origin.export import export
    from verifier.training.origin.run import RANGES, network_of, stated_of, task_of
    from verifier.training.origin.train import held_patches, train_origin
    from verifier.training.run import shown
    from verifier.training.seeded import make_ready

    recipe = recipe_of(args)
    make_ready(recipe.seed, args.threads)
    task = task_of(args.pictures, args.classes, args.unseen, recipe.seed, args.sets)
    model = network_of(recipe, len(task.kinds), args.vgg, args.start_from)
    training, held = (
        Patchwork(sources, len(task.kinds), RANGES) for sources in _loaded(task, recipe.patches)
    )
    steps = sum(stage.steps for stage in recipe.stages)
    with shown(steps, "held out {:.1%} of patches") as report:
        held_out = held_patches(held, _VALIDATED, recipe.seed)
        trained, accuracy = train_origin(model, training, held_out, recipe, args.out, report)
    drawn = (args.out / "history.jsonl").exists()  # not where no stage had a step
    curve = f"; curve → {draw_accuracy(args.out)}" if drawn else ""
    folder = args.out / "weights"
    stated = stated_of(task, args.start_from)
    export(trained, args.name, task.labels, recipe, stated, args.pictures.name, accuracy, folder)
    print(f"{accuracy:.1%} of held-out patches, mean of {len(task.kinds)} classes{curve}")
    _say_what_is_shown(task)
    print(f"weights → {folder}; measure and calibrate them on pictures that no training saw with")
    print(f"  camsim evaluate origin {args.pictures} --weights {folder} --store --out MEASURED")
    return 0


def layer_recipe_of(args: TrainOrigin) -> "LayerRecipe":
    """Return how the layer is made. Raises `TrainingError` for a value out of range."""
    from dataclasses import replace

    from verifier.training.origin.layer import RECIPES

    for name in ("steps", "schedule", "validate_every", "float32"):
        if getattr(args, name):
            option = name.replace("_", "-")
            raise TrainingError(f"--{option} is of the paper's network; add --network ada")
    found = given(args, "patches", "draws", "penalty")
    return replace(RECIPES[args.network], seed=args.seed, **found)


def recipe_of(args: TrainOrigin) -> "OriginRecipe":
    """Return how the network is trained. Raises `TrainingError` for a value out of range."""
    from dataclasses import replace

    from verifier.training.origin.train import FAST, PAPER, dense_only, scaled

    for name in ("draws", "penalty"):
        if getattr(args, name) is not None:
            raise TrainingError(f"--{name} is of one layer; leave --network ada and --vgg out")
    recipe = PAPER if args.schedule == "paper" else FAST
    if args.vgg:
        recipe = dense_only(recipe)
    if args.steps:
        recipe = scaled(recipe, args.steps)
    recipe = replace(recipe, seed=args.seed, **given(args, "patches", "validate_every"))
    return replace(recipe, bfloat16=False) if args.float32 else recipe


def _loaded(task: "OriginTask", patches: Count) -> tuple[list["Source"], list["Source"]]:
    from verifier.training.origin.run import load_task

    total = len(task.pictures.training) + len(task.pictures.calibration)
    with Bar() as bar:
        shown = bar.add_task("finding edges", total=total)
        return load_task(task, patches, lambda done: bar.update(shown, completed=done))
