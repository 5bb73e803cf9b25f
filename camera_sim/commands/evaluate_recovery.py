"""``camsim evaluate recovery``: what a comparison with the signed reference picture finds."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import KW_ONLY, dataclass, field
from typing import TYPE_CHECKING, Annotated, Literal, get_args

from camera_sim.commands.earlier_run import check_new
from camera_sim.commands.photographs_options import PhotographsOptions
from camera_sim.developing.files import open_engine
from channel.evaluation.processor import processor_name
from channel.extras import of_extra
from channel.options import SOME
from channel.output import write
from channel.picture_file.srgb import load_picture, picture_files

if TYPE_CHECKING:
    from camera_sim.evaluation.recovery.trials import Trial

TableName = Literal["untouched", "local", "subtle", "whole", "another"]
TABLES: tuple[TableName, ...] = get_args(TableName)


@dataclass(frozen=True)
class EvaluateRecovery(PhotographsOptions):
    """What a comparison with the signed reference finds: copies, edits, other pictures.

    Simulate captures of large photographs, develop them with a watermark, edit them or not, send
    them through the platforms' real codecs, read the watermark and compare with the reference.

    Parameters
    ----------
    table
        Which tables (default: all).
    """

    _: KW_ONLY
    table: Annotated[tuple[TableName, ...], SOME] = ()

    def __call__(self) -> int:
        """Print the tables, and write them; 1 if a photograph could not be used."""
        with of_extra("train"):
            import cv2  # noqa: F401
        check_new(self.out, "recovery.md", "trials.csv", force=self.force)
        return int(bool(_Evaluation(self).run()))


@dataclass
class _Evaluation:
    """The tables; they are written after each photograph: hours survive an interruption."""

    args: EvaluateRecovery
    trials: list["Trial"] = field(default_factory=list)

    def run(self) -> list[str]:
        """Try all photographs, then show the tables; return what is wrong with some."""
        from camera_sim.evaluation.each_photo import each_photo

        args = self.args
        count = len(picture_files(args.photos)[: args.limit])
        failed: list[str] = []
        every = each_photo(_of_photo, args, count, args.processes, failed)
        for done, found in enumerate(every, 1):
            self.trials += found
            self._write(done)
        print(self._tables(count - len(failed)))
        return failed

    def _tables(self, photos: int) -> str:
        from camera_sim.evaluation.recovery import tables

        shown = {
            "untouched": tables.untouched_table,
            "local": lambda trials: tables.local_table(trials, "Local edits"),
            "subtle": lambda trials: tables.local_table(trials, "Subtle local edits"),
            "whole": tables.whole_table,
            "another": tables.another_table,
        }
        texts = [
            f"{photos} photographs of {self.args.photos.name}, pipeline {self.args.pipeline}; "
            f"{processor_name()}\n"
        ]
        for name, table in shown.items():
            some = [trial for trial in self.trials if trial.table == name]
            if some:
                texts.append(str(table(some)))
        return "\n".join([*texts, str(tables.cost_table(self.trials))])

    def _write(self, photos: int) -> None:
        if self.args.out:
            write(self.args.out / "recovery.md", self._tables(photos).encode(), force=True)
            lines = [",".join(COLUMNS), *(_row(trial) for trial in self.trials)]
            text = "\n".join(lines) + "\n"
            write(self.args.out / "trials.csv", text.encode(), force=True)


COLUMNS = (
    "photo", "table", "change", "way", "share", "shows", "recovered", "result", "hit", "seconds",
    "kinds",
)  # fmt: skip


def _of_photo(args: EvaluateRecovery, number: int) -> list["Trial"]:
    """Try one of the photographs, in a process of its own; the one before it is the other."""
    from camera_sim.evaluation.recovery.trials import Trials
    from camera_sim.evaluation.watermark.photos import Keys, shots

    files = picture_files(args.photos)[: args.limit]
    engine = open_engine(args.pipeline, args.weights)
    keys = Keys.of_seed(args.seed, number)
    shot = next(iter(shots([files[number]], engine, keys, first=number)))
    of_photo = Trials(shot, load_picture(files[number - 1]))
    makers: dict[TableName, Callable[[], Iterator[Trial]]] = {
        "untouched": of_photo.untouched,
        "local": lambda: of_photo.local(number),
        "subtle": lambda: of_photo.subtle(number),
        "whole": lambda: of_photo.whole(number),
        "another": of_photo.another,
    }
    return [trial for name in args.table or TABLES for trial in makers[name]()]


def _row(trial: "Trial") -> str:
    values: Sequence[object] = [getattr(trial, name) for name in COLUMNS[:-1]]
    cells = [f"{v:.4g}" if isinstance(v, float) else f'"{v}"' for v in values]
    return ",".join([*cells, f'"{"; ".join(trial.kinds)}"'])
