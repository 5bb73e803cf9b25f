"""Figures of origin: the robustness curves of Huang et al., figure 5, and who is taken for whom."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import numpy as np

from channel.evaluation.drawing import new_figure, save_figure
from verifier.evaluation.origin.bench import AS_FOUND, OriginRecord
from verifier.evaluation.origin.conditions import LEVEL_WORDS
from verifier.evaluation.origin.tables import PARTS, chosen, confusion, curves, feed_words

_COLOURS: Final = {"seen": "#01665e", "unseen": "#8c510a"}


def draw_curves(records: Sequence[OriginRecord], labels: Sequence[str], path: Path) -> None:
    """Draw the share of pictures that are right by vote under each condition.

    Raises
    ------
    DependencyError
        Without matplotlib, which inference doesn't need.
    OutputError
        If the file can't be written.
    """
    figure = new_figure(13, 3.6)
    both = {part: curves(records, labels, part) for part in PARTS}
    names = [name for name in both["seen"] if name != "none"]
    for number, name in enumerate(names, 1):
        axes = figure.add_subplot(1, len(names), number)
        for part, words in PARTS.items():
            points = both[part].get(name, [])
            if not points:
                continue
            untouched = dict(both[part].get("none", [])).get(0.0)
            if name == "turn":
                turns = [LEVEL_WORDS[level] for level, _ in points]
                axes.plot(turns, [100 * y for _, y in points], "o", color=_COLOURS[part])
                axes.tick_params(axis="x", rotation=35)
            else:
                x, y = zip(*sorted(points), strict=True)
                axes.plot(x, 100 * np.array(y), "o-", color=_COLOURS[part], label=words)
            if untouched is not None:
                axes.axhline(100 * untouched, color=_COLOURS[part], linewidth=0.8, linestyle=":")
        if name == "JPEG quality":
            axes.invert_xaxis()
        if number == 1:
            axes.set_ylabel("pictures right by vote (%)")
            axes.legend(fontsize=8, loc="lower left")
        axes.axhline(100 / len(labels), color="0.6", linewidth=0.8)
        axes.set(ylim=(0, 102), title=name)
    figure.suptitle("Origin under processing; dotted: nothing done; grey: chance")
    save_figure(figure, path)


def draw_confusion(records: Sequence[OriginRecord], labels: Sequence[str], path: Path) -> None:
    """Draw what pictures of each class are voted to be, of the smallest crops there are.

    Raises as `draw_curves` does.
    """
    figure = new_figure(9, 4)
    for number, (part, words) in enumerate(PARTS.items(), 1):
        kept = chosen(records, part)
        feed = min((r.feed for r in kept if r.feed != AS_FOUND), default=AS_FOUND)
        counts = confusion([r for r in kept if r.feed == feed], labels)
        shares = 100 * counts / np.maximum(1, counts.sum(1, keepdims=True))
        axes = figure.add_subplot(1, 2, number)
        axes.imshow(shares, cmap="Blues", vmin=0, vmax=100)
        for (row, column), share in np.ndenumerate(shares):
            colour = "white" if share > 60 else "black"
            axes.text(column, row, f"{share:.0f}", ha="center", va="center", color=colour)
        axes.set_xticks(range(len(labels)), labels)
        axes.set_yticks(range(len(labels)), labels)
        axes.set(
            xlabel="voted",
            ylabel="true",
            title=f"{words}, {counts.sum()} files, {feed_words(feed)}",
        )
    figure.suptitle("Origin by majority of patches; % of each row")
    save_figure(figure, path)
