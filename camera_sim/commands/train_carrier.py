"""``camsim train carrier``: search for the pattern that joint training starts with."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console
from rich.progress import Progress

from camera_sim.commands import require_torch
from camera_sim.errors import TrainingError

if TYPE_CHECKING:
    from camera_sim.commands import Commands

PATCHES = 64


def add_to(parts: "Commands") -> None:
    """Add the command."""
    parser = parts.add_parser(
        "carrier",
        help="search for the pattern that joint training starts with",
        description="Search DCT coefficients for a pattern by which native pictures can be told "
        "from edited ones after a halving and JPEG 50.",
    )
    parser.add_argument("--pictures", type=Path, required=True, metavar="FOLDER")
    parser.add_argument("--history", default="jpeg", help="what to tell from native (jpeg)")
    parser.add_argument("--least-psnr", type=float, default=42.0, metavar="DB", help="default 42")
    parser.add_argument("--seed", type=int, default=0)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Search, and print the carrier after each round."""
    require_torch()
    import numpy as np
    import torch

    from camera_sim.pipelines import find_pipeline
    from camera_sim.training.carrier import search
    from camera_sim.training.checkpoint import load_weights
    from camera_sim.training.joint_data import joint_sources
    from camera_sim.training.networks import build_network
    from camera_sim.training.nip import BORDER
    from camera_sim.training.validation import developed_pictures
    from camera_sim.training.workflow import EDITS, PAPER_CHANNEL
    from camera_sim.weights import FOLDER

    if args.history not in EDITS:
        raise TrainingError(f"--history is {args.history!r}; it is one of {', '.join(EDITS)}")
    nip = build_network(find_pipeline("rnet"))
    load_weights(FOLDER / "rnet.safetensors", nip)
    source = joint_sources(args.pictures, None).training
    side = PAPER_CHANNEL.side
    with torch.no_grad():
        batch = source.batch(np.random.default_rng(args.seed), PATCHES, side + 2 * BORDER)
        patches = developed_pictures(nip, batch)
    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("a round", total=1.0)
        for carrier in search(
            patches,
            args.history,
            least_psnr=args.least_psnr,
            report=lambda share: bar.update(task, completed=share),
        ):
            told = ", ".join(f"{place}: {level:g}" for place, level in carrier.coefficients.items())
            print(f"{carrier.accuracy:.1%} of patches at {carrier.psnr:.1f} dB  {{{told}}}")
    return 0
