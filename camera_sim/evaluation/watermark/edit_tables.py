"""Whether edits are named, by platform and by edit."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from camera_sim.evaluation.watermark.edited import NATIVE, Measured
from channel.evaluation.table import Table
from verifier.judging.calibration import upper_bound
from verifier.training.edits.train import KINDS

LOST = "no payload"
UNDECIDED = ""
COMPRESSED = "compressed too strongly"


@dataclass(frozen=True)
class Judged:
    """A copy, and what the verifier called it.

    Attributes
    ----------
    answer
        A kind of `KINDS`, "" where it is not sure, ``compressed too strongly``, or ``no payload``.
    """

    row: Measured
    answer: str

    @property
    def truth(self) -> str:
        """What it is to be called, as `Measured.truth` has it."""
        return self.row.truth

    @property
    def way(self) -> str:
        """The platforms, in words."""
        return " → ".join(self.row.way) or "the camera's file"


def by_way(judged: Sequence[Judged], title: str) -> Table:
    """Show each way, and all of them."""
    return _table(judged, title, "through", lambda one: one.way)


def by_edit(judged: Sequence[Judged], title: str) -> Table:
    """Show each edit, and all of them."""
    return _table(judged, title, "edit", lambda one: _edit(one.row))


def _edit(row: Measured) -> str:
    return row.kind if row.kind == NATIVE else f"{row.kind} {row.amount:g}"


def _table(
    judged: Sequence[Judged], title: str, first: str, name: Callable[[Judged], str]
) -> Table:
    rows = [
        (each, *_cells([one for one in judged if name(one) == each]))
        for each in dict.fromkeys(map(name, judged))
    ]
    columns = (
        first, "unedited called edited", "at most (95%)", "edited called unedited",
        "edit found", "its kind named", "not sure", COMPRESSED, LOST,
    )  # fmt: skip
    return Table(columns, [*rows, ("all", *_cells(judged))], title)


def _cells(judged: Sequence[Judged]) -> tuple[str, ...]:
    native = [one for one in judged if one.truth == NATIVE and one.answer != LOST]
    edited = [one for one in judged if one.truth != NATIVE and one.answer != LOST]
    read = [*native, *edited]
    wrong = sum(_called_edited(one) for one in native)
    missed = sum(one.answer == NATIVE for one in edited)
    found = sum(_called_edited(one) for one in edited)
    named = sum(one.answer == one.truth for one in edited)
    return (
        _of(wrong, len(native)),
        f"{upper_bound(wrong, len(native)):.1%}" if native else "",
        _of(missed, len(edited)),
        _of(found, len(edited)),
        _of(named, len(edited)),
        _of(sum(one.answer == UNDECIDED for one in read), len(read)),
        _of(sum(one.answer == COMPRESSED for one in read), len(read)),
        _of(len(judged) - len(read), len(judged)),
    )


def _called_edited(one: Judged) -> bool:
    return one.answer in KINDS[1:]


def _of(count: int, of: int) -> str:
    return f"{count} of {of}" if of else ""
