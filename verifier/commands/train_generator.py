"""``camsim train generator``: a generator of pictures of our own, for detectors to find."""

import argparse
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from rich.progress import TaskID

from channel.options import given_options, require_torch
from channel.picture_file.srgb import load_picture, picture_files
from channel.terminal import Progress as Bar
from verifier.errors import TrainingError

if TYPE_CHECKING:
    from verifier.commands import Commands
    from verifier.training.generated.generator import GeneratorProgress

_LEAST = {"steps": 1, "batch": 1, "piece": 16, "learning_rate": 1e-9}


def add_to(parts: "Commands") -> None:
    """Add the command."""
    parser = parts.add_parser(
        "generator",
        help="a small VAE that makes pictures for detectors to find",
        description="Train a variational autoencoder on photographs, and make a picture of each "
        "photograph of --make with it. It resumes where a run in --out stopped.",
    )
    parser.add_argument("--pictures", type=Path, required=True, metavar="FOLDER")
    parser.add_argument("-o", "--out", type=Path, required=True, help="folder of the run")
    parser.add_argument(
        "--make", type=Path, action="append", default=[], metavar="FOLDER",
        help="photographs to make pictures of, in OUT/made/<name of the folder> (default: "
        "those of --pictures); may be given again",
    )  # fmt: skip
    parser.add_argument("--steps", type=int, help="default 1600")
    parser.add_argument("--batch", type=int, help="pieces a step (default 16)")
    parser.add_argument("--piece", type=int, help="pixels of its side, a multiple of 4")
    parser.add_argument("--learning-rate", type=float, help="of Adam (default 0.002)")
    parser.add_argument("--threads", type=int, help="threads of torch (default: every core)")
    parser.add_argument("--seed", type=int, default=0)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Train, draw the curve, and make pictures."""
    require_torch()
    from dataclasses import replace

    from verifier.training.curve import draw_curve
    from verifier.training.generated.generator import (
        MULTIPLE,
        GeneratorRecipe,
        build_generator,
        train_generator,
        write_pictures,
    )
    from verifier.training.seeded import make_ready

    recipe = replace(GeneratorRecipe(seed=args.seed), **given_options(args, _LEAST))
    if recipe.piece % MULTIPLE:
        raise TrainingError(f"--piece must be a multiple of {MULTIPLE}, not {recipe.piece}")
    make_ready(recipe.seed, args.threads)
    pictures = [load_picture(path) for path in picture_files(args.pictures)]
    sources = {folder.name: picture_files(folder) for folder in args.make or [args.pictures]}
    model = build_generator(recipe.seed)
    with Bar() as bar:
        task = bar.add_task("training", total=recipe.steps)

        def report(state: "GeneratorProgress") -> None:
            bar.update(task, completed=state.step, description=f"loss {state.loss:.3f}")
            if state.psnr is not None:
                bar.console.print(
                    f"step {state.step}/{state.steps}  loss {state.loss:.4f}  "
                    f"held out {state.psnr:.2f} dB"
                )

        psnr = train_generator(model, pictures, recipe, args.out, report)
        for name, files in sources.items():
            task = bar.add_task(f"making {name}", total=len(files))
            made = partial(_advance, bar, task)
            write_pictures(model, files, args.out / "made" / name, made)
    curve = draw_curve(args.out)
    print(f"{psnr:.2f} dB on held-out photographs; curve → {curve}")
    print(f"pictures → {args.out / 'made'}")
    return 0


def _advance(bar: Bar, task: TaskID, done: int, _: int) -> None:
    bar.update(task, completed=done)
