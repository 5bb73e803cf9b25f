"""``camsim evaluate``: scores, calibration, flips and fuzz of the verifier."""

import argparse
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

from channel.errors import ChannelError
from channel.terminal import track
from verifier.analysis import Verifier
from verifier.detectors.generated import TASK as GENERATED
from verifier.detectors.generated import GeneratedDetector
from verifier.detectors.manipulation import TASK as MANIPULATION
from verifier.detectors.manipulation import ManipulationDetector
from verifier.detectors.model import Model
from verifier.detectors.origin import TASK as ORIGIN
from verifier.detectors.origin import OriginDetector
from verifier.detectors.platform import PlatformDetector
from verifier.errors import OutputError, ScoresError
from verifier.weights import FOLDER, ModelEntry, read_manifest, store_calibration

if TYPE_CHECKING:
    from verifier.commands import Commands
    from verifier.evaluation.fitting import Fitted
    from verifier.evaluation.flips import FlipRate
    from verifier.evaluation.labelled import Labelled
    from verifier.evaluation.scores import Scorer

FOREIGN_EXCEPTIONS: Final = 1
_SCORERS: Final[dict[str, "Callable[[tuple[Model, ...]], Scorer]"]] = {
    MANIPULATION: ManipulationDetector,
    ORIGIN: OriginDetector,
    GENERATED: GeneratedDetector,
}
_PLATFORMS: Final = ("none", "whatsapp", "facebook", "instagram", "twitter", "telegram")


def add_to(evaluations: "Commands") -> None:
    """Add ``evaluate scores``, ``calibration``, ``flips`` and ``fuzz``."""
    _add_scores(evaluations)
    _add_calibration(evaluations)
    _add_flips(evaluations)
    _add_fuzz(evaluations)


def _add_model(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--model", required=True, metavar="NAME", help="of the manifest")
    parser.add_argument("--weights", type=Path, default=FOLDER, metavar="FOLDER")


def _add_scores(evaluations: "Commands") -> None:
    parser = evaluations.add_parser(
        "scores",
        help="a detector's raw scores of labelled pictures, for calibration",
        description="Score FOLDER/<label>/* and FOLDER/<label>/<set>/* as they are and through "
        "platforms. Variants of a photograph share the file name up to its first dot.",
    )
    parser.add_argument("pictures", type=Path, metavar="FOLDER")
    _add_model(parser)
    parser.add_argument("--platform", nargs="+", default=list(_PLATFORMS), metavar="NAME")
    parser.add_argument("--limit", type=int, help="use the first so many pictures of each label")
    parser.add_argument("--out", type=Path, required=True, metavar="CSV")
    parser.set_defaults(run=run_scores)


def _add_calibration(evaluations: "Commands") -> None:
    parser = evaluations.add_parser(
        "calibration",
        help="fit a calibration to scores; expected calibration error, reliability diagrams",
        description="Fit on half of the photographs, or on the sets that are listed for it, "
        "measure on the others, and print it.",
    )
    parser.add_argument("scores", type=Path, metavar="CSV", help="of camsim evaluate scores")
    _add_model(parser)
    parser.add_argument("--isotonic", action="store_true", help="map the share of edits as well")
    parser.add_argument(
        "--by-photo", action="store_true",
        help="count false alarms by photograph, not by its variants (platforms, generators)",
    )  # fmt: skip
    parser.add_argument(
        "--sets", type=Path, metavar="LIST",
        help="what each set is for (CSV: set, subject, part): fit to whole sets, measure on "
        "others, count by picture, and print what is said of each set",
    )  # fmt: skip
    parser.add_argument(
        "--stored", action="store_true",
        help="fit nothing: measure the calibration of the manifest on the sets for tests of "
        "--sets; --store then writes the figures alone",
    )  # fmt: skip
    parser.add_argument("--per-platform", action="store_true", help="one for each platform, too")
    parser.add_argument("--edited-rate", type=float, default=0.01, help="false alarms (0.01)")
    parser.add_argument("--native-rate", type=float, default=0.01, help="edits cleared (0.01)")
    parser.add_argument("--foreign-rate", type=float, default=0.02, help="natives refused (0.02)")
    parser.add_argument(
        "--named-rate", type=float, default=0.02, help="pictures of none named a platform (0.02)"
    )
    parser.add_argument(
        "--none-rate", type=float, default=0.02, help="pictures of a platform called none (0.02)"
    )
    parser.add_argument("--data", default="", help="what the pictures are, for the manifest")
    parser.add_argument("--figure", type=Path, metavar="PNG", help="draw reliability diagrams")
    parser.add_argument("--store", action="store_true", help="write it into the manifest")
    parser.set_defaults(run=run_calibration)


def _add_flips(evaluations: "Commands") -> None:
    parser = evaluations.add_parser(
        "flips", help="share of verdicts that turn wrong when a picture is sent through a platform"
    )
    parser.add_argument("pictures", type=Path, metavar="FOLDER", help="FOLDER/<label>/*")
    _add_model(parser)
    parser.add_argument("--platform", nargs="+", default=list(_PLATFORMS[1:]), metavar="NAME")
    parser.add_argument("--limit", type=int, help="use the first so many pictures of each label")
    parser.set_defaults(run=run_flips)


def _add_fuzz(evaluations: "Commands") -> None:
    parser = evaluations.add_parser("fuzz", help="analyse mutated files; only our errors may leave")
    parser.add_argument("--files", type=int, default=10_000, help="how many (default 10,000)")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--weights", type=Path, default=FOLDER, help="models of your own")
    parser.add_argument("--also", nargs="*", type=Path, default=[], help="more files to mutate")
    parser.add_argument("--keep", type=Path, metavar="FOLDER", help="keep what broke it there")
    parser.set_defaults(run=run_fuzz)


def run_scores(args: argparse.Namespace) -> int:
    """Write a line a picture and platform."""
    from verifier.evaluation.labelled import labelled_pictures
    from verifier.evaluation.scores import collect_scores, write_scores

    entry = read_manifest(args.weights).find(args.model)
    labels = [label.name for label in entry.labels]
    pictures = _first(labelled_pictures(args.pictures, labels), args.limit)
    detector = _SCORERS.get(entry.task, PlatformDetector)((Model(entry, args.weights),))
    with Verifier.facts_only() as verifier:
        progress = track(pictures, "scoring")
        rows = (
            row
            for picture in progress
            for row in collect_scores(verifier, detector, [picture], args.platform)
        )
        count = write_scores(args.out, labels, rows)
    print(f"{count} scores of {len(pictures)} pictures in {args.out}")
    return 0


def run_calibration(args: argparse.Namespace) -> int:
    """Print a table, and store and draw what is asked for."""
    from verifier.evaluation.fitting import Rates, fit, measure_stored
    from verifier.evaluation.reliability_figure import draw_reliability
    from verifier.evaluation.scores import read_scores
    from verifier.evaluation.set_table import set_table
    from verifier.training.listed_sets import read_listed_sets

    entry = read_manifest(args.weights).find(args.model)
    scores = read_scores(args.scores)
    rates = Rates(
        args.edited_rate, args.native_rate, args.foreign_rate, args.named_rate, args.none_rate
    )
    data = args.data or args.scores.name
    sets = read_listed_sets(args.sets) if args.sets else None
    options = {
        "isotonic": args.isotonic, "by_photo": args.by_photo, "sets": sets, "data": data
    }  # fmt: skip
    if args.stored and (sets is None or args.per_platform):
        raise ScoresError("--stored needs --sets, and doesn't go with --per-platform")
    if args.stored and sets is not None:
        found = [measure_stored(entry, scores, sets, data=args.data)]
    else:
        found = [fit(entry, scores, rates, **options)]
    if args.per_platform:
        for channel in sorted({row.channel for row in scores.rows} - {""}):
            part = scores.where([row.channel == channel for row in scores.rows])
            found.append(fit(entry, part, rates, channel=channel, **options))
    print(_calibration_table(found))
    print(_threshold_table(found))
    if sets is not None:
        print(set_table(entry, found[0].calibration, scores, sets))
    if args.figure:
        diagrams = [("before, any", found[0].before)]
        diagrams += [(f"after, {one.channel}", one.after) for one in found]
        diagrams.append(("any edit or platform", found[0].of_edits))
        draw_reliability(diagrams, args.figure)
    if args.store:
        for one in found:
            store_calibration(entry.name, one.calibration, one.channel, args.weights)
    return 0


def _calibration_table(found: "Sequence[Fitted]") -> str:
    lines = [
        "| channel | pictures | accuracy | ECE before | ECE after | ECE of any edit or platform | "
        "answered | "
        "right of answered |",
        "|---|---|---|---|---|---|---|---|",
    ]
    lines += [
        f"| {one.channel} | {one.calibration.pictures} | {one.accuracy:.1%} | "
        f"{one.before.error:.3f} | {one.after.error:.3f} | {one.of_edits.error:.3f} | "
        f"{one.answered:.1%} | {one.right_of_answered:.1%} |"
        for one in found
    ]
    return "\n".join([*lines, ""])


def _threshold_table(found: "Sequence[Fitted]") -> str:
    lines = [
        "| channel | answer | threshold | false alarms, measured | 95% bound | pictures |",
        "|---|---|---|---|---|---|",
    ]
    for one in found:
        for name in ("edited", "native", "foreign", "named", "none"):
            threshold = getattr(one.calibration, name)
            if threshold is not None:
                lines.append(
                    f"| {one.channel} | {name} | {threshold.value:.4f} | "
                    f"{threshold.false_alarm_rate:.2%} | {threshold.upper_bound:.2%} | "
                    f"{threshold.pictures} |"
                )
    return "\n".join([*lines, ""])


def run_flips(args: argparse.Namespace) -> int:
    """Print a line a platform."""
    from verifier.evaluation.flips import collect_verdicts, flip_rates
    from verifier.evaluation.labelled import labelled_pictures

    entry = read_manifest(args.weights).find(args.model)
    roles = {label.name: label.role for label in entry.labels}
    pictures = _first(labelled_pictures(args.pictures, list(roles)), args.limit)
    shown = track(pictures, "sending")
    with Verifier.from_weights(args.weights) as verifier:
        try:
            verdicts = [
                verdict
                for picture in shown
                for verdict in collect_verdicts(
                    verifier, [picture], args.platform, roles.__getitem__
                )
            ]
        except ChannelError as error:
            raise ScoresError(str(error)) from error
    print(_flip_table(flip_rates(verdicts), entry))
    return 0


def _flip_table(rates: "Sequence[FlipRate]", entry: ModelEntry) -> str:
    lines = [
        f"Verdicts of {entry.name} {entry.version}",
        "",
        "| platform | verdicts | answered before | answered after | wrong before | wrong after | "
        "turned wrong | share | 95% bound |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    lines += [
        f"| {r.platform} | {r.verdicts} | {r.answered_before} | {r.answered_after} | "
        f"{r.wrong_before} | {r.wrong_after} | {r.flips} | {r.rate:.2%} | {r.bound:.2%} |"
        for r in rates
    ]
    return "\n".join([*lines, ""])


def run_fuzz(args: argparse.Namespace) -> int:
    """Print what came out; 1 if an exception that isn't ours did."""
    from verifier.evaluation.fuzz import fuzz
    from verifier.evaluation.mutation import seeds

    try:
        files = [*seeds(), *(path.read_bytes() for path in args.also)]
    except OSError as error:
        raise ScoresError(f"a file to mutate can't be read: {error}") from error
    with Verifier.from_weights(args.weights) as verifier:
        result = fuzz(verifier, files, args.files, args.seed)
    print(f"{result.files} mutated files of {len(files)} kinds in {result.seconds:.0f} s")
    for name, count in result.outcomes.items():
        print(f"  {name:<24}{count:>8}")
    print(f"readers that died and were replaced: {result.deaths}; time limit: {result.timeouts}")
    print(f"slowest file: {result.slowest:.2f} s")
    print(f"exceptions that aren't ours: {len(result.foreign)}")
    for number, (data, what) in enumerate(result.foreign):
        print(f"  {what}")
        if args.keep:
            _keep(args.keep / f"{args.seed}-{number}", data)
    return FOREIGN_EXCEPTIONS if result.foreign else 0


def _keep(path: Path, data: bytes) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    except OSError as error:
        raise OutputError(f"{path} can't be written: {error}") from error


def _first(pictures: "Sequence[Labelled]", limit: int | None) -> "list[Labelled]":
    """Take so many of each label."""
    taken: Counter[str] = Counter()
    kept = []
    for picture in pictures:
        taken[picture.truth] += 1
        if limit is None or taken[picture.truth] <= limit:
            kept.append(picture)
    return kept
