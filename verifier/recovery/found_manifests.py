"""Asking repositories for the manifests that a watermark leads to; whatever one answers."""

import hashlib
import logging
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import PurePath
from typing import TYPE_CHECKING, Final, TypeVar

from verifier.errors import VerifierError
from verifier.report.quoting import quoted, shortened

if TYPE_CHECKING:
    from verifier.reading.credentials.recovered import RecoveredManifest
    from verifier.repository import Repository

MOST_MANIFESTS: Final = 10
"""Of all repositories together, that one picture's watermark is followed to."""

MOST_SECONDS: Final = 30
"""In which repositories are asked; one that was begun may take its own time."""

ReadManifest = Callable[[bytes], "RecoveredManifest"]
Answer = TypeVar("Answer")
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class FoundManifest:
    """A manifest that a repository gave.

    Attributes
    ----------
    repository
        As `shown_name` gives it.
    identifier
        What the repository calls it.
    """

    repository: str
    identifier: str
    manifest: "RecoveredManifest"


@dataclass(frozen=True)
class Problem:
    """Why a repository, or a manifest of it, is of no use: a sentence."""

    words: str


def found_manifests(
    repositories: "Sequence[Repository]",
    algorithm: str,
    value: bytes,
    read: ReadManifest,
    clock: Callable[[], float] = time.monotonic,
) -> Iterator[FoundManifest | Problem]:
    """Yield what repositories have for a soft binding, in their order; never raises.

    Parameters
    ----------
    value
        Of the soft binding: the payload's bytes.
    read
        Reads a manifest store, in a process of its own.
    clock
        Seconds, from any time on.
    """
    seen: set[bytes] = set()
    looked, ends = 0, clock() + MOST_SECONDS
    for repository in repositories:
        if clock() > ends:
            yield _late(repository)
            continue
        identifiers = _answer(repository, partial(repository.matches, algorithm, value))
        if isinstance(identifiers, Problem):
            yield identifiers
            continue
        for identifier in identifiers:
            if looked == MOST_MANIFESTS:
                yield Problem(f"Only the first {MOST_MANIFESTS} manifests were looked at.")
                return
            if clock() > ends:
                yield _late(repository)
                break
            looked += 1
            store = _answer(repository, partial(repository.manifest, identifier))
            if isinstance(store, Problem):
                yield store
            elif (digest := hashlib.sha256(store).digest()) not in seen:
                seen.add(digest)
                yield _read(repository, identifier, store, read)


def _late(repository: "Repository") -> Problem:
    name = quoted(shown_name(repository), "without a name")
    return Problem(
        f"The repository {name} was not asked any further, since {MOST_SECONDS} seconds had passed."
    )


def _answer(repository: "Repository", ask: Callable[[], Answer]) -> Answer | Problem:
    """Ask; whatever goes wrong there is a sentence, and the next repository is asked."""
    name = quoted(shown_name(repository), "without a name")
    try:
        return ask()
    except VerifierError as error:
        said = str(error).replace(repository.name, shown_name(repository))
        return Problem(f"The repository {name} gave no answer that can be used: {shortened(said)}.")
    except Exception:  # a stranger's answer may do anything to what reads it
        _log.warning("the repository %s couldn't be asked", repository.name, exc_info=True)
        return Problem(f"The repository {name} gave no answer that can be used.")


def _read(
    repository: "Repository", identifier: str, store: bytes, read: ReadManifest
) -> FoundManifest | Problem:
    name = shown_name(repository)
    try:
        return FoundManifest(name, identifier, read(store))
    except VerifierError as error:
        return Problem(
            f"A manifest of the repository {quoted(name, 'without a name')} can't be read: "
            f"{shortened(str(error))}."
        )


def shown_name(repository: "Repository") -> str:
    """Return what a report calls a repository: its URL, or its file's name without folders."""
    name = repository.name
    return name if "://" in name else PurePath(name).name or name
