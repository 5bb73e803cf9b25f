"""``camsim train carrier``: search for the pattern that joint training starts with."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console
from rich.progress import Progress

from camera_sim.commands import require_torch

if TYPE_CHECKING:
    from camera_sim.commands import Commands

PATCHES = 128
BATCH = 16


def add_to(parts: "Commands") -> None:
    """Add the command."""
    parser = parts.add_parser(
        "carrier",
        help="search for the pattern that joint training starts with",
        description="Search DCT coefficients for a pattern by which a linear classifier tells the "
        "five histories of pictures after a halving and JPEG 50.",
    )
    parser.add_argument("--pictures", type=Path, nargs="+", required=True, metavar="FOLDER")
    parser.add_argument("--psnr", type=float, default=42.2, metavar="DB", help="default 42.2")
    parser.add_argument("--seed", type=int, default=0)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Search, and print the carrier after each round."""
    require_torch()
    import numpy as np

    from camera_sim.pipelines import find_pipeline
    from camera_sim.training.carrier import search
    from camera_sim.training.checkpoint import load_weights
    from camera_sim.training.joint_data import joint_sources
    from camera_sim.training.networks import build_network
    from camera_sim.training.validation import BORDER, developed_levels
    from camera_sim.training.workflow import PAPER_CHANNEL
    from camera_sim.weights import FOLDER

    nip = build_network(find_pipeline("rnet"))
    load_weights(FOLDER / "rnet.safetensors", nip)
    source = joint_sources(args.pictures, None).training
    rng, side = np.random.default_rng(args.seed), PAPER_CHANNEL.side + 2 * BORDER
    pictures = []
    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("developing", total=1.0)
        for done in range(0, PATCHES, BATCH):
            pictures += developed_levels(nip, source.batch(rng, BATCH, side))
            bar.update(task, completed=(done + BATCH) / PATCHES)
        bar.update(task, description="a round")
        for carrier in search(
            pictures, psnr=args.psnr, report=lambda share: bar.update(task, completed=share)
        ):
            told = ", ".join(f"{place}: {level:g}" for place, level in carrier.coefficients.items())
            print(
                f"{carrier.accuracy:.1%} of patches, log loss {carrier.loss:.3f}, "
                f"{carrier.psnr:.1f} dB  {{{told}}}",
                flush=True,
            )
    return 0
