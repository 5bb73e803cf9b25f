"""A command that says nothing for seconds says that it is at work."""

import threading

import pytest

from channel import terminal
from channel.at_work import at_work
from channel.terminal import Progress, guarded


def test_who_waits_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    said, lines = threading.Event(), []
    monkeypatch.setattr(terminal, "complain", lambda line: (lines.append(line), said.set()))
    with at_work("bench verify", first=0.0, following=600.0):
        assert said.wait(60)
    assert lines == ["bench verify: at work, 0 s so far"]


def test_a_bar_tells_by_itself() -> None:
    assert not terminal.bars_shown()
    with Progress(disable=True):
        assert not terminal.bars_shown()
    with Progress():
        assert terminal.bars_shown()
    assert not terminal.bars_shown()


def test_what_was_written_last_is_known() -> None:
    before = terminal.last_written()
    with guarded():
        print("a row")
    assert terminal.last_written() > before
