"""Packages that only some commands need: asked for when they run, and named where they lack."""

from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module

from channel.errors import DependencyError


def to_install(extra: str) -> str:
    """Say how to install an extra: camsim is on no index, so from the folder of the clone."""
    return f"pip install -e '.[{extra}]' in the folder of camsim's clone"


@contextmanager
def of_extra(extra: str, what: str = "") -> Iterator[None]:
    """Raise `DependencyError` where a package that is imported meanwhile is missing.

    Parameters
    ----------
    what
        What needs it, with its verb, such as "archives need".
    """
    try:
        yield
    except ImportError as error:
        name = error.name or "a package"
        missing = f"{what} {name}" if what else f"{name} is missing; install it with"
        raise DependencyError(f"{missing}: {to_install(extra)}") from error


def require_torch(what: str = "training needs") -> None:
    """Raise `DependencyError`, of what needs it, where torch is missing."""
    try:
        import_module("torch")
    except ImportError as error:
        raise DependencyError(f"{what} torch: {to_install('train')}") from error
