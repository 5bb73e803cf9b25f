"""``camsim evaluate platform``: every table of platform of origin, from its shipped weights."""

from collections.abc import Sequence
from dataclasses import KW_ONLY, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final, Literal

from channel.options import SOME, Count, Whole
from channel.terminal import track
from verifier.detectors.model import Model
from verifier.detectors.platform import TASK
from verifier.errors import ScoresError
from verifier.weights import FOLDER, ModelEntry, read_manifest

if TYPE_CHECKING:
    from verifier.evaluation.platform.bench import Record

TABLES: Final = ("classes", "answers", "chains", "downloaded", "headers", "programs")
_KEPT: Final = "sent"


@dataclass(frozen=True)
class EvaluatePlatform:
    """Platform of origin: eight and three classes, chains, real files and headers.

    Send held-out pictures through platforms, ask header and pixels, and print every table.
    Simulated and real pictures stand apart.

    Parameters
    ----------
    pictures
        Folders that no training saw; none: real files only.
    downloaded
        Table of files that were downloaded.
    headers
        Table of real headers.
    programs
        JPEG files of no platform, a folder for each program or package that they are of.
    shares
        Print how common each way of coding is among them.
    limit
        Use so many pictures of each folder, and of each program.
    seed
        Of all that is drawn at random.
    weights
        Models of your own.
    table
        Which tables (default all).
    out
        Folder that keeps what was transmitted and answered, scores for calibration, and the
        figure; a second run of the same model prints from it.
    """

    pictures: tuple[Path, ...] = ()
    _: KW_ONLY
    downloaded: Path | None = None
    headers: Path | None = None
    programs: Path | None = None
    shares: bool = False
    limit: Count | None = None
    seed: Whole = 1
    weights: Path = FOLDER
    table: Annotated[
        tuple[Literal["classes", "answers", "chains", "downloaded", "headers", "programs"], ...],
        SOME,
    ] = tuple(TABLES)
    out: Path = Path("measured")

    def __call__(self) -> int:
        """Measure what isn't measured yet, and print the tables."""
        from verifier.evaluation.platform import tables

        entry = find_entry(self.weights)
        if self.pictures:
            _print_simulated(self, entry)
        if "downloaded" in self.table and self.downloaded:
            from verifier.evaluation.platform.bench import record_of, served_pictures

            model = Model(entry, self.weights)
            found = [record_of(picture, model) for picture in served_pictures(self.downloaded)]
            print(tables.served_table(found, entry))
        if "headers" in self.table and self.headers:
            from verifier.evaluation.platform.headers import read_header_rows

            print(tables.headers_table(read_header_rows(self.headers)))
        if "programs" in self.table and self.programs:
            from verifier.evaluation.platform.programs import (
                program_headers,
                programs_table,
                shares_table,
            )

            headers = program_headers(self.programs, self.limit)
            print(programs_table(headers))
            if self.shares:
                print(shares_table(headers))
        return 0


def _print_simulated(args: EvaluatePlatform, entry: ModelEntry) -> None:
    """Print the tables of pictures that are transmitted here."""
    from verifier.evaluation.platform import tables

    records = _records(args, entry)
    print(f"{entry.name} {entry.version}: {len(records)} simulated pictures of "
          f"{len({r.sent.photo for r in records})} photographs\n")  # fmt: skip
    if "classes" in args.table:
        for words, paper in (("the paper's ten qualities", True), ("any quality", False)):
            print(f"Uploads of {words}, 50 to 95:\n")
            print(tables.classes_table([r for r in records if r.sent.paper is paper]))
        print("Patches, in percent:\n")
        print(tables.confusion_table(records))
        print("Pictures by majority, in percent:\n")
        print(tables.confusion_table(records, pictures=True))
        print(tables.qualities_table(records))
    if "answers" in args.table:
        print(tables.answers_table(records, entry))
        print(tables.wrong_bound(records, entry) + "\n")
        print(tables.others_table(records, entry))
    if "chains" in args.table:
        print(tables.chains_table(records, entry))
    _draw(records, args.out)


def find_entry(folder: Path) -> ModelEntry:
    """Return the model of platforms of a folder. Raises `ScoresError` if it has none."""
    entries = read_manifest(folder).of_task(TASK)
    if not entries:
        raise ScoresError(f"{folder} has no model of platforms; camsim train platform makes one")
    return entries[0]


def _records(args: EvaluatePlatform, entry: ModelEntry) -> "list[Record]":
    """Send what isn't kept from an earlier run, ask the model, and write scores for calibration."""
    from verifier.evaluation.platform.bench import kept_pictures, read_records, record_of
    from verifier.evaluation.record_lines import write_records
    from verifier.evaluation.scores import write_scores
    from verifier.evaluation.uploads import source_files

    answered = args.out / f"records-{entry.sha256[:12]}.jsonl"
    if answered.exists():
        return read_records(answered)
    files = [f for folder in args.pictures for f in source_files(folder)[: args.limit]]
    model = Model(entry, args.weights)
    shown = track(files, "sending and reading")
    records = [
        record_of(picture, model)
        for number, path in enumerate(shown)
        for picture in kept_pictures(path, number, args.seed, args.out / _KEPT)
    ]
    write_records(answered, records)
    labels = [label.name for label in entry.labels]
    rows = (r.row for r in records if not r.sent.untouched and not r.sent.before)
    write_scores(args.out / "scores.csv", labels, rows)
    return records


def _draw(records: "Sequence[Record]", out: Path) -> None:
    from verifier.evaluation.platform.figures import draw_confusions

    draw_confusions(records, out / "platform-confusion.png")
