"""``camsim evaluate generated``: AP by generator, robustness, spectra, ranking."""

from collections.abc import Sequence
from dataclasses import KW_ONLY, dataclass
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final, Literal

from channel.extras import to_install
from channel.options import ANY, SOME, Out, Whole
from channel.terminal import track
from verifier.detectors import generated, origin
from verifier.detectors.model import Model
from verifier.errors import DependencyError, ScoresError
from verifier.weights import FOLDER, read_manifest

if TYPE_CHECKING:
    from verifier.evaluation.generated.bench import Change, TestCrop

PARTS: Final = ("precision", "robustness", "spectra", "ranking")
# Whose models know generated pictures; the first that a folder has is taken.
TASKS: Final = (generated.TASK, origin.TASK)
# Where figure 5 of Wang et al. has its points.
SIGMAS: Final = (0.0, 1.0, 2.0, 3.0, 4.0)
QUALITIES: Final = (100, 90, 80, 70, 60, 50, 40, 30)


@dataclass(frozen=True)
class EvaluateGenerated:
    """Generated pictures: AP by generator, robustness, spectra, ranking.

    Cut the centre of every picture, give all the same processing history, and measure models on
    them. This gives the table and figures 2, 5 and 7 of Wang et al., CVPR 2020, and the ranking
    of its section 4.6.

    Parameters
    ----------
    natural
        Folders of photographs.
    generated
        Generated pictures; each folder is a generator's.
    models
        Folders of weights to compare, such as RUN/weights (default: the shipped ones): of each its
        model of generated pictures, or else of origins, by the probability of "generated".
    seen
        Generators that the models were trained on: left out of the mean.
    keep_watermark
        Leave the invisible watermark of Stable Diffusion's scripts in the pictures.
    part
        Which parts (default all).
    seed
        Of the processing histories.
    out
        Folder for the figures; they are replaced.
    """

    _: KW_ONLY
    natural: Annotated[tuple[Path, ...], SOME]
    generated: Annotated[tuple[Path, ...], SOME]
    models: Annotated[tuple[Path, ...], SOME] = (FOLDER,)
    seen: Annotated[tuple[str, ...], ANY] = ()
    keep_watermark: bool = False
    part: Annotated[tuple[Literal["precision", "robustness", "spectra", "ranking"], ...], SOME] = (
        tuple(PARTS)
    )
    seed: Whole = 0
    out: Out

    def __call__(self) -> int:
        """Print the tables, and draw the figures."""
        require_opencv()
        from verifier.evaluation.generated.bench import centre_crops
        from verifier.training.generated.sets import GENERATED, NATURAL, pictures_of_sets

        models = [model_of(folder) for folder in self.models]
        pictures = (
            *pictures_of_sets(NATURAL, self.natural),
            *pictures_of_sets(GENERATED, self.generated),
        )
        crops = centre_crops(pictures, self.seed, watermark=self.keep_watermark)
        natural = sum(crop.picture.kind == NATURAL for crop in crops)
        print(f"{natural} photographs and {len(crops) - natural} generated pictures; watermark "
              f"{'left in' if self.keep_watermark else 'removed'}\n")  # fmt: skip
        if "precision" in self.part:
            _precision(models, crops, self)
        if "robustness" in self.part:
            _robustness(models, crops, self.out)
        if "spectra" in self.part:
            _spectra(crops, self.out)
        if "ranking" in self.part:
            _ranking(models[0], crops, self.out)
        return 0


def require_opencv() -> None:
    """Raise `DependencyError` where OpenCV is missing."""
    try:
        import_module("cv2")
    except ImportError as error:
        words = f"the protocol needs OpenCV: {to_install('train')}"
        raise DependencyError(words) from error


def model_of(folder: Path) -> Model:
    """Return the model of a folder that says how likely a crop is generated.

    That is the first of generated pictures; where there is none, the first of origins.

    Raises
    ------
    ScoresError
        If there is neither, it has no class of generated pictures, or it doesn't take crops.
    """
    from verifier.evaluation.generated.log_odds import place_of_generated
    from verifier.training.generated.sets import CROP

    manifest = read_manifest(folder)
    entries = [entry for task in TASKS for entry in manifest.of_task(task)]
    if not entries:
        raise ScoresError(
            f"{folder} has no model of generated pictures or of origins; camsim train generated "
            "makes one"
        )
    entry = entries[0]
    place_of_generated(entry.name, entry.labels)
    if (entry.input.kind, entry.input.side) != ("patches", CROP):
        raise ScoresError(
            f"{entry.name} takes {entry.input.kind} of {entry.input.side} pixels a side; give a "
            f"model that takes patches of {CROP}"
        )
    return Model(entry, folder)


def _precision(
    models: Sequence[Model], crops: "Sequence[TestCrop]", args: EvaluateGenerated
) -> None:
    from verifier.evaluation.generated.bench import (
        chance_by_set,
        count_by_set,
        precision_by_set,
        scores_of,
    )
    from verifier.evaluation.generated.figures import draw_augmentation
    from verifier.evaluation.generated.tables import precision_table

    rows = [(m.entry.name, precision_by_set(crops, scores_of(m, crops))) for m in models]
    chance = chance_by_set(crops)
    print(precision_table(rows, chance, count_by_set(crops), args.seen))
    draw_augmentation(rows, chance, args.out / "generated-augmentation.png")


def _robustness(models: Sequence[Model], crops: "Sequence[TestCrop]", out: Path) -> None:
    from verifier.evaluation.generated.bench import chance_by_set, precision_by_set, scores_of
    from verifier.evaluation.generated.figures import draw_robustness
    from verifier.evaluation.generated.tables import robustness_table
    from verifier.training.generated.blur_and_jpeg import blurred, coded

    changes: dict[str, list[tuple[float, Change]]] = {
        "Gaussian blur, σ in pixels": [(s, partial(blurred, sigma=s)) for s in SIGMAS],
        "JPEG quality (Pillow)": [
            (q, partial(coded, quality=q, codec="pillow")) for q in QUALITIES
        ],
    }
    shown = track(models, "blurring and coding")
    curves: dict[str, list[tuple[str, Sequence[float], list[dict[str, float]]]]] = {
        what: [] for what in changes
    }
    for model in shown:
        for what, steps in changes.items():
            found = [precision_by_set(crops, scores_of(model, crops, step)) for _, step in steps]
            curves[what].append((model.entry.name, [place for place, _ in steps], found))
    for what, of_models in curves.items():
        print(robustness_table(what, of_models))
    draw_robustness(curves, chance_by_set(crops), out / "generated-robustness.png")


def _spectra(crops: "Sequence[TestCrop]", out: Path) -> None:
    from verifier.evaluation.generated.figures import draw_spectra
    from verifier.features.average_spectrum import average_spectrum

    names = dict.fromkeys(crop.picture.set for crop in crops)
    parts = {name: [c.pixels for c in crops if c.picture.set == name] for name in names}
    spectra = {name: (average_spectrum(part), len(part)) for name, part in parts.items()}
    draw_spectra(spectra, out / "generated-spectra.png")


def _ranking(model: Model, crops: "Sequence[TestCrop]", out: Path) -> None:
    from verifier.evaluation.generated.bench import scores_of
    from verifier.evaluation.generated.figures import draw_ranking
    from verifier.evaluation.generated.tables import ranking_table

    scores = scores_of(model, crops)
    ranked = [(crops[i], float(scores[i])) for i in (-scores).argsort(kind="stable")]
    table = ranking_table([(crop.picture.name, score) for crop, score in ranked])
    out.mkdir(parents=True, exist_ok=True)
    (out / "generated-ranking.md").write_text(table, encoding="utf-8")
    draw_ranking(ranked, out / "generated-ranking.png")
