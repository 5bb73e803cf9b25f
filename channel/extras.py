"""Packages that only some commands need: asked for when they run, and named where they lack."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from importlib.metadata import PackageNotFoundError, distribution
from urllib.parse import unquote, urlsplit

from channel.errors import DependencyError

_OF_A_CHECKOUT = "pip install -e '.[{extra}]' in the folder of camsim's clone"


def to_install(extra: str) -> str:
    """Say how to install an extra as camsim itself was: of a clone, of a wheel, of an index.

    What pip noted of where it came from says which (PEP 610).
    """
    try:
        noted = distribution("camsim").read_text("direct_url.json")
    except PackageNotFoundError:
        return _OF_A_CHECKOUT.format(extra=extra)
    if noted is None:
        return f"pip install 'camsim[{extra}]'"
    return _as_noted(json.loads(noted), extra)


def _as_noted(noted: dict[str, object], extra: str) -> str:
    url = str(noted.get("url", ""))
    about = noted.get("dir_info")
    if not isinstance(about, dict):
        return f"pip install 'camsim[{extra}] @ {url}'"
    folder = unquote(urlsplit(url).path)
    editable = "-e " if about.get("editable") else ""
    return f"pip install {editable}'{folder}[{extra}]'"


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
