"""One way to try many photographs: several at a time, each in a process of its own."""

from collections.abc import Callable, Iterator
from functools import partial
from typing import TypeVar

from camera_sim.errors import CameraSimError
from channel.errors import ChannelError
from channel.terminal import complain, track
from fleet.engine import WorkerDied
from fleet.processes import Processes

A = TypeVar("A")
T = TypeVar("T")


def each_photo(
    tried: Callable[[A, int], list[T]], args: A, count: int, processes: int, failed: list[str]
) -> Iterator[list[T]]:
    """Try each of so many photographs, and yield what came of one as soon as it is done.

    One that can't be tried is told, and left out.

    Parameters
    ----------
    tried
        What tries one, by its number: a function of a module.
    args
        What it is given beside.
    failed
        Gets what is wrong with each that couldn't be tried.

    Raises
    ------
    CameraSimError
        If none of them could be.
    """
    found = Processes(processes).map(partial(_tried, tried, args), range(count))
    for number, result in track(found, "photographs", count):
        if isinstance(result, list):
            yield result
            continue
        died = f"photograph {number + 1} of {count} ends its process, twice"
        failed.append(died if isinstance(result, WorkerDied) else result)
        complain(failed[-1])
    if len(failed) == count:
        raise CameraSimError("none of the photographs could be used")


def _tried(tried: Callable[[A, int], list[T]], args: A, number: int) -> list[T] | str:
    """Try one; what is wrong with it is told in a sentence, which any process can pass on."""
    try:
        return tried(args, number)
    except (CameraSimError, ChannelError) as error:
        return str(error)
