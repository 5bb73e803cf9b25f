"""The curve of a joint run and the confusion matrix of a point, as figures."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from camera_sim.training.pair.captures import Scores, accuracy_by_patches
from camera_sim.training.pair.validation import Point
from camera_sim.training.pair.workflow import HISTORIES, UNKNOWN_CAMERA
from channel.evaluation.drawing import new_figure, save_figure


def draw_joint_curve(points: Sequence[Point], path: Path) -> Path:
    """Draw accuracy and fidelity by step, held out and through libjpeg."""
    steps = [point.step for point in points]
    figure = new_figure(7, 4)
    left = figure.add_subplot()
    left.plot(steps, [100 * point.accuracy for point in points], color="tab:red")
    left.set(xlabel="step", ylim=(0, 100))
    left.set_ylabel("accuracy of patches (%)", color="tab:red")
    right = left.twinx()
    right.plot(steps, [point.psnr for point in points], color="tab:blue")
    right.set_ylabel("PSNR to the pipeline before (dB)", color="tab:blue")
    return save_figure(figure, path)


def draw_confusion(counts: Sequence[Sequence[int]], path: Path, title: str = "") -> Path:
    """Draw a confusion matrix, true history by named class, in percent of each row."""
    rows = np.array([row for row in counts if sum(row)], float)
    shares = 100 * rows / rows.sum(axis=1, keepdims=True)
    names = [*HISTORIES, UNKNOWN_CAMERA]
    figure = new_figure(5.6, 4.8)
    axes = figure.add_subplot()
    axes.imshow(shares, cmap="Blues", vmin=0, vmax=100)
    for (row, column), share in np.ndenumerate(shares):
        colour = "white" if share > 60 else "black"
        axes.text(column, row, f"{share:.0f}", ha="center", va="center", color=colour)
    axes.set_xticks(range(rows.shape[1]), names[: rows.shape[1]], rotation=30)
    axes.set_yticks(range(rows.shape[0]), names[: rows.shape[0]])
    axes.set(xlabel="named", ylabel="true", title=title)
    return save_figure(figure, path)


def draw_pooling(scores: Sequence[Scores], path: Path) -> Path:
    """Draw the accuracy of decisions by the number of patches that they rest on."""
    counts = (1, 2, 3, 5, 7, 10, 15, 20, 30, 50, 70, 100)
    accuracies = accuracy_by_patches(scores, counts)
    figure = new_figure(6, 4)
    axes = figure.add_subplot()
    axes.semilogx(counts, [100 * accuracy for accuracy in accuracies], marker="o")
    axes.set_xticks(counts, [str(count) for count in counts])
    axes.minorticks_off()
    axes.set(xlabel="patches pooled", ylabel="decisions that are right (%)")
    axes.grid(visible=True, alpha=0.3)
    return save_figure(figure, path)
