"""``camsim train generated``: train the detector of generated pictures on folders of one's own."""

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from channel.options import given_options, require_torch
from channel.terminal import Progress as Bar

if TYPE_CHECKING:
    from verifier.commands import Commands
    from verifier.training.generated.data import CropRecipe
    from verifier.training.generated.train import GeneratedProgress, GeneratedRecipe

_LEAST = {"steps": 1, "batch": 2, "validate_every": 1, "learning_rate": 1e-9}
_LEAST_OF_CROPS = {"crops": 1}


def add_to(parts: "Commands") -> None:
    """Add the command."""
    parser = parts.add_parser(
        "generated",
        help="the detector of generated pictures",
        description="Cut crops of photographs and generated pictures, give all of them the same "
        "kind of history, and train a network on them with the augmentation of Wang et al., "
        "CVPR 2020. It resumes where a run in --out stopped.",
    )
    add_sets(parser)
    parser.add_argument("-o", "--out", type=Path, required=True, help="folder of the run")
    parser.add_argument("--name", default="my-generated", help="what to call the model")
    parser.add_argument(
        "--network", choices=("bands", "lite0", "cnn", "resnet50"), default="bands",
        help="what is trained: one layer over fixed frequency bands (bands, the default) or over "
        "EfficientNet-Lite0 (lite0), or a whole network (cnn, resnet50)",
    )  # fmt: skip
    parser.add_argument(
        "--start-from", type=Path, metavar="FILE",
        help="published weights that lite0 or resnet50 start from: ImageNet's, CNNDetection's",
    )  # fmt: skip
    parser.add_argument(
        "--augmentation", metavar="NAME",
        help="none, blur, jpeg, both-0.5 or both-0.1 (default both-0.1 of bands, else "
        "both-0.5)",
    )  # fmt: skip
    parser.add_argument(
        "--grey", action="store_true",
        help="colour-robust: take the colour out of half of the crops",
    )  # fmt: skip
    parser.add_argument(
        "--keep-watermark", action="store_true",
        help="leave the invisible watermark of Stable Diffusion's scripts in the pictures",
    )  # fmt: skip
    parser.add_argument("--crops", type=int, help="of each picture (default 8)")
    parser.add_argument("--steps", type=int, help="default 600; of whole networks 2000")
    parser.add_argument("--batch", type=int, help="crops a step (default 256, or 32)")
    parser.add_argument("--learning-rate", type=float, help="of AdamW (0.003, 0.002, 0.0001)")
    parser.add_argument("--validate-every", type=int, metavar="STEPS")
    parser.add_argument("--float32", action="store_true", help="compute in float32")
    parser.add_argument("--threads", type=int, help="threads of torch (default: every core)")
    parser.add_argument("--seed", type=int, default=0)
    parser.set_defaults(run=run)


def add_sets(parser: argparse.ArgumentParser) -> None:
    """Add the options that name the sets."""
    parser.add_argument(
        "--natural", type=Path, nargs="+", required=True, metavar="FOLDER",
        help="photographs; each folder is a set, and each set counts the same",
    )  # fmt: skip
    parser.add_argument(
        "--generated", type=Path, nargs="+", required=True, metavar="FOLDER",
        help="generated pictures; each folder is a generator's",
    )  # fmt: skip
    add_listed_sets(parser)


def add_listed_sets(parser: argparse.ArgumentParser) -> None:
    """Add the option that says what the sets show."""
    parser.add_argument(
        "--sets", type=Path, metavar="LIST",
        help="what each set shows and is for (CSV: set, subject, part): trains on those whose part "
        "is training, and leaves out what one class alone shows",
    )  # fmt: skip


def run(args: argparse.Namespace) -> int:
    """Train, draw, export, and say where the weights are."""
    require_torch()
    from verifier.training.curve import draw_precision
    from verifier.training.generated.data import choose_sets, make_crops, parted
    from verifier.training.generated.train import build, export, train_generated
    from verifier.training.seeded import make_ready

    cut, recipe = recipes_of(args)
    chosen = choose_sets(args.natural, args.generated, args.sets)
    pictures = chosen.pictures
    make_ready(recipe.seed, args.threads)
    model = build(recipe.network, args.start_from)
    parts = parted(pictures, args.out)
    with Bar() as bar:
        task = bar.add_task("cutting crops", total=len(pictures))
        training, held_out = (make_crops(part, cut, lambda *_: bar.advance(task)) for part in parts)
        task = bar.add_task("training", total=recipe.steps)

        def report(state: "GeneratedProgress") -> None:
            bar.update(task, completed=state.step, description=f"loss {state.loss:.3f}")
            if state.precision is not None:
                bar.console.print(
                    f"step {state.step}/{state.steps}  loss {state.loss:.3f}  average precision "
                    f"{state.precision:.3f} on held-out scenes",
                    soft_wrap=True,
                )

        precision = train_generated(model, training, held_out, recipe, args.out, report)
    curve = draw_precision(args.out)
    folder = args.out / "weights"
    export(model, args.name, cut, recipe, pictures, precision, folder, chosen.shown)
    print(f"average precision {precision:.3f} on held-out scenes of the same sets; curve → {curve}")
    if chosen.words:
        print(chosen.words, file=sys.stderr)
    print(f"weights → {folder}; measure and calibrate them on sets that no training saw with")
    print(f"  camsim evaluate generated --natural … --generated … --models {folder} --out MEASURED")
    return 0


def recipes_of(args: argparse.Namespace) -> "tuple[CropRecipe, GeneratedRecipe]":
    """Return how crops are made and how the network is trained.

    Raises
    ------
    TrainingError
        For a value out of range.
    """
    from dataclasses import replace

    from verifier.training.generated.data import CropRecipe
    from verifier.training.generated.train import RECIPES

    recipe = RECIPES[args.network]
    augmentation = args.augmentation or recipe.augmentation
    recipe = replace(recipe, augmentation=augmentation, grey=args.grey, seed=args.seed)
    cut = CropRecipe(watermark=args.keep_watermark, seed=args.seed)
    cut = replace(cut, **given_options(args, _LEAST_OF_CROPS))
    return cut, replace(recipe, bfloat16=not args.float32, **given_options(args, _LEAST))
