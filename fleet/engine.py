"""What an engine is: something that maps a function over tasks, in any order."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Final, TypeVar

T = TypeVar("T")
R = TypeVar("R")

# Workers that may die of a task before it is given up: one may be killed for another's memory.
ATTEMPTS: Final = 3


class FleetError(Exception):
    """Workers can't be started, or a task raised what it shouldn't."""


@dataclass(frozen=True)
class WorkerDied:
    """Instead of a result: every worker that tried the task died of it."""

    attempts: int = ATTEMPTS


class Engine(ABC):
    """Has a function called for each task by some worker."""

    @property
    @abstractmethod
    def workers(self) -> int | None:
        """How many tasks run at a time; None where that is known only when they are started."""

    @abstractmethod
    def map(
        self, function: Callable[[T], R], tasks: Iterable[T]
    ) -> Iterator[tuple[T, R | WorkerDied]]:
        """Yield each task once with its result, as they are done.

        Parameters
        ----------
        function
            Of a module, so that it pickles. What it raises stops everything: catch there what
            belongs to a task.
        tasks
            Read as they are needed: memory holds a few for each worker.

        Raises
        ------
        FleetError
            If workers can't be started, or a task raised.
        """
