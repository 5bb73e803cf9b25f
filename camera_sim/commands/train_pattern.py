"""``camsim train pattern``: search for the pattern that joint training starts with."""

import argparse
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from camera_sim.errors import TrainingError
from channel.options import require_torch
from channel.terminal import Progress

if TYPE_CHECKING:
    from camera_sim.commands import Commands

PATCHES = 120
BATCH = 8


def add_to(parts: "Commands") -> None:
    """Add the command."""
    parser = parts.add_parser(
        "pattern",
        help="search for the pattern that joint training starts with",
        description="Search DCT coefficients for a pattern by which a linear classifier tells the "
        "five histories, and pictures without it, after a halving and JPEG 50 and after WhatsApp, "
        "from the shipped pattern on or another. Each is held to a fidelity and to what an eye "
        "sees of it.",
    )
    parser.add_argument("--pictures", type=Path, nargs="+", required=True, metavar="FOLDER")
    parser.add_argument("--psnr", type=float, default=42.0, metavar="DB", help="default 42")
    parser.add_argument(
        "--visible", type=float, default=0.2, metavar="JOD",
        help="what the pattern may cost on a FullHD screen, about (default 0.2)",
    )  # fmt: skip
    parser.add_argument(
        "--channel", choices=("both", "paper"), default="both",
        help="both (the default), or a halving and JPEG 50 alone (paper)",
    )  # fmt: skip
    parser.add_argument(
        "--start-from", type=Path, metavar="FILE", help="a pattern that --out wrote"
    )
    parser.add_argument(
        "-o", "--out", type=Path, metavar="FILE",
        help="write the best so far, for camsim train joint --pattern-from; not over a file",
    )  # fmt: skip
    parser.add_argument("--trials", type=int, default=100, help="patterns to try (default 100)")
    parser.add_argument("--seed", type=int, default=0)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Search, and print every pattern that is better than the one before."""
    require_torch()
    if args.trials < 1:
        raise TrainingError(f"--trials must be at least 1, not {args.trials}")
    if args.visible <= 0:
        raise TrainingError(f"--visible must be above 0, not {args.visible:g}")
    if args.seed < 0:
        raise TrainingError(f"--seed cannot be negative, and is {args.seed}")
    if args.out and args.out.exists():
        raise TrainingError(f"{args.out} is there already; go on from it by --start-from")
    if args.out and not args.out.parent.is_dir():
        raise TrainingError(f"{args.out.parent} is no folder; make it first")
    import numpy as np

    from camera_sim.networks.rnet import WATERMARK_PATTERN
    from camera_sim.pipelines import PLAIN_PIPELINE, find_pipeline
    from camera_sim.training.nip.export import build_network
    from camera_sim.training.pair.data import joint_sources
    from camera_sim.training.pair.pattern_search import (
        CHANNELS,
        MARGIN,
        PAPER_ALONE,
        jod_lost,
        load_pattern,
        psnr,
        save_pattern,
        search,
    )
    from camera_sim.training.pair.validation import BORDER, developed_levels
    from camera_sim.training.pair.workflow import PAPER_CHANNEL
    from camera_sim.weights import FOLDER
    from verifier.training.checkpoint import load_weights

    start = load_pattern(args.start_from) if args.start_from else WATERMARK_PATTERN
    channels = PAPER_ALONE if args.channel == "paper" else CHANNELS
    pipeline = find_pipeline(PLAIN_PIPELINE)
    nip = build_network(pipeline)
    load_weights(FOLDER / f"{PLAIN_PIPELINE}.safetensors", nip)
    source = joint_sources(args.pictures, None, pipeline).training
    rng, side = np.random.default_rng(args.seed), PAPER_CHANNEL.side + MARGIN + 2 * BORDER
    pictures = []
    with Progress() as bar:
        task = bar.add_task("developing", total=PATCHES)
        for _ in range(0, PATCHES, BATCH):
            pictures += developed_levels(nip, source.batch(rng, BATCH, side))
            bar.advance(task, BATCH)
        task = bar.add_task("patterns", total=args.trials)
        found = search(
            start, pictures, rng, least_psnr=args.psnr, most_visible=args.visible, channels=channels
        )
        for best, is_new in islice(found, args.trials):
            bar.advance(task)
            if is_new:
                shares = " and ".join(f"{share:.1%}" for share in best.accuracies)
                print(
                    f"{shares} of patches, log loss {best.loss:.3f}, {psnr(best.pattern):.1f} dB, "
                    f"{jod_lost(best.pattern):.3f} JOD  {best.pattern}",
                    flush=True,
                )
                if args.out:
                    save_pattern(args.out, best.pattern)
    return 0
