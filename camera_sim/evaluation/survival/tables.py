"""The ledger as a table, and as one picture."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np

from camera_sim.evaluation.survival.trial import EDITS, Survived
from camera_sim.evaluation.watermark.edit_tables import COMPRESSED, NO_ANSWER
from camera_sim.evaluation.watermark.edited import NATIVE
from channel.evaluation.drawing import new_figure, save_figure
from channel.evaluation.table import Table
from verifier.detectors.edit_answer import SHARPENED, SOFTENED
from verifier.judging.calibration import upper_bound

Share = Callable[[Sequence[Survived]], float | None]
Group = tuple[str, float, int]
PALE = 0.35  # from the middle of the colours, up to which they are pale enough for black


def ledger_table(trials: Sequence[Survived]) -> Table:
    """Show a row for each platform, size and camera quality, and all of each size."""
    rows = [_row(words, some) for words, some in _shown_groups(trials)]
    columns = (
        "platform", "MP", "camera's JPEG", "photos", "longer side, pixels", "C2PA manifest intact",
        "payload read", "at least (95%)", "replaced part found by the reference",
        "AUC by the reference", "replaced part found by the watermark", "AUC by the watermark",
        "AUC by the photo's own key", "untouched called changed", "at most (95%)",
        "platform named", "named wrongly",
    )  # fmt: skip
    return Table(columns, rows, "What survives")


def edits_table(trials: Sequence[Survived]) -> Table:
    """Show what edited copies are called, by the photo's own key."""
    edited = [one for one in trials if one.edits]
    rows = [_edits_row(words, some) for words, some in _shown_groups(edited)]
    found = (f"{kind} found" for kind in _KINDS)
    softened = (f"{kind} called softened" for kind in _SOFTENING)
    columns = (
        "platform", "MP", "camera's JPEG", "photos", *found, *softened, f"unedited {COMPRESSED}",
        "unedited called softened", "unedited called edited", "at most (95%)",
    )  # fmt: skip
    title = "Types of edits, by the photo's own key"
    return Table(columns, rows, title)


_KINDS = [edit.kind for edit in EDITS if edit.kind != NATIVE]
_SOFTENING = [kind for kind in _KINDS if kind != SHARPENED]


def is_found(trial: Survived, edit: str) -> bool:
    """Whether a copy was called edited."""
    return trial.edits[edit] not in (NATIVE, SOFTENED.name, *NO_ANSWER)


def is_softened(trial: Survived, edit: str) -> bool:
    """Whether it was said of a copy that it was smoothed a little or exported."""
    return trial.edits[edit] == SOFTENED.name


def is_told(trial: Survived, edit: str) -> bool:
    """Whether what was said of an edited copy is true of it."""
    return is_found(trial, edit) or (edit in _SOFTENING and is_softened(trial, edit))


def groups(trials: Sequence[Survived]) -> list[tuple[Group, list[Survived]]]:
    """Sort trials by platform, size and quality, in the order of their first appearance."""
    order = list(dict.fromkeys(one.platform for one in trials))
    keys = {(one.platform, one.megapixels, one.quality) for one in trials}
    return [
        (key, [one for one in trials if (one.platform, one.megapixels, one.quality) == key])
        for key in sorted(keys, key=lambda key: (order.index(key[0]), *key[1:]))
    ]


def draw_ledger(trials: Sequence[Survived], path: Path) -> Path:
    """Draw shares of photos: a row for each group, a column for each thing that may survive."""
    found = groups(trials)
    values = np.array(
        [[_number(share(some)) for share in DRAWN.values()] for _, some in found], float
    )
    figure = new_figure(8, 1.6 + 0.24 * len(found))
    axes = figure.subplots()
    axes.imshow(np.ma.masked_invalid(values), cmap="RdYlGn", vmin=0, vmax=1, aspect="auto")
    axes.set_xticks(range(len(DRAWN)), list(DRAWN))
    axes.xaxis.tick_top()
    axes.set_yticks(range(len(found)), [f"{p}, {m:g} MP, {q}" for (p, m, q), _ in found])
    for row, column in np.ndindex(values.shape):
        value = values[row, column]
        text = "–" if np.isnan(value) else f"{value:.2f}"
        colour = "white" if abs(value - 0.5) > PALE else "black"
        axes.text(column, row, text, ha="center", va="center", fontsize=8, color=colour)
    return save_figure(figure, path)


def _share(name: str, wanted: object = True) -> Share:
    return lambda some: float(np.mean([getattr(one, name) == wanted for one in some]))


def _mean(name: str) -> Share:
    def mean(some: Sequence[Survived]) -> float | None:
        known = [value for one in some if (value := getattr(one, name)) is not None]
        return float(np.mean(known)) if known else None

    return mean


def _edits_told(some: Sequence[Survived]) -> float | None:
    told = [is_told(one, edit) for one in some for edit in one.edits if edit != NATIVE]
    return float(np.mean(told)) if told else None


DRAWN: dict[str, Share] = {
    "C2PA\nmanifest": _share("credential", "intact"),
    "watermark's\npayload": _share("payload"),
    "part found\nby the\nreference": _mean("found"),
    "AUC\nby the\nreference": _mean("blocks"),
    "part found\nby the\nwatermark": _mean("part_found"),
    "AUC\nby the\nwatermark": _mean("squares"),
    "edits told\nby the\nphoto's key": _edits_told,
    "platform\nnamed": _share("named_right"),
}


def _shown_groups(
    trials: Sequence[Survived],
) -> Iterator[tuple[tuple[str, str, str], Sequence[Survived]]]:
    """Give each group in words, then those of all platforms by size and quality, then all."""
    sorted_ = groups(trials)
    for (name, size, quality), some in sorted_:
        yield (name, f"{size:g}", str(quality)), some
    for size, quality in sorted({group[1:] for group, _ in sorted_}):
        some = [one for one in trials if (one.megapixels, one.quality) == (size, quality)]
        yield ("all", f"{size:g}", str(quality)), some
    yield ("all", "all", "all"), trials


def _edits_row(words: tuple[str, ...], some: Sequence[Survived]) -> tuple[object, ...]:
    accused = sum(is_found(one, NATIVE) for one in some)
    return (
        *words,
        _photos(some),
        *(_of(sum(is_found(one, kind) for one in some), len(some)) for kind in _KINDS),
        *(_of(sum(is_softened(one, kind) for one in some), len(some)) for kind in _SOFTENING),
        _of(sum(one.edits[NATIVE] == COMPRESSED for one in some), len(some)),
        _of(sum(is_softened(one, NATIVE) for one in some), len(some)),
        _of(accused, len(some)),
        _at_most(accused, some),
    )


def _row(words: tuple[str, ...], some: Sequence[Survived]) -> tuple[object, ...]:
    read = sum(one.payload for one in some)
    sides = sorted({max(one.size) for one in some})
    wrong = [one.platform_named for one in some if one.platform_named and not one.named_right]
    judged = [one for one in some if one.accused is not None]
    return (
        *words,
        _photos(some),
        f"{sides[0]:,}" if len(sides) == 1 else f"{sides[0]:,} to {sides[-1]:,}",
        _of(sum(one.credential == "intact" for one in some), len(some)),
        _of(read, len(some)),
        _at_least(read, some),
        _count("found", some),
        _shown(_mean("blocks")(some)),
        _count("part_found", some),
        _shown(_mean("squares")(some)),
        _shown(_mean("keyed_squares")(some)),
        _count("accused", some),
        _at_most(sum(one.accused is True for one in judged), judged),
        _of(sum(one.named_right for one in some), len(some)),
        ", ".join(dict.fromkeys(wrong)) or "–",
    )


def _photos(some: Sequence[Survived]) -> int:
    return len({one.photo for one in some})


def _at_most(count: int, some: Sequence[Survived]) -> str:
    """Bound a share of photographs; copies of one photograph are no independent trials."""
    independent = some and _photos(some) == len(some)
    return f"{upper_bound(count, len(some)):.1%}" if independent else "–"


def _at_least(count: int, some: Sequence[Survived]) -> str:
    independent = some and _photos(some) == len(some)
    return f"{1 - upper_bound(len(some) - count, len(some)):.1%}" if independent else "–"


def _count(name: str, some: Sequence[Survived]) -> str:
    known = [value for one in some if (value := getattr(one, name)) is not None]
    return _of(sum(known), len(known))


def _of(count: int, total: int) -> str:
    return f"{count} of {total}" if total else "–"


def _shown(value: float | None) -> str:
    return "–" if value is None else f"{value:.3f}"


def _number(value: float | None) -> float:
    return float("nan") if value is None else value
