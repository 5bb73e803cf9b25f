"""``camsim evaluate features``: FF-RS, what detectors do without channels, and colour."""

import argparse
from argparse import Namespace
from pathlib import Path
from typing import TYPE_CHECKING

from verifier.commands.evaluate_generated import require_opencv
from verifier.commands.explain import network_of
from verifier.errors import ScoresError
from verifier.weights import FOLDER

if TYPE_CHECKING:
    from verifier.commands import Commands


def add_to(evaluations: "Commands") -> None:
    """Add ``evaluate features``."""
    parser = evaluations.add_parser(
        "features",
        help="which channels find generated pictures (FF-RS), and which go by colour",
        description="Rank a detector's channels by FF-RS over generated pictures, silence the top, "
        "random and lowest ones, and test each for colour: Chandrasegaran et al., ECCV 2022. Needs "
        "the extra 'explain'.",
    )
    parser.add_argument("--natural", type=Path, nargs="+", required=True, metavar="FOLDER")
    parser.add_argument("--generated", type=Path, nargs="+", required=True, metavar="FOLDER")
    parser.add_argument(
        "--models", type=Path, nargs="+", default=[FOLDER], metavar="FOLDER",
        help="folders of weights to compare (default: the shipped one)",
    )  # fmt: skip
    parser.add_argument(
        "--resnet50", type=Path, metavar="FILE", help="a ResNet-50 of yours in their place"
    )
    parser.add_argument(
        "--silenced", type=int, nargs="+", default=[15, 30, 60], metavar="COUNT",
        help="channels to silence, and whose colour is told (15 30 60)",
    )  # fmt: skip
    parser.add_argument("--limit", type=int, help="use the first so many pictures of each folder")
    parser.add_argument("--seed", type=int, default=0)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Print the tables."""
    require_opencv()
    folders = [None] if args.resnet50 else args.models
    networks = [
        network_of(Namespace(resnet50=args.resnet50, model=None, weights=folder))
        for folder in folders
    ]
    from verifier.evaluation.generated.bench import centre_crops
    from verifier.explain.features import (
        colour_table,
        measure_features,
        ranking_table,
        sensitivity_table,
    )
    from verifier.training.generated.sets import GENERATED, NATURAL, pictures_of_sets

    if min(args.silenced) < 1:
        raise ScoresError(f"--silenced must be at least 1, not {min(args.silenced)}")
    pictures = [
        picture
        for kind, folders in ((NATURAL, args.natural), (GENERATED, args.generated))
        for folder in folders
        for picture in pictures_of_sets(kind, [folder])[: args.limit]
    ]
    crops = centre_crops(pictures, args.seed)
    found = [measure_features(network, crops, args.silenced, args.seed) for network in networks]
    print(sensitivity_table(found))
    print(colour_table(found))
    print(ranking_table(networks[0], found[0], args.silenced[0]))
    return 0
