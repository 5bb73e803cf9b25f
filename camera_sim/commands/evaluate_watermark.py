"""``camsim evaluate watermark``: whether payloads come back, how seen they are, what they cost."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import KW_ONLY, asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, get_args

from camera_sim.commands.earlier_run import check_new
from camera_sim.developing.files import open_engine
from camera_sim.errors import CameraSimError
from camera_sim.weights import FOLDER
from channel.evaluation.processor import processor_name
from channel.evaluation.table import Table
from channel.options import SOME, Count, Out, Whole
from channel.output import write
from channel.picture_file.srgb import picture_files
from channel.terminal import track

if TYPE_CHECKING:
    from camera_sim.evaluation.watermark.changes import Change
    from camera_sim.evaluation.watermark.fidelity import Fidelity
    from camera_sim.evaluation.watermark.photos import Shot
    from camera_sim.evaluation.watermark.recovery import Trial

TableName = Literal[
    "platforms", "chains", "changes", "sizes", "fidelity", "curve", "cost", "raw", "false-hits",
    "measuring",
]  # fmt: skip
TABLES: tuple[TableName, ...] = get_args(TableName)
MEGAPIXELS = (1, 2, 4)
CURVE_PHOTOS, COST_PHOTOS = 12, 2
WRITTEN = ("watermark.md", "trials.csv", "measuring.csv", "false-hits.csv", "curve.png")
LOOKS_KEPT = 20  # pictures, after which looks at them are written


@dataclass(frozen=True)
class EvaluateWatermark:
    """The watermark's recovery by platform, chain and change; false hits, fidelity, cost.

    Simulate captures of large photographs at their own size, develop them with a watermark, send
    them through the platforms' real codecs, and read them.

    Parameters
    ----------
    photos
        A folder of photographs, best of 8 megapixels and more, that no training saw.
    out
        A folder for the tables, the curve and every trial.
    table
        Which tables (default: all that the folders allow).
    pipeline
        Whose network lays the watermark.
    weights
        Folder of weights.
    raw
        Real RAW files as well.
    without
        Folders of pictures without a watermark, for false hits.
    limit
        Use the first so many photographs; of pictures without a watermark, so many drawn at random.
    workers
        Processes that look for false hits.
    seed
        Of keys and payloads.
    force
        Replace what an earlier run wrote, where it is made anew.
    """

    photos: Path
    _: KW_ONLY
    out: Out | None = None
    table: Annotated[tuple[TableName, ...], SOME] = ()
    pipeline: str = "qnet"
    weights: Path = FOLDER
    raw: Annotated[tuple[Path, ...], SOME] = ()
    without: Annotated[tuple[Path, ...], SOME] = ()
    limit: Count | None = None
    workers: Count = 1
    seed: Whole = 0
    force: bool = False

    def __call__(self) -> int:
        """Print the tables, and write them."""
        check_new(self.out, *WRITTEN, force=self.force)
        _Evaluation(self).run()
        return 0


@dataclass
class _Evaluation:
    """The tables, one after another; each is shown and kept as soon as it is known."""

    args: EvaluateWatermark
    shown: list[str] = field(default_factory=list)
    trials: list["Trial"] = field(default_factory=list)

    def run(self) -> None:
        """Make the tables that were asked for."""
        from camera_sim.evaluation.watermark.photos import Keys

        self.files = picture_files(self.args.photos)[: self.args.limit]
        self.engine = open_engine(self.args.pipeline, self.args.weights)
        self.keys = Keys.of_seed(self.args.seed)
        self._say(
            f"{len(self.files)} photographs of {self.args.photos.name}, pipeline "
            f"{self.args.pipeline}; {processor_name()}\n"
        )
        wanted = self.args.table or self._possible()
        self._whole_photos(wanted)
        others: dict[str, Callable[[], None]] = {
            "sizes": self._sizes, "curve": self._curve, "cost": self._cost, "raw": self._raw,
            "false-hits": self._false_hits, "measuring": self._measuring,
        }  # fmt: skip
        for name in wanted:
            others.get(name, lambda: None)()

    def _possible(self) -> tuple[TableName, ...]:
        missing = {"raw"} if not self.args.raw else set()
        missing |= {"false-hits"} if not self.args.without else set()
        return tuple(name for name in TABLES if name not in missing)

    def _whole_photos(self, wanted: Sequence[TableName]) -> None:
        """Develop each photograph once for all tables that need it whole."""
        from camera_sim.evaluation.watermark import changes, fidelity, recovery

        kinds: dict[TableName, dict[str, Change]] = {
            "platforms": changes.platform_changes(),
            "chains": changes.chain_changes(),
            "changes": changes.people_changes(),
        }
        kinds = {name: kind for name, kind in kinds.items() if name in wanted}
        measure = fidelity.measure() if "fidelity" in wanted else None
        seen: list[Fidelity] = []
        found: dict[TableName, list[Trial]] = {name: [] for name in kinds}
        if not kinds and not measure:
            return
        for shot in self._shots("photographs"):
            for name, kind in kinds.items():
                found[name] += self._kept(recovery.trials(shot, kind))
            if measure:
                seen.append(measure(shot))
        for name, of_kind in found.items():
            self._show(recovery.recovery_table(of_kind, f"Recovered: {name}"))
        if seen:
            self._show(fidelity.fidelity_table(seen))

    def _sizes(self) -> None:
        from camera_sim.evaluation.watermark import changes, recovery

        sent = {name: changes.through(name) for name in ("whatsapp", "facebook", "instagram")}
        for megapixels in MEGAPIXELS:
            found: list[Trial] = []
            for shot in self._shots(f"photographs of {megapixels} MP", megapixels):
                found += self._kept(recovery.trials(shot, sent))
            self._show(recovery.recovery_table(found, f"Recovered: photos of {megapixels} MP"))

    def _curve(self) -> None:
        from camera_sim.evaluation.watermark import curve, fidelity

        shots = self._shots("strengths", limit=CURVE_PHOTOS)
        points = curve.points_of(shots, fidelity.measure())
        self._show(curve.curve_table(points, min(CURVE_PHOTOS, len(self.files))))
        if self.args.out:
            self._say(f"drawn: {curve.draw_curve(points, self.args.out / 'curve.png')}")

    def _cost(self) -> None:
        from camera_sim.evaluation.watermark import cost

        costs = [cost.cost_of(shot) for shot in self._shots("seconds", limit=COST_PHOTOS)]
        self._show(cost.cost_table(costs))

    def _raw(self) -> None:
        from camera_sim.evaluation.watermark import changes, recovery
        from camera_sim.evaluation.watermark.photos import raw_shots

        if not self.args.raw:
            raise CameraSimError("the table raw needs RAW files: --raw FILE…")
        sent = {name: changes.through(name) for name in ("whatsapp", "facebook", "instagram")}
        found: list[Trial] = []
        for shot in track(raw_shots(self.args.raw, self.engine, self.keys), "RAW files"):
            found += self._kept(recovery.trials(shot, sent))
        self._show(recovery.recovery_table(found, "Recovered: real RAW files"))

    def _false_hits(self) -> None:
        from camera_sim.evaluation.watermark import false_hits

        if not self.args.without:
            raise CameraSimError("the table false-hits needs pictures: --without FOLDER…")
        files = [file for folder in self.args.without for file in picture_files(folder)]
        looks: list[false_hits.Look] = []
        unread = 0
        every = false_hits.looks(files, self.args.workers, self.args.limit)
        count = min(len(files), self.args.limit or len(files))
        for number, of_picture in enumerate(track(every, "without a watermark", count), 1):
            looks += of_picture
            unread += not of_picture
            if number % LOOKS_KEPT == 0 or number == count:
                self._write_rows("false-hits.csv", [asdict(look) for look in looks])
        self._say(f"{count} of {len(files)} files; {unread} of them are no pictures")
        self._show(false_hits.false_hit_table(looks))

    def _measuring(self) -> None:
        from camera_sim.evaluation.watermark import octaves

        found: list[octaves.Measured] = []
        for one in octaves.measurements(self._shots("measured")):
            found.append(one)
            self._write_rows("measuring.csv", [asdict(row) for row in found])
        self._show(octaves.measured_table(found))

    def _shots(
        self, words: str, megapixels: float | None = None, limit: int | None = None
    ) -> Iterable["Shot"]:
        from camera_sim.evaluation.watermark.photos import shots

        files = self.files[:limit]
        return track(shots(files, self.engine, self.keys, megapixels), words, len(files))

    def _kept(self, found: Iterable["Trial"]) -> list["Trial"]:
        """Keep trials, written at once: the work of hours survives an interruption."""
        new = list(found)
        self.trials += new
        self._write_rows("trials.csv", [asdict(trial) for trial in self.trials])
        return new

    def _show(self, table: Table) -> None:
        self._say(str(table))

    def _say(self, text: str) -> None:
        print(text, flush=True)
        self.shown.append(text)
        if self.args.out:
            write(self.args.out / "watermark.md", "\n".join(self.shown).encode(), force=True)

    def _write_rows(self, name: str, rows: Sequence[dict[str, object]]) -> None:
        if self.args.out and rows:
            lines = [",".join(rows[0]), *(",".join(_cell(v) for v in row.values()) for row in rows)]
            write(self.args.out / name, ("\n".join(lines) + "\n").encode(), force=True)


def _cell(value: object) -> str:
    text = f"{value:.4g}" if isinstance(value, float) else str(value)
    return f'"{text}"' if "," in text else text
