"""What runs beside each other gives what it would give in turn."""

import threading
from contextlib import ExitStack

import pytest

from verifier.detectors.cores import ANALYSES, Cores


@pytest.mark.parametrize("count", [0, 1, 2, 5])
def test_results_come_in_the_order_of_the_items(count: int) -> None:
    assert Cores(count).each(lambda item: item**2, range(20)) == [n**2 for n in range(20)]


@pytest.mark.parametrize("count", [1, 2])
def test_an_error_beside_is_told_to_who_asks_for_the_result(count: int) -> None:
    wait = Cores(count).beside(int, "seven")
    with pytest.raises(ValueError, match="seven"):
        wait()


def test_one_core_does_everything_in_turn_in_the_thread_of_its_caller() -> None:
    cores, done = Cores(1), list[str]()
    here = threading.get_ident()

    def noted(what: str) -> bool:
        done.append(what)
        return threading.get_ident() == here

    wait = cores.beside(noted, "beside")
    assert cores.each(noted, ["first", "second"]) == [True, True]
    assert wait()
    assert done == ["first", "second", "beside"]


def test_what_runs_beside_may_run_on_all_cores_itself() -> None:
    """Else those that wait would take the cores that they wait for."""
    cores = Cores(2)
    waiting = [cores.beside(cores.each, str, range(number)) for number in range(10)]
    assert [len(wait()) for wait in waiting] == list(range(10))


def where(_: object) -> int:
    return threading.get_ident()


def test_analyses_at_the_same_time_share_the_cores() -> None:
    cores, here = Cores(2), {threading.get_ident()}
    with ANALYSES:
        assert cores.several
        assert not here & set(cores.each(where, range(4)))
        with ANALYSES:
            assert not cores.several
            assert set(cores.each(where, range(4))) | {cores.beside(where, 0)()} == here
            assert Cores(4).several
        assert cores.several


def test_an_analysis_takes_the_core_that_another_leaves() -> None:
    cores, other, here = Cores(2), ExitStack(), threading.get_ident()

    def leaving(item: int) -> tuple[int, bool]:
        if item == 1:
            other.close()
        return item, threading.get_ident() == here

    with ANALYSES:
        other.enter_context(ANALYSES)
        found = cores.each(leaving, range(4))
    assert found == [(0, True), (1, True), (2, False), (3, False)]
