"""Figures of platform of origin: who is taken for whom."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from channel.evaluation.drawing import new_figure, save_figure
from verifier.evaluation.platform.bench import Record
from verifier.evaluation.platform.classes import EIGHT
from verifier.evaluation.platform.tables import (
    in_2016,
    mean_accuracy,
    patch_confusion,
    picture_confusion,
)


def draw_confusions(records: Sequence[Record], path: Path) -> None:
    """Draw the confusion of patches and of pictures side by side, in percent of each true class.

    Raises
    ------
    DependencyError
        Without matplotlib, which inference doesn't need.
    OutputError
        If the file can't be written.
    """
    kept = in_2016(records)
    figure = new_figure(12, 5.4)
    both = (("patches of 64×64", patch_confusion(kept)), ("pictures", picture_confusion(kept)))
    for number, (name, counts) in enumerate(both, 1):
        shares = 100 * counts / np.maximum(1, counts.sum(1, keepdims=True))
        axes = figure.add_subplot(1, 2, number)
        axes.imshow(shares, cmap="Blues", vmin=0, vmax=100)
        for (row, column), share in np.ndenumerate(shares):
            if share >= 0.05:
                colour = "white" if share > 60 else "black"
                text = f"{share:.1f}" if share < 99.95 else "100"
                axes.text(column, row, text, ha="center", va="center", color=colour, fontsize=8)
        axes.set_xticks(range(len(EIGHT)), EIGHT, rotation=35)
        axes.set_yticks(range(len(EIGHT)), EIGHT)
        title = f"{counts.sum():,} {name}: {mean_accuracy(counts):.1%}, mean of classes"
        axes.set(xlabel="named", ylabel="true", title=title)
    figure.suptitle("Platform of origin, pipelines of 2016, simulated; % of each row")
    save_figure(figure, path)
