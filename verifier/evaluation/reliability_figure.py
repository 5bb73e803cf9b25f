"""Reliability diagrams as a figure (Guo et al. 2017, figure 1)."""

from collections.abc import Sequence
from pathlib import Path

from channel.evaluation.drawing import new_figure, save_figure
from verifier.judging.calibration import ReliabilityDiagram


def draw_reliability(
    diagrams: Sequence[tuple[str, ReliabilityDiagram]], path: Path, columns: int = 3
) -> None:
    """Draw diagrams side by side, each with its expected calibration error, into a PNG file.

    Raises
    ------
    DependencyError
        Without matplotlib, which inference doesn't need.
    OutputError
        If the file can't be written.
    """
    rows = -(-len(diagrams) // columns)
    figure = new_figure(3.3 * min(columns, len(diagrams)), 3.4 * rows)
    for number, (title, diagram) in enumerate(diagrams, 1):
        axes = figure.add_subplot(rows, min(columns, len(diagrams)), number)
        axes.plot([0, 1], [0, 1], color="0.6", linewidth=1)
        axes.plot(diagram.confidence, diagram.accuracy, "o-", color="#01665e", markersize=4)
        for x, y, count in zip(diagram.confidence, diagram.accuracy, diagram.count, strict=True):
            axes.annotate(
                f"{count:.0f}", (x, y), fontsize=6, xytext=(3, -7), textcoords="offset points"
            )
        axes.set(xlim=(0, 1), ylim=(0, 1), aspect="equal", xlabel="stated", ylabel="measured")
        axes.set_title(f"{title}\nECE {diagram.error:.3f}, {sum(diagram.count):.0f}", fontsize=9)
    save_figure(figure, path)
