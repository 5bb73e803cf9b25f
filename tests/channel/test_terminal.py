import pytest

from channel import terminal
from channel.terminal import Progress, duration, training_bar


def test_where_there_is_no_terminal_a_line_is_written_now_and_then(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    seconds = 0.0
    monkeypatch.setattr("channel.terminal._FIRST_LINE", 3.0)
    monkeypatch.setattr("channel.terminal.time.monotonic", lambda: seconds)
    with Progress() as bar:
        task = bar.add_task("sending", total=100)
        for done in range(100):
            seconds = 2.0 * done
            bar.update(task, completed=done)
    assert capsys.readouterr().err.splitlines() == [
        "camsim: sending: 2 of 100, about 3 min left",
        "camsim: sending: 32 of 100, about 2 min left",
        "camsim: sending: 62 of 100, about 76 s left",
        "camsim: sending: 92 of 100, about 16 s left",
    ]


@pytest.mark.parametrize(("known", "words"), [(True, "2 of 4, about 4 s left"), (False, "2 done")])
def test_what_is_tracked_is_told_as_it_goes(
    known: bool, words: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    seconds = 0.0
    monkeypatch.setattr("channel.terminal._FIRST_LINE", 3.0)
    monkeypatch.setattr("channel.terminal.time.monotonic", lambda: seconds)
    told = []
    for _ in terminal.track(range(4) if known else (n for n in range(4)), "at work"):
        told.append(capsys.readouterr().err)
        seconds += 2.0
    assert told == ["", "", f"camsim: at work: {words}\n", ""]


def test_short_work_is_silent(capsys: pytest.CaptureFixture[str]) -> None:
    assert list(terminal.track(range(3), "at work")) == [0, 1, 2]
    with training_bar(3) as tell:
        tell(1, "loss 1", None)
    assert capsys.readouterr() == ("", "")


def test_a_training_says_once_how_long_it_takes(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    seconds = 0.0
    monkeypatch.setattr("channel.terminal.time.monotonic", lambda: seconds)
    with training_bar(1001) as tell:
        for done in range(1, 8):
            seconds = 2.0 * done
            tell(done, "loss 1", "step 5" if done == 5 else None)
    caught = capsys.readouterr()
    assert caught.out == "step 5\n"
    assert caught.err == "camsim: the 997 steps that are left take about 33 min\n"


@pytest.mark.parametrize(
    ("seconds", "words"), [(0, "0 s"), (89, "89 s"), (90, "2 min"), (7811, "2 h 10 min")]
)
def test_durations(seconds: float, words: str) -> None:
    assert duration(seconds) == words
