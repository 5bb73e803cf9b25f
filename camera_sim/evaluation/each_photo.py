"""One way to try many photographs: several at a time, each in a process of its own."""

import multiprocessing
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from typing import TypeVar

from channel.terminal import track

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
    """
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(processes, context) as pool:
        work = [pool.submit(tried, args, number) for number in range(count)]
        for done in track(as_completed(work), "photographs", len(work)):
            yield done.result()
