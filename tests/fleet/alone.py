"""An engine without processes: they take seconds to start, and some tests are not of them."""

from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

from fleet import Engine, WorkerDied

T = TypeVar("T")
R = TypeVar("R")


class Alone(Engine):
    """Does tasks itself, one after another."""

    def __init__(self, workers: int = 1) -> None:
        self._workers = workers

    @property
    def workers(self) -> int:
        return self._workers

    def map(
        self, function: Callable[[T], R], tasks: Iterable[T]
    ) -> Iterator[tuple[T, R | WorkerDied]]:
        for task in tasks:
            yield task, function(task)
