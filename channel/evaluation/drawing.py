"""Figures as PNG files, by matplotlib without a screen."""

from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from channel.extras import of_extra
from channel.output import write

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def new_figure(
    width: float,
    height: float,
    layout: Literal["constrained"] | None = "constrained",
    extra: str = "train",
) -> "Figure":
    """Make an empty figure.

    Parameters
    ----------
    width, height
        Inches.
    extra
        What brings matplotlib, which inference doesn't need.

    Raises
    ------
    DependencyError
        Without matplotlib.
    """
    with of_extra(extra):
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure
    figure = Figure(figsize=(width, height), layout=layout)
    FigureCanvasAgg(figure)
    return figure


def png_of(figure: "Figure", dpi: int = 100) -> bytes:
    """Return a figure as a PNG file: the same bytes for the same figure."""
    file = BytesIO()
    figure.savefig(file, format="png", dpi=dpi, metadata={"Software": None})
    return file.getvalue()


def save_figure(figure: "Figure", path: Path, dpi: int = 110) -> Path:
    """Write a figure as a PNG file, in place of an older one, and return its path.

    Raises
    ------
    OutputError
        If it can't be written.
    """
    write(path, png_of(figure, dpi), force=True)
    return path
