"""Workers of this machine: one process each, fed through a pipe, replaced when it dies."""

import multiprocessing
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from multiprocessing.connection import Connection, wait
from typing import Any, Final

from fleet.engine import ATTEMPTS, Engine, FleetError, R, T, WorkerDied

_CONTEXT: Final = multiprocessing.get_context("spawn")  # "fork" is unsafe beside threads
_END_SECONDS: Final = 5.0  # that a worker gets to end by itself


class Processes(Engine):
    """So many processes.

    Parameters
    ----------
    count
        Tasks at a time.
    """

    def __init__(self, count: int) -> None:
        if count < 1:
            raise FleetError(f"there are {count} workers; give 1 or more")
        self._count = count

    @property
    def workers(self) -> int:
        """See `Engine.workers`."""
        return self._count

    def map(
        self, function: Callable[[T], R], tasks: Iterable[T]
    ) -> Iterator[tuple[T, R | WorkerDied]]:
        """See `Engine.map`."""
        todo = iter(tasks)
        again: list[_Attempt] = []
        pool = _Pool(function, self._count)
        try:
            while True:
                while pool.idle and (attempt := _next(again, todo)):
                    pool.give(attempt)
                if not pool.busy:
                    return
                for attempt, result in pool.results():
                    if isinstance(result, WorkerDied) and attempt.number < ATTEMPTS:
                        again.append(attempt)
                    else:
                        yield attempt.task, result
        finally:
            pool.end()


class _Attempt:
    """A task, and how many workers died of it."""

    def __init__(self, task: Any) -> None:
        self.task = task
        self.number = 0


def _next(again: "list[_Attempt]", todo: Iterator[Any]) -> "_Attempt | None":
    if again:
        return again.pop()
    for task in todo:
        return _Attempt(task)
    return None


class _Pool:
    """The workers, and which of them has which task."""

    def __init__(self, function: Callable[[Any], Any], count: int) -> None:
        self._function = function
        self.idle = [_Worker(function) for _ in range(count)]
        self.busy: dict[Any, tuple[_Worker, _Attempt]] = {}

    def give(self, attempt: _Attempt) -> None:
        worker = self.idle.pop()
        worker.give(attempt.task)
        self.busy[worker.connection] = (worker, attempt)

    def results(self) -> Iterator[tuple[_Attempt, Any]]:
        """Wait until some worker is done or dead, whose task is answered by `WorkerDied`."""
        for connection in wait(list(self.busy)):
            worker, attempt = self.busy.pop(connection)
            try:
                result = worker.result()
                self.idle.append(worker)
            except EOFError:
                worker.end()
                self.idle.append(_Worker(self._function))
                attempt.number += 1
                result = WorkerDied()
            yield attempt, result

    def end(self) -> None:
        workers = [*self.idle, *(worker for worker, _ in self.busy.values())]
        for worker in workers:  # all are asked first, so that they end at the same time
            worker.connection.close()
        for worker in workers:
            worker.end()


class _Worker:
    """A process, and our end of its pipe."""

    def __init__(self, function: Callable[[Any], Any]) -> None:
        self.connection, theirs = _CONTEXT.Pipe()
        self._process = _CONTEXT.Process(target=_serve, args=(theirs, function), daemon=True)
        try:
            self._process.start()
        except OSError as error:
            raise FleetError(f"a worker can't be started: {error}") from error
        theirs.close()

    def give(self, task: Any) -> None:
        with suppress(OSError):  # it died: reported when its result is waited for
            self.connection.send(task)

    def result(self) -> Any:
        """Return a result; raises EOFError if the worker died, FleetError if the task raised."""
        try:
            done, result = self.connection.recv()
        except OSError as error:
            raise EOFError from error
        if not done:
            raise FleetError(f"a task failed: {result}")
        return result

    def end(self) -> None:
        self.connection.close()
        self._process.join(_END_SECONDS if self._process.exitcode is None else 0)
        if self._process.exitcode is None:
            self._process.kill()
            self._process.join()
        self._process.close()


def _serve(connection: Connection, function: Callable[[Any], Any]) -> None:
    """Answer until the other side is gone."""
    with suppress(EOFError, OSError, KeyboardInterrupt):
        while True:
            task = connection.recv()
            try:
                answer = (True, function(task))
            except Exception as error:
                answer = (False, f"{type(error).__name__}: {error}")
            try:
                connection.send(answer)
            except (OSError, EOFError):
                raise
            except Exception as error:  # it can't be pickled, or there is no memory for it
                connection.send((False, f"{type(error).__name__}: {error}"))
