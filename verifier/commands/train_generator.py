"""``camsim train generator``: a generator of pictures of our own, for detectors to find."""

from dataclasses import KW_ONLY, dataclass
from functools import partial
from pathlib import Path
from typing import Annotated, Literal

from rich.progress import TaskID

from channel.extras import require_torch
from channel.options import ANY, Count, Out, Positive, Whole, given, within
from channel.picture_file.srgb import load_picture, picture_files
from channel.terminal import Progress as Bar
from verifier.errors import TrainingError


@dataclass(frozen=True)
class TrainGenerator:
    """A small VAE that makes pictures for detectors to find.

    Train a variational autoencoder on photographs, and make a picture of each photograph of
    --make with it. It resumes where a run in --out stopped.

    Parameters
    ----------
    pictures
        A folder of pictures.
    out
        Folder of the run.
    make
        Photographs to make pictures of, in OUT/made/<name of the folder>; may be given again.
    steps
        Default 1600.
    batch
        Pieces a step (default 16).
    piece
        Pixels of its side, a multiple of 4.
    learning_rate
        Of Adam (default 0.002).
    upsampling
        How the decoder doubles the size: nearest (default), bilinear, transposed, shuffle.
    latent
        Channels of the latents (default 6).
    threads
        Threads of torch (default: every core).
    seed
        Of all that is drawn at random.
    """

    _: KW_ONLY
    pictures: Path
    out: Out
    make: Annotated[tuple[Path, ...], ANY] = ()
    steps: Count | None = None
    batch: Count | None = None
    piece: Annotated[int, within(16)] | None = None
    learning_rate: Positive | None = None
    upsampling: Literal["nearest", "bilinear", "transposed", "shuffle"] | None = None
    latent: Count | None = None
    threads: Count | None = None
    seed: Whole = 0

    def __call__(self) -> int:
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
        from verifier.training.run import shown
        from verifier.training.seeded import make_ready

        recipe = replace(
            GeneratorRecipe(seed=self.seed),
            **given(self, "steps", "batch", "piece", "learning_rate", "upsampling", "latent"),
        )
        if recipe.piece % MULTIPLE:
            raise TrainingError(f"--piece must be a multiple of {MULTIPLE}, not {recipe.piece}")
        make_ready(recipe.seed, self.threads)
        pictures = [load_picture(path) for path in picture_files(self.pictures)]
        sources = {folder.name: picture_files(folder) for folder in self.make or [self.pictures]}
        model = build_generator(recipe.seed, recipe.upsampling, recipe.latent)
        with shown(recipe.steps, "held out {:.2f} dB") as report:
            psnr = train_generator(model, pictures, recipe, self.out, report)
        with Bar() as bar:
            for name, files in sources.items():
                task = bar.add_task(f"making {name}", total=len(files))
                made = partial(_advance, bar, task)
                write_pictures(model, files, self.out / "made" / name, made)
        curve = draw_curve(self.out)
        print(f"{psnr:.2f} dB on held-out photographs; curve → {curve}")
        print(f"pictures → {self.out / 'made'}")
        return 0


def _advance(bar: Bar, task: TaskID, done: int, _: int) -> None:
    bar.update(task, completed=done)
