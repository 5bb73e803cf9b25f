"""Figures 2, 5 and 7 of Wang et al. (CVPR 2020), and the ranking of section 4.6."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from channel.evaluation.drawing import new_figure, save_figure

if TYPE_CHECKING:
    from verifier.evaluation.generated.bench import TestCrop

Precisions = Mapping[str, float]
# Pictures in each half of the ranking's figure.
SHOWN: Final = 8
SPECTRA_A_ROW: Final = 5


def _top(precisions: Sequence[float]) -> float:
    """Where an axis of percent ends: a little above the highest of some shares."""
    return min(105.0, 110 * max(precisions))


def _on_lines(name: str) -> str:
    """Break a set's name at its underscores: long ones stand side by side."""
    return name.replace("_", "\n")


def draw_augmentation(
    rows: Sequence[tuple[str, Precisions]], chance: Precisions, path: Path
) -> None:
    """Draw figure 2: AP of each generator, a bar for each model; dashes are chance."""
    figure = new_figure(10, 4)
    axes = figure.add_subplot()
    names = list(chance)
    width = 0.8 / len(rows)
    for number, (model, found) in enumerate(rows):
        places = np.arange(len(names)) - 0.4 + (number + 0.5) * width
        axes.bar(places, [100 * found[name] for name in names], width, label=model)
    for place, name in enumerate(names):
        axes.hlines(100 * chance[name], place - 0.42, place + 0.42, "black", "dashed")
    axes.set_xticks(range(len(names)), [_on_lines(name) for name in names], fontsize=8)
    top = _top([*(one for _, found in rows for one in found.values()), *chance.values()])
    axes.set(ylabel="average precision (%)", ylim=(0, top), title="AP by generator; dashed: chance")
    figure.legend(fontsize=8, ncols=len(rows), loc="outside lower center")
    save_figure(figure, path, dpi=100)


def draw_robustness(
    curves: Mapping[str, Sequence[tuple[str, Sequence[float], Sequence[Precisions]]]],
    chance: Precisions,
    path: Path,
) -> None:
    """Draw figure 5: AP against blur and against JPEG quality, a row of axes for each.

    Parameters
    ----------
    curves
        By what is on the horizontal axis: for each model its name, places, and AP by generator.
    chance
        AP of guessing, by generator: dashes.
    """
    names = list(next(iter(curves.values()))[0][2][0])
    drawn = [found for models in curves.values() for _, _, steps in models for found in steps]
    top = _top([one for found in (*drawn, chance) for one in found.values()])
    figure = new_figure(2.2 * len(names), 5.2)
    for row, (what, models) in enumerate(curves.items()):
        for column, name in enumerate(names):
            axes = figure.add_subplot(len(curves), len(names), row * len(names) + column + 1)
            for model, places, found in models:
                axes.plot(places, [100 * one[name] for one in found], marker=".", label=model)
            axes.axhline(100 * chance[name], color="black", linestyle="dashed", linewidth=0.8)
            axes.set(ylim=(0, top))
            axes.set_xlabel(what, fontsize=8)
            if row == 0:
                axes.set_title(_on_lines(name), fontsize=9)
            if "quality" in what:
                axes.invert_xaxis()
            if column == 0:
                axes.set_ylabel("average precision (%)")
    lines, labels = figure.axes[0].get_legend_handles_labels()
    figure.legend(lines, labels, fontsize=8, ncols=len(labels), loc="outside lower center")
    save_figure(figure, path, dpi=100)


def draw_spectra(spectra: Mapping[str, tuple[NDArray[np.float64], int]], path: Path) -> None:
    """Draw figure 7: the average spectrum of each set, logarithmic, the mean in the middle."""
    columns = min(len(spectra), SPECTRA_A_ROW)
    rows = -(-len(spectra) // columns)
    figure = new_figure(2.6 * columns, 3 * rows)
    logarithms = [np.log10(spectrum + 1e-9) for spectrum, _ in spectra.values()]
    low = float(np.percentile(logarithms[0], 1))
    high = float(np.percentile(np.concatenate([one.ravel() for one in logarithms]), 99.9))
    for number, (name, (_, count)) in enumerate(spectra.items()):
        axes = figure.add_subplot(rows, columns, number + 1)
        axes.imshow(logarithms[number], cmap="viridis", vmin=low, vmax=high)
        axes.set_title(f"{name}\n{count} pictures", fontsize=8)
        axes.set_axis_off()
    save_figure(figure, path, dpi=100)


def draw_ranking(ranked: "Sequence[tuple[TestCrop, float]]", path: Path) -> None:
    """Draw the ranking: of each set the least and the most fake picture by score, side by side.

    Parameters
    ----------
    ranked
        Crops and scores, the likeliest generated first.
    """
    sets = list(dict.fromkeys(sorted(crop.picture.set for crop, _ in ranked)))
    figure = new_figure(1.1 * 2 * SHOWN, 1.5 * len(sets), layout=None)
    figure.subplots_adjust(0.01, 0.04, 0.99, 0.96, 0.05, 0.3)
    for row, name in enumerate(sets):
        of_set = [one for one in ranked if one[0].picture.set == name]
        half = min(SHOWN, len(of_set) // 2)
        shown = [*of_set[::-1][:half], *of_set[:half][::-1]]  # the least fake on the left
        for column, (crop, score) in enumerate(shown):
            place = column if column < half else 2 * SHOWN - len(shown) + column
            axes = figure.add_subplot(len(sets), 2 * SHOWN, row * 2 * SHOWN + place + 1)
            axes.imshow(crop.pixels)
            axes.set_title(f"{score:.1f}", fontsize=7, pad=2)
            axes.set_axis_off()
            if column == 0:
                axes.text(0, -0.04, name, fontsize=7, va="top", transform=axes.transAxes)
    save_figure(figure, path, dpi=100)
