import sys
from pathlib import Path

import pytest

from channel.errors import DependencyError, OutputError
from channel.evaluation.drawing import new_figure, png_of, save_figure


def test_the_same_figure_gives_the_same_file_and_replaces_an_older_one(tmp_path: Path) -> None:
    figures = [new_figure(2, 1) for _ in range(2)]
    for figure in figures:
        figure.add_subplot().plot([0, 1], [1, 0])
    path = save_figure(figures[0], tmp_path / "folder" / "curve.png", dpi=50)
    assert path.read_bytes() == png_of(figures[1], dpi=50)
    assert save_figure(new_figure(1, 1), path).read_bytes() != png_of(figures[1], dpi=50)
    assert [one.name for one in path.parent.iterdir()] == ["curve.png"]


def test_a_figure_that_cannot_be_written_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(OutputError, match="can't write"):
        save_figure(new_figure(1, 1), tmp_path / "file" / "curve.png")


def test_without_matplotlib_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    with pytest.raises(
        DependencyError, match=r"matplotlib.figure is missing; install it with: .+\[explain\]'"
    ):
        new_figure(1, 1, extra="explain")
