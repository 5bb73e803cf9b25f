"""``camsim explain``: why a detector says what it says of a picture."""

import argparse
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from channel.errors import ChannelError
from channel.output import write
from channel.terminal import say
from verifier.analysis import Verifier
from verifier.errors import DependencyError, OutputError, ScoresError
from verifier.judging.decision import outside_domain
from verifier.weights import FOLDER, read_manifest

if TYPE_CHECKING:
    from verifier.commands import Commands
    from verifier.explain.networks import Explainable


def add_to(commands: "Commands") -> None:
    """Add ``explain``."""
    parser = commands.add_parser(
        "explain",
        help="draw why a detector says what it says of a picture",
        description="Propagate a detector's answer back to the pixels (LRP) and draw them, with "
        "the channels that speak and a sentence. Needs the extra 'explain'.",
    )
    parser.add_argument("photo", type=Path, help="JPEG, PNG, WebP…")
    parser.add_argument("-o", "--out", type=Path, required=True, metavar="PNG")
    add_network(parser)
    parser.add_argument(
        "--label", metavar="NAME", help="what to explain (default: the likeliest, or generated)"
    )
    parser.add_argument("--force", action="store_true", help="replace an existing figure")
    parser.set_defaults(run=run)


def add_network(parser: argparse.ArgumentParser) -> None:
    """Add the options that choose a network."""
    parser.add_argument(
        "--model", metavar="NAME", help="of the manifest (default: that of generated pictures)"
    )
    parser.add_argument(
        "--weights", type=Path, default=FOLDER, metavar="FOLDER", help="models of your own"
    )
    parser.add_argument(
        "--resnet50", type=Path, metavar="FILE",
        help="a ResNet-50 of yours instead, such as CNNDetection's blur_jpg_prob0.5.pth",
    )  # fmt: skip


def run(args: argparse.Namespace) -> int:
    """Explain, draw, and print the sentence."""
    if args.out.exists() and not args.force:
        raise OutputError(f"{args.out} exists; add --force to replace it")
    network = network_of(args)
    from verifier.explain.drawing import draw_explanation
    from verifier.explain.explanation import explain

    with Verifier.facts_only() as verifier:
        reading = verifier.read(args.photo)
    pixels = reading.colours
    found = explain(network, pixels, args.label)
    outside = outside_domain(network.entry, reading, found.patches) if network.entry else ()
    if outside:
        words = f"{found.sentence} The detector itself gives no answer: {' '.join(outside)}"
        found = replace(found, sentence=words)
    figure = draw_explanation(found, pixels, f"{args.photo.name}, as {network.name} sees it")
    try:
        write(args.out, figure, force=args.force)
    except (OSError, ChannelError) as error:
        raise OutputError(f"{args.out} can't be written: {error}") from error
    say(found.sentence)
    return 0


def network_of(args: argparse.Namespace) -> "Explainable":
    """Load the network that was chosen.

    Raises
    ------
    DependencyError
        Without torch.
    WeightsError, ScoresError
        If it can't be loaded, or there is none.
    """
    try:
        from verifier.explain.networks import load_ours, load_resnet
    except ImportError as error:
        words = "explaining needs torch and zennit: pip install 'camsim[explain]'"
        raise DependencyError(words) from error
    if args.resnet50:
        return load_resnet(args.resnet50)
    names = [entry.name for entry in read_manifest(args.weights).of_task("generated")]
    if not (args.model or names):
        raise ScoresError(f"{args.weights} has no model of generated pictures; name one by --model")
    return load_ours(args.model or names[0], args.weights)
