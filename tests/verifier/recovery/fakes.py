"""Repositories and manifests that say what a test wants."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tests.verifier.judging.test_recovered import trusted
from verifier.report.record import Credential
from watermark.payload import ALGORITHM

PAYLOAD = bytes.fromhex("0123456789abcdef")


@dataclass(frozen=True)
class Binding:
    alg: str = ALGORITHM
    value: bytes = PAYLOAD


@dataclass(frozen=True)
class Manifest:
    credential: Credential = field(default_factory=trusted)
    bindings: tuple[Binding, ...] = (Binding(),)
    reference: NDArray[np.uint8] | None = None
    photo_size: tuple[int, int] | None = None


@dataclass
class Repository:
    """Each manifest's store is its identifier; an exception in place of an answer is raised."""

    stores: Mapping[str, Any]
    name: str = "/srv/newsroom/manifests"
    found: Any = None
    asked: list[Any] = field(default_factory=list)

    def matches(self, alg: str, value: bytes) -> tuple[str, ...]:
        self.asked.append((alg, value))
        if isinstance(self.found, BaseException):
            raise self.found
        return tuple(self.stores) if self.found is None else self.found

    def manifest(self, identifier: str) -> bytes:
        self.asked.append(identifier)
        store = self.stores[identifier]
        if isinstance(store, BaseException):
            raise store
        return identifier.encode()


def reading(*repositories: Repository) -> Callable[[bytes], Any]:
    """Read a store of any of these repositories."""
    known = {name: one for repository in repositories for name, one in repository.stores.items()}

    def read(store: bytes) -> Any:
        manifest = known[store.decode()]
        if isinstance(manifest, Manifest):
            return manifest
        raise manifest[0]

    return read
