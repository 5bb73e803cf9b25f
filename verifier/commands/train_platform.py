"""``camsim train platform``: train the detector of platforms on a folder of pictures."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from channel.options import given_options, require_torch
from channel.picture_file.srgb import picture_files
from channel.terminal import Progress as Bar
from verifier.errors import TrainingError

if TYPE_CHECKING:
    from verifier.commands import Commands
    from verifier.training.platform.data import CacheRecipe, Histograms
    from verifier.training.platform.train import PlatformProgress, PlatformRecipe

_LEAST = {"steps": 1, "batch": 1, "validate_every": 1, "learning_rate": 1e-9}
_LEAST_OF_CACHE = {"uploads": 1, "patches": 1}


def add_to(parts: "Commands") -> None:
    """Add the command."""
    parser = parts.add_parser(
        "platform",
        help="platform of origin: which platform a picture came through",
        description="Send every picture through every platform, count DCT levels of its patches "
        "(kept in --out), and train a small network on them: Amerini et al., WIFS 2017. It resumes "
        "where a run in --out stopped.",
    )
    parser.add_argument("--pictures", type=Path, nargs="+", required=True, metavar="FOLDER")
    parser.add_argument("-o", "--out", type=Path, required=True, help="folder of the run")
    parser.add_argument(
        "--start-from", type=Path, metavar="RUN",
        help="go on from the weights of another run's checkpoint, such as with a smaller rate",
    )  # fmt: skip
    parser.add_argument(
        "--features-from", type=Path, metavar="RUN", help="use the histograms that it keeps"
    )
    parser.add_argument("--name", default="my-platform", help="what to call the model")
    parser.add_argument("--uploads", type=int, help="of each picture (default 4)")
    parser.add_argument("--patches", type=int, help="of each downloaded picture (default 64)")
    parser.add_argument("--steps", type=int)
    parser.add_argument("--batch", type=int, help="patches a step")
    parser.add_argument("--learning-rate", type=float, help="of AdaDelta")
    parser.add_argument("--validate-every", type=int, metavar="STEPS")
    parser.add_argument("--float32", action="store_true", help="compute in float32")
    parser.add_argument("--threads", type=int, help="threads of torch (default: every core)")
    parser.add_argument("--workers", type=int, default=1, help="processes that send pictures")
    parser.add_argument("--seed", type=int, default=0)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Train, draw, export, and say where the weights are."""
    require_torch()
    from verifier.training.checkpoint import CHECKPOINT, load_weights
    from verifier.training.curve import draw_accuracy
    from verifier.training.platform.export import export
    from verifier.training.platform.train import build, split, train_platform
    from verifier.training.seeded import make_ready

    cache, recipe = recipes_of(args)
    data = _histograms(args, cache)
    training, held_out = split(data, recipe.seed)
    make_ready(recipe.seed, args.threads)
    model = build()
    if args.start_from:
        load_weights(args.start_from / CHECKPOINT, model)
    with Bar() as bar:
        task = bar.add_task("training", total=recipe.steps)

        def report(state: "PlatformProgress") -> None:
            bar.update(task, completed=state.step, description=f"loss {state.loss:.3f}")
            if state.accuracy is not None:
                bar.console.print(_line(state), soft_wrap=True)

        accuracy = train_platform(model, training, held_out, recipe, args.out, report)
    curve = draw_accuracy(args.out)
    folder = args.out / "weights"
    started = args.start_from.name if args.start_from else ""
    told = ", ".join(pictures.name for pictures in args.pictures)
    export(model, args.name, cache, recipe, told, accuracy, folder, started)
    print(f"{accuracy:.1%} of held-out patches, mean of {model.classes} classes; curve → {curve}")
    print(f"weights → {folder}; measure and calibrate them on pictures that no training saw with")
    print(f"  camsim evaluate platform PICTURES --weights {folder} --out MEASURED")
    print(f"  camsim evaluate calibration MEASURED/scores.csv --model {args.name} "
          f"--weights {folder} --store")  # fmt: skip
    return 0


def recipes_of(args: argparse.Namespace) -> "tuple[CacheRecipe, PlatformRecipe]":
    """Return how pictures are made and how the network is trained.

    Raises
    ------
    TrainingError
        For a value out of range.
    """
    from dataclasses import replace

    from verifier.training.platform.data import CacheRecipe
    from verifier.training.platform.train import PlatformRecipe

    if args.workers < 1:
        raise TrainingError(f"--workers must be at least 1, not {args.workers}")
    cache = replace(CacheRecipe(seed=args.seed), **given_options(args, _LEAST_OF_CACHE))
    recipe = replace(PlatformRecipe(seed=args.seed), **given_options(args, _LEAST))
    return cache, replace(recipe, bfloat16=not args.float32)


def _histograms(args: argparse.Namespace, cache: "CacheRecipe") -> "Histograms":
    from verifier.training.platform.data import cached_histograms

    found = [path.resolve() for folder in args.pictures for path in picture_files(folder)]
    files = list(dict.fromkeys(found))  # a picture in two sources could be held out from itself
    with Bar() as bar:
        task = bar.add_task("sending pictures through platforms", total=len(files))
        return cached_histograms(
            files,
            cache,
            args.features_from or args.out,
            lambda done, _: bar.update(task, completed=done),
            workers=args.workers,
        )


def _line(state: "PlatformProgress") -> str:
    return (
        f"step {state.step}/{state.steps}  loss {state.loss:.3f}  "
        f"held out {state.accuracy:.1%} of patches"
    )
