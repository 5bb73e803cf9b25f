"""``camsim train platform``: train the detector of platforms on a folder of pictures."""

from dataclasses import KW_ONLY, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from channel.extras import require_torch
from channel.options import SOME, Count, Positive, TrainingOptions, given
from channel.picture_file.srgb import picture_files
from channel.terminal import Progress as Bar

if TYPE_CHECKING:
    from verifier.training.platform.data import CacheRecipe, Histograms
    from verifier.training.platform.train import PlatformRecipe


@dataclass(frozen=True)
class TrainPlatform(TrainingOptions):
    """Platform of origin: which platform a picture came through.

    Send every picture through every platform, count DCT levels of its patches (kept in --out),
    and train a small network on them: Amerini et al., WIFS 2017. It resumes where a run in --out
    stopped.

    Parameters
    ----------
    pictures
        A folder of pictures.
    start_from
        Go on from the weights of another run's checkpoint, such as with a smaller rate.
    features_from
        Use the histograms that it keeps.
    name
        What to call the model.
    uploads
        Of each picture (default 4).
    patches
        Of each downloaded picture (default 64).
    steps
        At most so many.
    batch
        Patches a step.
    learning_rate
        Of AdaDelta.
    validate_every
        Steps from one validation to the next.
    workers
        Processes that send pictures.
    """

    _: KW_ONLY
    pictures: Annotated[tuple[Path, ...], SOME]
    start_from: Path | None = None
    features_from: Path | None = None
    name: str = "my-platform"
    uploads: Count | None = None
    patches: Count | None = None
    steps: Count | None = None
    batch: Count | None = None
    learning_rate: Positive | None = None
    validate_every: Count | None = None
    workers: Count = 1

    def __call__(self) -> int:
        """Train, draw, export, and say where the weights are."""
        require_torch()
        from verifier.training.checkpoint import CHECKPOINT, load_weights
        from verifier.training.curve import draw_accuracy
        from verifier.training.platform.export import export
        from verifier.training.platform.train import build, split, train_platform
        from verifier.training.run import shown
        from verifier.training.seeded import make_ready

        cache, recipe = recipes_of(self)
        data = _histograms(self, cache)
        training, held_out = split(data, recipe.seed)
        make_ready(recipe.seed, self.threads)
        model = build()
        if self.start_from:
            load_weights(self.start_from / CHECKPOINT, model)
        with shown(recipe.steps, "held out {:.1%} of patches") as report:
            accuracy = train_platform(model, training, held_out, recipe, self.out, report)
        curve = draw_accuracy(self.out)
        folder = self.out / "weights"
        started = self.start_from.name if self.start_from else ""
        sets = ", ".join(pictures.name for pictures in self.pictures)
        export(model, self.name, cache, recipe, sets, accuracy, folder, started)
        print(
            f"{accuracy:.1%} of held-out patches, mean of {model.classes} classes; curve → {curve}"
        )
        print(
            f"weights → {folder}; measure and calibrate them on pictures that no training saw with"
        )
        print(f"  camsim evaluate platform PICTURES --weights {folder} --out MEASURED")
        print(f"  camsim evaluate calibration MEASURED/scores.csv --model {self.name} "
              f"--weights {folder} --store")  # fmt: skip
        return 0


def recipes_of(args: TrainPlatform) -> "tuple[CacheRecipe, PlatformRecipe]":
    """Return how pictures are made and how the network is trained.

    Raises
    ------
    TrainingError
        For a value out of range.
    """
    from dataclasses import replace

    from verifier.training.platform.data import CacheRecipe
    from verifier.training.platform.train import PlatformRecipe

    cache = replace(CacheRecipe(seed=args.seed), **given(args, "uploads", "patches"))
    recipe = replace(
        PlatformRecipe(seed=args.seed),
        **given(args, "steps", "batch", "validate_every", "learning_rate"),
    )
    return cache, replace(recipe, bfloat16=not args.float32)


def _histograms(args: TrainPlatform, cache: "CacheRecipe") -> "Histograms":
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
