"""``camsim train pooling``: a pair's network that judges whole pictures."""

import argparse
import os
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from camera_sim.commands.evaluate_pair import add_pair_to
from camera_sim.errors import TrainingError
from channel.options import require_torch
from channel.picture_file.srgb import picture_files
from channel.terminal import track

if TYPE_CHECKING:
    from camera_sim.commands import Commands

PARTS, DRAWS = 40, 25


def add_to(parts: "Commands") -> None:
    """Add the command."""
    parser = parts.add_parser(
        "pooling",
        help="a pair's network that judges whole pictures",
        description="Photograph pictures, develop them with a pair, edit them, send them through "
        "networks at any size, and learn what all of a picture's blocks say together once it is "
        "synchronised with the camera's watermark. It resumes where a run in --out stopped.",
    )
    parser.add_argument(
        "--pictures", type=Path, nargs="+", required=True, metavar="FOLDER",
        help="all folders are drawn from alike; large pictures teach most",
    )  # fmt: skip
    parser.add_argument(
        "--whole", type=Path, nargs="+", default=[], metavar="FOLDER",
        help="of large pictures, each taken whole, at base ISO, and sent through 1:2 and JPEG 50",
    )  # fmt: skip
    parser.add_argument("-o", "--out", type=Path, required=True, help="folder of the run")
    add_pair_to(parser)
    parser.add_argument(
        "--parts", type=int, default=PARTS,
        help=f"of {DRAWS} scenes each, with five histories and three channels (default {PARTS})",
    )  # fmt: skip
    parser.add_argument(
        "--workers", type=int, default=os.cpu_count() or 1, help="processes (default: the cores)"
    )
    parser.add_argument("--seed", type=int, default=0)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Gather, learn, and print what held-out pictures are called."""
    require_torch()
    for name in ("parts", "workers"):
        if getattr(args, name) < 1:
            raise TrainingError(f"--{name} must be at least 1, not {getattr(args, name)}")
    if args.seed < 0:
        raise TrainingError(f"--seed cannot be negative, and is {args.seed}")
    from camera_sim.training.pair import pooling, shots
    from camera_sim.training.pair.pooling_data import PairOpener

    folders = [picture_files(folder) for folder in args.pictures]
    wholes = [picture_files(folder) for folder in args.whole]
    everything, whole = [*folders, *wholes], [path for files in wholes for path in files]
    named = zip([*args.pictures, *args.whole], everything, strict=True)
    if short := [folder for folder, files in named if len(files) < 2]:
        raise TrainingError(f"{short[0]} holds one picture; training needs at least 2 of a folder")
    pair = shots.open_pair(args.pair, args.weights, args.before)
    recipe = pooling.PoolingRecipe(args.parts, DRAWS, args.seed)
    pattern = pooling.measured_pattern(pair, folders[0])
    opener = PairOpener(args.pair, args.weights, args.before)
    gathered = pooling.gather(
        opener, folders, whole, pattern, recipe, args.out / "gathered", args.workers
    )
    files = list(track(gathered, "gathering", args.parts + len(whole)))
    kept = pooling.kept_of(sorted(files))
    taken = pooling.count_of(kept, whole, everything)
    if whole and not taken:
        raise TrainingError("no picture of --whole can be used: choose larger, textured ones")
    recipe = replace(recipe, whole=taken)
    held = pooling.held_out(kept, everything)
    network = pooling.learn(kept, ~held, args.seed)
    print(pooling.validation_table(network, kept, held))
    folder = pooling.export(network, pattern, pair, args.weights, recipe, args.out)
    print(
        f"pooling of {args.pair} → {folder}; see what it can do, and calibrate it, with\n"
        f"  camsim evaluate pair PICTURES --pair {args.pair} --weights {args.out}\n"
        f"  camsim evaluate scores PICTURES --model {args.pair} --weights {folder} --out scores.csv"
    )
    return 0
