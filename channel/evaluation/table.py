"""A Markdown table, as the evaluations print them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Table:
    """Column names, rows of cells, and a title over them unless it is empty."""

    columns: Sequence[str]
    rows: Iterable[Sequence[object]]
    title: str = ""

    def __str__(self) -> str:
        """Write it as Markdown; its last line ends with a line end."""
        title = [f"**{self.title}**", ""] if self.title else []
        lines = map(_line, (self.columns, ["---"] * len(self.columns), *self.rows))
        return "\n".join([*title, *lines, ""])


def _line(cells: Sequence[object]) -> str:
    return f"| {' | '.join(map(str, cells))} |"
