"""Workers of many machines: Ray's tasks, which Ray itself gives to another worker if one dies."""

import logging
import os
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import Any, Final

from fleet.engine import ATTEMPTS, Engine, FleetError, R, T, WorkerDied

_WAITING: Final = 2  # tasks a worker: one that runs, and one that needn't be waited for


class RayCluster(Engine):
    """A cluster of Ray.

    Parameters
    ----------
    address
        "auto": the cluster that this machine is part of; "local": one of this machine alone, for
        trying it out; else as Ray has it. This software must be installed on every machine.
    count
        Workers; None: as many as the cluster has processors.
    """

    def __init__(self, address: str = "auto", count: int | None = None) -> None:
        self._address = address
        self._count = count

    @property
    def workers(self) -> int | None:
        """See `Engine.workers`."""
        return self._count

    def map(
        self, function: Callable[[T], R], tasks: Iterable[T]
    ) -> Iterator[tuple[T, R | WorkerDied]]:
        """See `Engine.map`."""
        ray = _connected(self._address, self._count)
        from ray.exceptions import RayError, RayTaskError

        died = _deaths()

        try:
            remote = ray.remote(max_retries=ATTEMPTS - 1)(_act)
            shared = ray.put(function)
            processors = int(ray.cluster_resources().get("CPU", 1))
            todo = iter(tasks)
            count = _WAITING * (self._count or processors)
            running = {remote.remote(shared, task): task for task in islice(todo, count)}
            while running:
                [done], _ = ray.wait(list(running), num_returns=1)
                task = running.pop(done)
                try:
                    result = ray.get(done)
                except died:
                    result = WorkerDied()
                except RayTaskError as error:
                    raise FleetError(f"a task failed: {error.cause}") from error
                except RayError as error:  # the cluster's own: no task is to blame
                    raise FleetError(f"the cluster of Ray failed: {_line(error)}") from error
                running |= {remote.remote(shared, new): new for new in islice(todo, 1)}
                yield task, result
        finally:
            ray.shutdown()


def _deaths() -> tuple[type[Exception], ...]:
    """List what says that a task's workers died of it, by themselves or for their memory."""
    from ray.exceptions import NodeDiedError, OutOfMemoryError, WorkerCrashedError

    return WorkerCrashedError, OutOfMemoryError, NodeDiedError


def _line(error: Exception) -> str:
    return str(error).strip().partition("\n")[0]


def _act(function: Callable[[T], R], task: T) -> R:
    """Do a task; what Ray calls, for it takes no partial functions."""
    return function(task)


def _connected(address: str, count: int | None) -> Any:
    """Join the cluster; nothing is reported to Ray's makers."""
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")
    try:
        import ray
    except ImportError as error:
        words = "pip install -e '.[archive]' in the folder of camsim's clone"
        raise FleetError(f"many machines need Ray: {words}") from error
    quiet = {"log_to_driver": False, "logging_level": logging.ERROR}
    try:
        if address == "local":
            ray.init(address="local", num_cpus=count, include_dashboard=False, **quiet)
        else:
            ray.init(address=address, **quiet)
    except (ConnectionError, ValueError, RuntimeError) as error:
        raise FleetError(f"no cluster of Ray at {address!r}: {error}") from error
    return ray
