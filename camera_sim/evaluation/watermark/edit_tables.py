"""Whether edits are named, by platform and by edit."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from camera_sim.evaluation.watermark.edited import NATIVE, Measured
from channel.evaluation.table import Table
from channel.manipulations import GAUSSIAN, RESAMPLE
from verifier.detectors.edit_answer import EXPORTED, SHARPENED, SOFTENED
from verifier.judging.calibration import upper_bound
from verifier.training.edits.train import EDITS
from verifier.watermark.edit_strength import blur_of

LOST = "no payload"
UNDECIDED = ""
COMPRESSED = "compressed too strongly"
UNJUDGED = "not judged"
"""For another reason that a report gives: compressed before, cut by a few pixels, bent."""
SOFTENING = GAUSSIAN.name, RESAMPLE.name, "median", EXPORTED
"""What takes fine detail."""
NO_ANSWER = UNDECIDED, COMPRESSED, UNJUDGED, LOST


@dataclass(frozen=True)
class Judged:
    """A copy, and what the verifier called it.

    Attributes
    ----------
    answer
        A kind of `KINDS`, ``softened``, "" where it is not sure, ``compressed too strongly``,
        ``not judged``, or ``no payload``.
    """

    row: Measured
    answer: str

    @property
    def truth(self) -> str:
        """What it is to be called, as `Measured.truth` has it."""
        return self.row.truth

    @property
    def called_edited(self) -> bool:
        """Whether an edit was named."""
        return self.answer in EDITS

    @property
    def called_softened(self) -> bool:
        """Whether it was said to be smoothed a little or exported."""
        return self.answer == SOFTENED.name

    @property
    def states_blur(self) -> bool:
        """Whether the answer says how strong a blur takes as much."""
        return self.called_softened or (self.called_edited and self.answer != SHARPENED)

    @property
    def is_wrong(self) -> bool:
        """Whether an edit was named, or denied, or softening said, that isn't so."""
        if self.called_softened:
            return self.truth not in SOFTENING
        return self.called_edited if self.row.unedited else self.answer == NATIVE

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
    found = [one for one in judged if one.truth == GAUSSIAN.name and one.states_blur]
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
    wrong = sum(last.is_wrong and not first.is_wrong for first, last in pairs)
    answered = [sum(one.answer not in NO_ANSWER for one in some) for some in (before, after)]
    counts = (len(pairs), *answered, sum(one.is_wrong for one in before), wrong)
    return (*map(str, counts), f"{upper_bound(wrong, len(pairs)):.1%}")


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
        "edit found", "its kind named", "edited called softened", "unedited called softened",
        "not sure", COMPRESSED, UNJUDGED, LOST,
    )  # fmt: skip
    return Table(columns, [*rows, ("all", *_cells(judged))], title)


def _cells(judged: Sequence[Judged]) -> tuple[str, ...]:
    read = [one for one in judged if one.answer != LOST]
    unedited = [one for one in read if one.row.unedited]
    edited = [one for one in read if not one.row.unedited]
    wrong = sum(one.called_edited for one in unedited)
    missed = sum(one.answer == NATIVE for one in edited)
    found = sum(one.called_edited for one in edited)
    named = sum(one.answer == one.truth for one in edited)
    return (
        _of(wrong, len(unedited)),
        f"{upper_bound(wrong, len(unedited)):.1%}" if unedited else "",
        _of(missed, len(edited)),
        _of(found, len(edited)),
        _of(named, len(edited)),
        *(_of(sum(one.called_softened for one in some), len(some)) for some in (edited, unedited)),
        _of(sum(one.answer == UNDECIDED for one in read), len(read)),
        *(_of(sum(one.answer == why for one in read), len(read)) for why in (COMPRESSED, UNJUDGED)),
        _of(len(judged) - len(read), len(judged)),
    )


def _of(count: int, of: int) -> str:
    return f"{count} of {of}" if of else ""
