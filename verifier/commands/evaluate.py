"""``camsim evaluate``: scores, calibration, flips and fuzz of the verifier."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import KW_ONLY, dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Annotated, Any, Final

from channel.errors import ChannelError, reason_of
from channel.evaluation.table import Table
from channel.options import ANY, SOME, Count, Share, Whole
from channel.terminal import track
from verifier.analysis import Verifier
from verifier.detectors.generated import TASK as GENERATED
from verifier.detectors.generated import GeneratedDetector
from verifier.detectors.model import Model
from verifier.detectors.origin import TASK as ORIGIN
from verifier.detectors.origin import OriginDetector
from verifier.detectors.platform import TASK as PLATFORM
from verifier.detectors.platform import PlatformDetector
from verifier.errors import OutputError, ScoresError
from verifier.weights import FOLDER, ModelEntry, Threshold, read_manifest, store_calibration

if TYPE_CHECKING:
    from verifier.evaluation.fitting import Fitted
    from verifier.evaluation.flips import FlipRate
    from verifier.evaluation.labelled import Labelled
    from verifier.evaluation.scores import Scorer

UNEXPECTED_EXCEPTIONS: Final = 1
_SCORERS: Final[dict[str, "Callable[[tuple[Model, ...]], Scorer]"]] = {
    ORIGIN: OriginDetector,
    GENERATED: GeneratedDetector,
    PLATFORM: PlatformDetector,
}
_PLATFORMS: Final = ("none", "whatsapp", "facebook", "instagram", "twitter", "telegram")


@dataclass(frozen=True)
class ModelOptions:
    """Options that several commands share.

    Parameters
    ----------
    model
        Of the manifest.
    weights
        Models of your own.
    """

    _: KW_ONLY
    model: str
    weights: Path = FOLDER


@dataclass(frozen=True)
class EvaluateScores(ModelOptions):
    """A detector's raw scores of labelled pictures, for calibration.

    Score FOLDER/<label>/* and FOLDER/<label>/<set>/* as they are and through platforms. Variants
    of a photograph share the file name up to its first dot.

    Parameters
    ----------
    pictures
        A folder of pictures.
    platform
        Names of platforms.
    limit
        Use the first so many pictures of each label.
    middle
        Ask about the middle of each picture, of at most so many pixels a side, so that large
        and small ones are compared alike.
    out
        The file of scores, CSV.
    """

    pictures: Path
    _: KW_ONLY
    platform: Annotated[tuple[str, ...], SOME] = tuple(_PLATFORMS)
    limit: Count | None = None
    middle: Count | None = None
    out: Path

    def __call__(self) -> int:
        """Write a line a picture and platform."""
        from verifier.evaluation.labelled import labelled_pictures
        from verifier.evaluation.middles import cut_middles
        from verifier.evaluation.scores import collect_scores, write_scores

        entry = read_manifest(self.weights).find(self.model)
        if entry.task not in _SCORERS:
            raise ScoresError(
                f"{entry.name} is no model of {', '.join(_SCORERS)}, so it has no scores to fit a "
                "calibration to"
            )
        labels = [label.name for label in entry.labels]
        pictures = _first(labelled_pictures(self.pictures, labels), self.limit)
        detector = _SCORERS[entry.task]((Model(entry, self.weights),))
        with Verifier.facts_only() as verifier, TemporaryDirectory() as folder:
            if self.middle:
                pictures = cut_middles(pictures, self.middle, Path(folder))
            progress = track(pictures, "scoring")
            rows = (
                row
                for picture in progress
                for row in collect_scores(verifier, detector, [picture], self.platform)
            )
            count = write_scores(self.out, labels, rows)
        print(f"{count} scores of {len(pictures)} pictures in {self.out}")
        return 0


@dataclass(frozen=True)
class EvaluateCalibration(ModelOptions):
    """Fit a calibration to scores; expected calibration error, reliability diagrams.

    Fit on half of the photographs, or on the sets that are listed for it, measure on the others,
    and print it.

    Parameters
    ----------
    scores
        A file of camsim evaluate scores.
    by_photo
        Count false alarms by photograph, not by its variants (platforms, generators).
    sets
        What each set is for (CSV: set, subject, part): fit to whole sets, measure on others,
        count by picture, and print what is said of each set.
    stored
        Fit nothing: measure the calibration of the manifest on the sets for tests of --sets;
        --store then writes the figures alone.
    per_platform
        One for each platform, too.
    named_rate
        Pictures of none named a class.
    none_rate
        Pictures of a class called none.
    data
        What the pictures are, for the manifest.
    figure
        Draw reliability diagrams.
    store
        Write it into the manifest.
    """

    scores: Path
    _: KW_ONLY
    by_photo: bool = False
    sets: Path | None = None
    stored: bool = False
    per_platform: bool = False
    named_rate: Share = 0.02
    none_rate: Share = 0.02
    data: str = ""
    figure: Path | None = None
    store: bool = False

    def __call__(self) -> int:
        """Print a table, and store and draw what is asked for."""
        from verifier.evaluation.fitting import Rates, fit, measure_stored
        from verifier.evaluation.ranking import ranking_table, rankings
        from verifier.evaluation.reliability_figure import draw_reliability
        from verifier.evaluation.scores import read_scores
        from verifier.evaluation.set_table import set_table
        from verifier.training.listed_sets import read_listed_sets

        entry = read_manifest(self.weights).find(self.model)
        scores = read_scores(self.scores)
        rates = Rates(self.named_rate, self.none_rate)
        data = self.data or self.scores.name
        sets = read_listed_sets(self.sets) if self.sets else None
        options: dict[str, Any] = {
            "by_photo": self.by_photo, "sets": sets, "data": data
        }  # fmt: skip
        if self.stored and (sets is None or self.per_platform):
            raise ScoresError("--stored needs --sets, and doesn't go with --per-platform")
        if self.stored and sets is not None:
            found = [measure_stored(entry, scores, sets, data=self.data)]
        else:
            found = [fit(entry, scores, rates, **options)]
        if self.per_platform:
            for channel in sorted({row.channel for row in scores.rows} - {""}):
                part = scores.where([row.channel == channel for row in scores.rows])
                found.append(fit(entry, part, rates, channel=channel, **options))
        print(_calibration_table(found))
        print(_threshold_table(found))
        if sets is not None:
            print(set_table(entry, found[0].calibration, scores, sets))
            print(ranking_table(rankings(entry, found[0].calibration, scores, sets)))
        if self.figure:
            diagrams = [("before, any", found[0].before)]
            diagrams += [(f"after, {one.channel}", one.after) for one in found]
            diagrams.append(("any class", found[0].of_classes))
            draw_reliability(diagrams, self.figure)
        if self.store:
            for one in found:
                store_calibration(entry.name, one.calibration, one.channel, self.weights)
        return 0


@dataclass(frozen=True)
class EvaluateFlips(ModelOptions):
    """Share of verdicts that turn wrong when a picture is transmitted through a platform.

    Parameters
    ----------
    pictures
        FOLDER/<label>/*.
    platform
        Names of platforms.
    limit
        Use the first so many pictures of each label.
    """

    pictures: Path
    _: KW_ONLY
    platform: Annotated[tuple[str, ...], SOME] = tuple(_PLATFORMS[1:])
    limit: Count | None = None

    def __call__(self) -> int:
        """Print a line a platform."""
        from verifier.evaluation.flips import collect_verdicts, flip_rates
        from verifier.evaluation.labelled import labelled_pictures

        entry = read_manifest(self.weights).find(self.model)
        roles = {label.name: label.role for label in entry.labels}
        pictures = _first(labelled_pictures(self.pictures, list(roles)), self.limit)
        shown = track(pictures, "sending")
        with Verifier.from_weights(self.weights) as verifier:
            try:
                verdicts = [
                    verdict
                    for picture in shown
                    for verdict in collect_verdicts(
                        verifier, [picture], self.platform, roles.__getitem__
                    )
                ]
            except ChannelError as error:
                raise ScoresError(str(error)) from error
        print(_flip_table(flip_rates(verdicts), entry))
        return 0


@dataclass(frozen=True)
class EvaluateFuzz:
    """Analyse mutated files; only our errors may leave.

    Parameters
    ----------
    files
        How many.
    seed
        Of all that is drawn at random.
    weights
        Models of your own.
    also
        More files to mutate.
    keep
        Keep what broke it there.
    """

    _: KW_ONLY
    files: Count = 10_000
    seed: Whole = 0
    weights: Path = FOLDER
    also: Annotated[tuple[Path, ...], ANY] = ()
    keep: Path | None = None

    def __call__(self) -> int:
        """Print what came out; 1 if an exception that isn't ours did."""
        from verifier.evaluation.fuzz import fuzz
        from verifier.evaluation.mutation import seeds

        try:
            files = [*seeds(), *(path.read_bytes() for path in self.also)]
        except OSError as error:
            raise ScoresError(f"a file to mutate can't be read: {error}") from error
        with Verifier.from_weights(self.weights) as verifier:
            result = fuzz(verifier, files, self.files, self.seed)
        print(f"{result.files} mutated files of {len(files)} kinds in {result.seconds:.0f} s")
        for name, count in result.outcomes.items():
            print(f"  {name:<24}{count:>8}")
        print(
            f"decoder processes that died and were replaced: {result.deaths}; "
            f"time limit: {result.timeouts}"
        )
        print(f"slowest file: {result.slowest:.2f} s")
        print(f"exceptions that aren't ours: {len(result.unexpected)}")
        for number, (data, what) in enumerate(result.unexpected):
            print(f"  {what}")
            if self.keep:
                _keep(self.keep / f"{self.seed}-{number}", data)
        return UNEXPECTED_EXCEPTIONS if result.unexpected else 0


def _calibration_table(found: "Sequence[Fitted]") -> str:
    columns = (
        "channel", "pictures", "accuracy", "ECE before", "ECE after",
        "ECE of any class", "answered", "right of answered",
    )  # fmt: skip
    rows = [
        (
            one.channel,
            one.calibration.pictures,
            f"{one.accuracy:.1%}",
            *(f"{diagram.error:.3f}" for diagram in (one.before, one.after, one.of_classes)),
            f"{one.answered:.1%}",
            f"{one.right_of_answered:.1%}",
        )
        for one in found
    ]
    return str(Table(columns, rows))


def _threshold_table(found: "Sequence[Fitted]") -> str:
    columns = "channel", "answer", "threshold", "false alarms, measured", "95% bound", "pictures"
    rows = []
    for one in found:
        kept = one.calibration
        named: Mapping[str, Threshold | None] = kept.named_as or {"": kept.named}
        answers = [(f"named {label}".strip(), threshold) for label, threshold in named.items()]
        for name, threshold in (*answers, ("none", kept.none)):
            if threshold is not None:
                rates = f"{threshold.false_alarm_rate:.2%}", f"{threshold.upper_bound:.2%}"
                value = f"{threshold.value:.4f}"
                rows.append((one.channel, name, value, *rates, threshold.pictures))
    return str(Table(columns, rows))


def _flip_table(rates: "Sequence[FlipRate]", entry: ModelEntry) -> str:
    columns = (
        "platform", "verdicts", "answered before", "answered after", "wrong before",
        "wrong after", "turned wrong", "share", "95% bound",
    )  # fmt: skip
    rows = [
        (
            r.platform, r.verdicts, r.answered_before, r.answered_after, r.wrong_before,
            r.wrong_after, r.flips, f"{r.rate:.2%}", f"{r.bound:.2%}",
        )
        for r in rates
    ]  # fmt: skip
    return str(Table(columns, rows, f"Verdicts of {entry.name} {entry.version}"))


def _keep(path: Path, data: bytes) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    except OSError as error:
        raise OutputError(f"{path} can't be written: {reason_of(error)}") from error


def _first(pictures: "Sequence[Labelled]", limit: int | None) -> "list[Labelled]":
    """Take so many of each label."""
    taken: Counter[str] = Counter()
    kept = []
    for picture in pictures:
        taken[picture.truth] += 1
        if limit is None or taken[picture.truth] <= limit:
            kept.append(picture)
    return kept
