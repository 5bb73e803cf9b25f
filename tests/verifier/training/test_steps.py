import os
import signal
from collections.abc import Callable, Iterator

import pytest

from verifier.training import steps
from verifier.training.steps import saved


def interrupt(times: int) -> None:
    for _ in range(times):
        os.kill(os.getpid(), signal.SIGINT)


def walk(found: Iterator[int], act: Callable[[int], None]) -> list[int]:
    seen: list[int] = []
    try:
        for step in found:
            act(step)
            seen.append(step)
    except KeyboardInterrupt:
        return seen
    raise AssertionError("it was not interrupted")


def test_an_interruption_waits_for_the_step_and_is_saved() -> None:
    kept: list[int] = []
    before = signal.getsignal(signal.SIGINT)
    found = saved(range(3, 100), kept.append, 3)
    assert walk(found, lambda step: interrupt(step == 5)) == [3, 4, 5]
    with pytest.raises(StopIteration):
        next(found)
    assert kept == [6]
    assert signal.getsignal(signal.SIGINT) is before


def test_a_second_interruption_stops_at_once() -> None:
    kept: list[int] = []
    found = saved(range(10), kept.append)
    assert walk(found, lambda step: interrupt(2 * (step == 4))) == [0, 1, 2, 3]
    assert kept == []


def test_steps_are_saved_by_time(monkeypatch: pytest.MonkeyPatch) -> None:
    seconds = iter(range(0, 1000, 100))
    monkeypatch.setattr(steps.time, "monotonic", lambda: float(next(seconds)))
    kept: list[int] = []
    assert list(saved(range(4), kept.append)) == [0, 1, 2, 3]
    assert kept == [2, 4]  # two steps take over 180 seconds
