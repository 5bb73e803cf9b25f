"""``camsim train pattern``: search for the pattern that joint training starts with."""

from dataclasses import KW_ONLY, dataclass
from itertools import islice
from pathlib import Path
from typing import Annotated, Literal

from camera_sim.errors import TrainingError
from channel.extras import require_torch
from channel.options import SOME, Count, Out, Positive, Whole
from channel.terminal import Progress

PATCHES = 120
BATCH = 8


@dataclass(frozen=True)
class TrainPattern:
    """Search for the pattern that joint training starts with.

    Search DCT coefficients for a pattern by which a linear classifier distinguishes the five
    histories, and pictures without it, after a halving and JPEG 50 and after WhatsApp. The search
    starts from the shipped pattern or another. Each is held
    to a fidelity and to what an eye sees of it.

    Parameters
    ----------
    pictures
        A folder of pictures.
    psnr
        Least fidelity of a pattern, in dB.
    visible
        What the pattern may cost on a FullHD screen, about.
    channel
        Both (the default), or a halving and JPEG 50 alone (paper).
    start_from
        A pattern that --out wrote.
    out
        Write the best so far, for camsim train joint --pattern-from; not over a file.
    trials
        Patterns to try.
    seed
        Of all that is drawn at random.
    """

    _: KW_ONLY
    pictures: Annotated[tuple[Path, ...], SOME]
    psnr: float = 42.0
    visible: Positive = 0.2
    channel: Literal["both", "paper"] = "both"
    start_from: Path | None = None
    out: Out | None = None
    trials: Count = 100
    seed: Whole = 0

    def __call__(self) -> int:
        """Search, and print every pattern that is better than the one before."""
        require_torch()
        if self.out and self.out.exists():
            raise TrainingError(f"{self.out} is there already; go on from it by --start-from")
        if self.out and not self.out.parent.is_dir():
            raise TrainingError(f"{self.out.parent} is no folder; make it first")
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

        start = load_pattern(self.start_from) if self.start_from else WATERMARK_PATTERN
        channels = PAPER_ALONE if self.channel == "paper" else CHANNELS
        pipeline = find_pipeline(PLAIN_PIPELINE)
        nip = build_network(pipeline)
        load_weights(FOLDER / f"{PLAIN_PIPELINE}.safetensors", nip)
        source = joint_sources(self.pictures, None, pipeline).training
        rng, side = np.random.default_rng(self.seed), PAPER_CHANNEL.side + MARGIN + 2 * BORDER
        pictures = []
        with Progress() as bar:
            task = bar.add_task("developing", total=PATCHES)
            for _ in range(0, PATCHES, BATCH):
                pictures += developed_levels(nip, source.batch(rng, BATCH, side))
                bar.advance(task, BATCH)
            task = bar.add_task("patterns", total=self.trials)
            found = search(
                start,
                pictures,
                rng,
                least_psnr=self.psnr,
                most_visible=self.visible,
                channels=channels,
            )
            for best, is_new in islice(found, self.trials):
                bar.advance(task)
                if is_new:
                    shares = " and ".join(f"{share:.1%}" for share in best.accuracies)
                    print(
                        f"{shares} of patches, log loss {best.loss:.3f}, "
                        f"{psnr(best.pattern):.1f} dB, {jod_lost(best.pattern):.3f} JOD  "
                        f"{best.pattern}",
                        flush=True,
                    )
                    if self.out:
                        save_pattern(self.out, best.pattern)
        return 0
