"""Whether edits are named, by platform and by edit."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from camera_sim.evaluation.watermark.edited import NATIVE, Measured
from channel.evaluation.table import Table
from channel.manipulations import GAUSSIAN
from verifier.judging.calibration import upper_bound
from verifier.training.edits.train import KINDS
from verifier.watermark.edit_strength import blur_of

LOST = "no payload"
UNDECIDED = ""
COMPRESSED = "compressed too strongly"
UNJUDGED = "not judged"
"""For another reason that a report gives: compressed before, cut by a few pixels, bent."""
NO_ANSWER = UNDECIDED, COMPRESSED, UNJUDGED, LOST


@dataclass(frozen=True)
class Judged:
    """A copy, and what the verifier called it.

    Attributes
    ----------
    answer
        A kind of `KINDS`, "" where it is not sure, ``compressed too strongly``, ``not judged``, or
        ``no payload``.
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


def turned_wrong(judged: Sequence[Judged], title: str) -> Table:
    """Show by chain how many answers turn wrong when a copy is sent on.

    Of chains whose first part was asked about by itself: the camera's file before a platform, one
    platform before a second.
    """
    answers = {_copy(one.row, one.row.way): one for one in judged}
    rows: list[tuple[str, ...]] = []
    for way in dict.fromkeys(one.row.way for one in judged if one.row.way):
        pairs = [
            (before, one)
            for one in judged
            if one.row.way == way and (before := answers.get(_copy(one.row, way[:-1])))
        ]
        if pairs:
            rows.append((pairs[0][1].way, *_turned(pairs)))
    columns = (
        "sent on by the last", "copies", "answered before", "answered after", "wrong before",
        "turned wrong", "at most (95%)",
    )  # fmt: skip
    return Table(columns, rows, title)


def blurs_table(judged: Sequence[Judged], title: str, *, keyed: bool) -> Table:
    """Compare the blur that a report states with that of smoothed copies that were found."""
    found = [one for one in judged if one.truth == GAUSSIAN.name and _called_edited(one)]
    rows = []
    for sigma in sorted({one.row.amount for one in found}):
        stated = [
            blur_of(np.array(one.row.numbers(keyed=keyed)), keyed=keyed)
            for one in found
            if one.row.amount == sigma
        ]
        around = sum(one.least <= sigma <= one.most for one in stated)
        middle = np.median([one.likeliest for one in stated])
        rows.append((f"{sigma:g}", len(stated), f"{middle:.2f}", _of(around, len(stated))))
    return Table(("blur, pixels", "found", "stated, median", "within what is stated"), rows, title)


def _copy(row: Measured, way: tuple[str, ...]) -> tuple[object, ...]:
    return row.photo, row.kind, row.amount, way


def _turned(pairs: Sequence[tuple[Judged, Judged]]) -> tuple[str, ...]:
    before, after = ([pair[place] for pair in pairs] for place in (0, 1))
    wrong = sum(_is_wrong(last) and not _is_wrong(first) for first, last in pairs)
    answered = [sum(one.answer not in NO_ANSWER for one in some) for some in (before, after)]
    counts = (len(pairs), *answered, sum(map(_is_wrong, before)), wrong)
    return (*map(str, counts), f"{upper_bound(wrong, len(pairs)):.1%}")


def _is_wrong(one: Judged) -> bool:
    """Whether an unedited copy is called edited, or an edited one unedited."""
    return _called_edited(one) if one.truth == NATIVE else one.answer == NATIVE


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
        "edit found", "its kind named", "not sure", COMPRESSED, UNJUDGED, LOST,
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
        *(_of(sum(one.answer == why for one in read), len(read)) for why in (COMPRESSED, UNJUDGED)),
        _of(len(judged) - len(read), len(judged)),
    )


def _called_edited(one: Judged) -> bool:
    return one.answer in KINDS[1:]


def _of(count: int, of: int) -> str:
    return f"{count} of {of}" if of else ""
