"""``camsim evaluate inpainted``: whether a map shows which part of a photograph was generated."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import KW_ONLY, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

from channel import platform
from channel.evaluation.processor import processor_name
from channel.extras import require_torch
from channel.options import ANY, SOME, Count, Out, Whole
from channel.output import write
from channel.terminal import track
from verifier.analysis import Verifier
from verifier.commands.evaluate_generated import model_of
from verifier.detectors.detector import PixelDetector
from verifier.detectors.generated import TASK as GENERATED
from verifier.detectors.generated import GeneratedDetector
from verifier.detectors.model import Model
from verifier.detectors.origin import OriginDetector
from verifier.detectors.patch_scores import PatchScores
from verifier.errors import PicturesError
from verifier.evaluation.record_lines import write_records
from verifier.evaluation.scores import NO_PLATFORM
from verifier.weights import FOLDER

if TYPE_CHECKING:
    from verifier.evaluation.inpainted.trials import Judge, Trial
    from verifier.training.generated.aligned_pairs import Decoder
    from verifier.training.picture_sets import Picture

_PLATFORMS: Final = (NO_PLATFORM, "whatsapp", "instagram", "facebook")


@dataclass(frozen=True)
class EvaluateInpainted:
    """Whether a model's map shows which part of a photograph was generated.

    Make a part of each photograph again by a generator's autoencoder, 20% and 50% of its area.
    Blend it in, save it as JPEG, send it through platforms, and score patches all over it. The
    same patches of the photograph without the part say what its subject gives.

    Parameters
    ----------
    photos
        Folders of photographs that no training saw; each is a set.
    taef2
        The weights of the TAEF2 autoencoder (.pth): its encoder, then its decoder.
    generator
        Runs of camsim train generator, by their folders.
    weights
        Folder of models: its model of generated pictures is measured, or else that of origins.
    platform
        Through which, each by itself; none is the file as saved.
    limit
        Use the first so many photographs of each folder that are large enough.
    threads
        Threads of torch (default: every core).
    seed
        Of the parts, and of what a decoder draws at random.
    out
        Folder for the tables and a line a trial; they are replaced.
    """

    photos: Annotated[tuple[Path, ...], SOME]
    _: KW_ONLY
    taef2: Annotated[tuple[Path, ...], ANY] = ()
    generator: Annotated[tuple[Path, ...], ANY] = ()
    weights: Path = FOLDER
    platform: Annotated[tuple[str, ...], SOME] = _PLATFORMS
    limit: Count | None = None
    threads: Count | None = None
    seed: Whole = 0
    out: Out

    def __call__(self) -> int:
        """Print the tables, and write them after each photograph."""
        require_torch("generators need")
        from verifier.commands.train_pairs import decoders_of
        from verifier.evaluation.inpainted.trials import Judge
        from verifier.training.generated.sets import NATURAL, pictures_of_sets
        from verifier.training.seeded import make_ready

        for name in self.platform:
            if name != NO_PLATFORM:
                platform(name)  # that they exist is said before minutes of work
        make_ready(self.seed, self.threads)
        pictures = pictures_of_sets(NATURAL, self.photos)
        model = model_of(self.weights)
        decoders = decoders_of(self.taef2, self.generator)
        trials: list[Trial] = []
        with Verifier.facts_only() as verifier:
            judge = Judge(verifier, _detector_of(model), model)
            for found in _by_photo(self, pictures, decoders, judge):
                trials += found
                self._write(trials, model.entry.name)
        if not trials:
            raise PicturesError(
                "no photograph is large enough for patches in a part and beside it; give some of "
                f"{3 * judge.side} pixels a side"
            )
        print(_text(trials, model.entry.name))
        return 0

    def _write(self, trials: "Sequence[Trial]", model: str) -> None:
        write(self.out / "inpainted.md", _text(trials, model).encode(), force=True)
        write_records(self.out / "trials.jsonl", trials)


def _by_photo(
    args: EvaluateInpainted,
    pictures: "Sequence[Picture]",
    decoders: "Mapping[str, Decoder]",
    judge: "Judge",
) -> "Iterator[list[Trial]]":
    """Try photographs, up to the limit of each set; those that are too small don't count."""
    from verifier.evaluation.inpainted.trials import trials_of

    tried: Counter[str] = Counter()
    for picture in track(pictures, "making parts again"):
        if args.limit is None or tried[picture.set] < args.limit:
            found = list(trials_of(picture, decoders, args.platform, judge, args.seed))
            tried[picture.set] += bool(found)
            if found:
                yield found


def _detector_of(model: Model) -> PixelDetector[PatchScores]:
    kind = GeneratedDetector if model.entry.task == GENERATED else OriginDetector
    return kind((model,))


def _text(trials: "Sequence[Trial]", model: str) -> str:
    from verifier.evaluation.inpainted.tables import change_table, map_table

    photos = Counter(name for name, _ in {(trial.set, trial.photo) for trial in trials})
    sets = ", ".join(f"{photos[name]} of {name}" for name in dict.fromkeys(t.set for t in trials))
    said = f"{model}; {photos.total()} photographs: {sets}; {processor_name()}\n"
    return "\n".join([said, map_table(trials), change_table(trials)])
