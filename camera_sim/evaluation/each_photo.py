"""One way to try many photographs: several at a time, each in a process of its own."""

from collections.abc import Callable, Iterator
from functools import partial
from typing import TypeVar

from camera_sim.errors import CameraSimError
from channel.errors import ChannelError
from channel.terminal import track
from fleet.engine import WorkerDied
from fleet.processes import Processes

A = TypeVar("A")
T = TypeVar("T")


def each_photo(
    tried: Callable[[A, int], list[T]], args: A, count: int, processes: int
) -> Iterator[list[T]]:
    """Try each of so many photographs, and yield what came of one as soon as it is done.

    Parameters
    ----------
    tried
        What tries one, by its number: a function of a module.
    args
        What it is given beside.

    Raises
    ------
    CameraSimError
        If one can't be tried, or ends its process.
    """
    found = Processes(processes).map(partial(_tried, tried, args), range(count))
    for number, result in track(found, "photographs", count):
        if isinstance(result, WorkerDied):
            raise CameraSimError(f"photograph {number + 1} of {count} ends its process, twice")
        if isinstance(result, str):
            raise CameraSimError(result)
        yield result


def _tried(tried: Callable[[A, int], list[T]], args: A, number: int) -> list[T] | str:
    """Try one; what is wrong with it is told in a sentence, which any process can pass on."""
    try:
        return tried(args, number)
    except (CameraSimError, ChannelError) as error:
        return str(error)
