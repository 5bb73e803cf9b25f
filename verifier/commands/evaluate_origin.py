"""``camsim evaluate origin``: every table of origin, from its shipped weights."""

from collections.abc import Callable, Iterator
from dataclasses import KW_ONLY, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final, Literal

from channel.options import SOME, Whole
from channel.terminal import track
from verifier.detectors.model import Model
from verifier.detectors.origin import TASK
from verifier.errors import ScoresError
from verifier.weights import FOLDER, ModelEntry, read_manifest, store_calibration

if TYPE_CHECKING:
    from verifier.evaluation.origin.bench import OriginRecord
    from verifier.training.picture_sets import Picture, Split

TABLES: Final = ("accuracy", "answers", "sets", "baselines", "confound", "curves")


@dataclass(frozen=True)
class EvaluateOrigin:
    """Origin: photograph, computer graphics or generated.

    Ask the model about pictures that its training didn't see, of sets that it saw and of sets
    held out whole, and print every table. The folder is that of training: the model's label says
    which of its pictures are for tests.

    Parameters
    ----------
    pictures
        Of camsim train origin.
    weights
        Models of your own.
    table
        Which tables (default all).
    store
        Fit and store the calibration.
    left_out
        Left-out.jsonl of the training: what it said of sets that it left out in turn, half of it
        for the calibration and half for the tables.
    data
        What the pictures are, for the manifest.
    threads
        Of the model.
    out
        Folder that keeps the answers and gets the figures; a second run of the same model prints
        from it.
    """

    pictures: Path
    _: KW_ONLY
    weights: Path = FOLDER
    table: Annotated[
        tuple[Literal["accuracy", "answers", "sets", "baselines", "confound", "curves"], ...], SOME
    ] = tuple(TABLES)
    store: bool = False
    left_out: Path | None = None
    data: str = ""
    threads: Whole = 0
    out: Path

    def __call__(self) -> int:
        """Measure what isn't measured yet, calibrate if asked to, and print the tables."""
        from verifier.evaluation.origin import tables
        from verifier.evaluation.origin.baselines import baselines_table, confound_table
        from verifier.evaluation.origin.bench import read_origin_records, saw_calibration, split_of

        entry = find_entry(self.weights)
        pictures = split_of(entry, self.pictures)
        labels = [label.name for label in entry.labels]
        records = _kept(self, entry, pictures, curves=False)
        if self.left_out:
            records += read_origin_records(self.left_out)
        elif self.store and saw_calibration(entry):
            raise ScoresError(
                f"{entry.name} saw every picture but the tests'; --store needs --left-out"
            )
        if self.store:
            entry = _calibrated(entry, records, self)
        print(f"{entry.name} {entry.version}: {len(records)} files of "
              f"{len({r.name for r in records})} pictures that no training saw\n")  # fmt: skip
        if "accuracy" in self.table:
            print(tables.accuracy_table(records, entry))
        if "answers" in self.table:
            print(tables.answers_table(records, entry))
        if "sets" in self.table:
            for feed in dict.fromkeys(r.feed for r in records):
                print(f"{tables.feed_words(feed)}:\n\n{tables.sets_table(records, entry, feed)}")
        if "baselines" in self.table:
            print(baselines_table(pictures, labels))
        if "confound" in self.table:
            print(confound_table(pictures, labels))
        points = _kept(self, entry, pictures, curves=True) if "curves" in self.table else []
        if points:
            print(tables.curves_table(points, entry))
        _draw(records, points, entry, self.out)
        return 0


def find_entry(folder: Path) -> ModelEntry:
    """Return the model of origins of a folder. Raises `ScoresError` if it has none."""
    entries = read_manifest(folder).of_task(TASK)
    if not entries:
        raise ScoresError(f"{folder} has no model of origins; camsim train origin makes one")
    return entries[0]


def _kept(
    args: EvaluateOrigin, entry: ModelEntry, pictures: "Split", *, curves: bool
) -> "list[OriginRecord]":
    """Ask the model, or read what an earlier run kept."""
    from verifier.evaluation.origin.bench import (
        CURVE_PICTURES,
        measure,
        measure_curves,
        read_origin_records,
        saw_calibration,
    )
    from verifier.evaluation.record_lines import write_records

    path = args.out / f"{'curves' if curves else 'records'}-{entry.sha256[:12]}.jsonl"
    if path.exists():
        return read_origin_records(path)
    model = Model(entry, args.weights, args.threads)
    ask: Callable[[Model, str, Picture], Iterator[OriginRecord]]
    ask = measure_curves if curves else measure
    parts = ["seen", "unseen"]
    if not curves and not saw_calibration(entry):
        parts.append("calibration")
    each = CURVE_PICTURES if curves else 1
    tested = [(part, one) for part in parts for one in getattr(pictures, part)[::each]]
    what = "processing and asking" if curves else "asking"
    shown = track(tested, what)
    records = [record for part, one in shown for record in ask(model, part, one)]
    write_records(path, records)
    return records


def _calibrated(
    entry: ModelEntry, records: "list[OriginRecord]", args: EvaluateOrigin
) -> ModelEntry:
    from verifier.evaluation.origin.fitting import fit_origin, with_calibration

    calibration = fit_origin(entry, records, args.data or args.pictures.name)
    store_calibration(entry.name, calibration, folder=args.weights)
    return with_calibration(entry, calibration)


def _draw(
    records: "list[OriginRecord]", points: "list[OriginRecord]", entry: ModelEntry, out: Path
) -> None:
    from verifier.evaluation.origin import figures, tables
    from verifier.evaluation.reliability_figure import draw_reliability
    from verifier.judging import calibration as calibrating

    labels = [label.name for label in entry.labels]
    figures.draw_confusion(records, labels, out / "origin-confusion.png")
    if points:
        figures.draw_curves(points, labels, out / "origin-curves.png")
    if entry.calibration_for(None) is None:
        return
    diagrams = []
    for part, words in tables.PARTS.items():
        kept = tables.chosen(records, part)
        if not kept:
            continue
        shares = [list(tables.probabilities(r, entry).values()) for r in kept]
        truth = [labels.index(r.kind) for r in kept]
        diagrams.append((words, calibrating.top_label_reliability(shares, truth)))
    draw_reliability(diagrams, out / "origin-reliability.png")
