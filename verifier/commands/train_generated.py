"""``camsim train generated``: train the detector of generated pictures on folders of one's own."""

import sys
from dataclasses import KW_ONLY, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from channel.extras import require_torch
from channel.options import SOME, Count, Positive, TrainingOptions, given, within
from channel.terminal import Progress as Bar
from verifier.errors import TrainingError

if TYPE_CHECKING:
    from verifier.training.generated.data import CropRecipe
    from verifier.training.generated.train import GeneratedRecipe
    from verifier.training.generated.train_residual import ResidualRecipe


@dataclass(frozen=True)
class ListedSetsOptions:
    """Add the option that says what the sets show.

    Parameters
    ----------
    sets
        What each set shows and is for (CSV: set, subject, part): trains on those whose part is
        training, and leaves out what one class alone shows.
    """

    _: KW_ONLY
    sets: Path | None = None


@dataclass(frozen=True)
class SetsOptions(ListedSetsOptions):
    """Add the options that name the sets.

    Parameters
    ----------
    natural
        Photographs; each folder is a set, and each set counts the same.
    generated
        Generated pictures; each folder is a generator's.
    """

    _: KW_ONLY
    natural: Annotated[tuple[Path, ...], SOME]
    generated: Annotated[tuple[Path, ...], SOME]


@dataclass(frozen=True)
class TrainGenerated(SetsOptions, TrainingOptions):
    """The detector of generated pictures.

    Cut crops of photographs and generated pictures, give all of them the same processing history.
    Train a network on them with the augmentation of Wang et al., CVPR 2020. It resumes where
    a run in --out stopped.

    Parameters
    ----------
    name
        What to call the model.
    network
        What is trained: one layer over fixed frequency bands (bands, the default) or over
        EfficientNet-Lite0 (lite0), or a whole network (cnn, resnet50; residual, which sees
        residuals of native crops and takes --pairs).
    pairs
        Aligned pairs of camsim train pairs, for residual; those of the photographs of --natural
        are used.
    start_from
        Published weights that lite0 or resnet50 start from: ImageNet's, CNNDetection's.
    augmentation
        None, blur, jpeg, both-0.5 or both-0.1 (default both-0.1 of bands, else both-0.5).
    grey
        Colour-robust: take the colour out of half of the crops.
    keep_watermark
        Leave the invisible watermark of Stable Diffusion's scripts in the pictures.
    crops
        Of each picture (default 8).
    steps
        Default 600; of whole networks 2000, of residual 2400.
    batch
        Crops a step (default 256, or 32; of residual 48).
    learning_rate
        Of AdamW (0.003, 0.002, 0.0001).
    validate_every
        Steps from one validation to the next.
    """

    _: KW_ONLY
    name: str = "my-generated"
    network: Literal["bands", "lite0", "cnn", "resnet50", "residual"] = "bands"
    pairs: Path | None = None
    start_from: Path | None = None
    augmentation: str | None = None
    grey: bool = False
    keep_watermark: bool = False
    crops: Count | None = None
    steps: Count | None = None
    batch: Annotated[int, within(2)] | None = None
    learning_rate: Positive | None = None
    validate_every: Count | None = None

    def __call__(self) -> int:
        """Train, draw, export, and say where the weights are."""
        require_torch()
        if self.network == "residual":
            return train_on_pairs(self)
        if self.pairs is not None:
            raise TrainingError("--pairs are for --network residual alone; leave them out")
        from verifier.training.curve import draw_precision
        from verifier.training.generated.data import choose_sets, make_crops, parted
        from verifier.training.generated.train import build, export, train_generated
        from verifier.training.run import shown
        from verifier.training.seeded import make_ready

        cut, recipe = recipes_of(self)
        chosen = choose_sets(self.natural, self.generated, self.sets)
        pictures = chosen.pictures
        make_ready(recipe.seed, self.threads)
        model = build(recipe.network, self.start_from)
        parts = parted(pictures, self.out)
        with Bar() as bar:
            task = bar.add_task("cutting crops", total=len(pictures))
            training, held_out = (
                make_crops(part, cut, lambda *_: bar.advance(task)) for part in parts
            )
        with shown(recipe.steps, "average precision {:.3f} on held-out scenes") as report:
            precision = train_generated(model, training, held_out, recipe, self.out, report)
        curve = draw_precision(self.out)
        folder = self.out / "weights"
        export(model, self.name, cut, recipe, pictures, precision, folder, chosen.shown)
        print(
            f"average precision {precision:.3f} on held-out scenes of the same sets; "
            f"curve → {curve}"
        )
        if chosen.words:
            print(chosen.words, file=sys.stderr)
        say_where(folder)
        return 0


def say_where(folder: Path) -> None:
    """Say where the weights are, and what is to be done with them."""
    print(f"weights → {folder}; measure and calibrate them on sets that no training saw with")
    print(f"  camsim evaluate generated --natural … --generated … --models {folder} --out MEASURED")


def train_on_pairs(args: TrainGenerated) -> int:
    """Train the residual network, draw, export, and say where the weights are.

    Raises
    ------
    TrainingError
        For an option that isn't this network's, or too few pictures.
    """
    from verifier.training.curve import draw_precision
    from verifier.training.generated.aligned_pairs import read_pairs
    from verifier.training.generated.data import choose_sets, parted
    from verifier.training.generated.residual_cnn import ResidualCNN
    from verifier.training.generated.scenes import make_scenes, pairs_of
    from verifier.training.generated.train_residual import export, train_residual
    from verifier.training.run import shown
    from verifier.training.seeded import make_ready

    recipe = residual_recipe_of(args)
    chosen = choose_sets(args.natural, args.generated, args.sets)
    make_ready(recipe.seed, args.threads)
    model, parts = ResidualCNN(), parted(chosen.pictures, args.out)
    pairs = read_pairs(args.pairs) if args.pairs else ()
    with Bar() as bar:
        task = bar.add_task("reading pictures", total=len(chosen.pictures))
        training, held_out = (
            make_scenes(part, pairs_of(pairs, part), lambda: bar.advance(task)) for part in parts
        )
    with shown(recipe.steps, "average precision {:.3f} on held-out scenes") as report:
        precision = train_residual(model, training, held_out, recipe, args.out, report)
    used = sum(len(pairs_of(pairs, part)) for part in parts)
    folder = args.out / "weights"
    export(model, args.name, recipe, chosen.pictures, used, precision, folder, chosen.shown)
    print(f"average precision {precision:.3f} on held-out scenes of the same sets; "
          f"curve → {draw_precision(args.out)}")  # fmt: skip
    if chosen.words:
        print(chosen.words, file=sys.stderr)
    say_where(folder)
    return 0


def residual_recipe_of(args: TrainGenerated) -> "ResidualRecipe":
    """Return how the residual network is trained.

    Raises
    ------
    TrainingError
        For an option that isn't this network's.
    """
    from verifier.training.generated.train_residual import ResidualRecipe

    for name, option in (
        ("start_from", "--start-from"), ("augmentation", "--augmentation"), ("grey", "--grey"),
        ("keep_watermark", "--keep-watermark"), ("crops", "--crops"),
    ):  # fmt: skip
        if getattr(args, name):
            raise TrainingError(f"{option} isn't for --network residual; leave it out")
    return ResidualRecipe(
        seed=args.seed,
        bfloat16=not args.float32,
        **given(args, "steps", "batch", "validate_every", "learning_rate"),
    )


def recipes_of(args: TrainGenerated) -> "tuple[CropRecipe, GeneratedRecipe]":
    """Return how crops are made and how the network is trained.

    Raises
    ------
    TrainingError
        For a value out of range.
    """
    from dataclasses import replace

    from verifier.training.generated.data import CropRecipe
    from verifier.training.generated.train import RECIPES

    recipe = RECIPES[args.network]
    augmentation = args.augmentation or recipe.augmentation
    recipe = replace(recipe, augmentation=augmentation, grey=args.grey, seed=args.seed)
    cut = CropRecipe(watermark=args.keep_watermark, seed=args.seed)
    cut = replace(cut, **given(args, "crops"))
    return cut, replace(
        recipe,
        bfloat16=not args.float32,
        **given(args, "steps", "batch", "validate_every", "learning_rate"),
    )
