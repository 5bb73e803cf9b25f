"""How fast manifests are found among many, and what each takes on the disk."""

import random
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeVar

from channel.terminal import track
from verifier.repository import (
    BundleRepository,
    FolderRepository,
    Publication,
    export_bundle,
    open_repository,
)
from verifier.repository.folder import FILE
from watermark.payload import ALGORITHM, PAYLOAD_BYTES

T = TypeVar("T")
_SEED: Final = 0
_BATCH: Final = 500  # manifests that are filled in by one transaction


@dataclass(frozen=True)
class Times:
    """Milliseconds: half of them are at most ``p50``, 95% at most ``p95``."""

    p50: float
    p95: float
    worst: float

    @classmethod
    def of(cls, seconds: list[float]) -> "Times":
        """Sort what was measured."""
        found = sorted(1000 * second for second in seconds)
        return cls(found[len(found) // 2], found[int(0.95 * (len(found) - 1))], found[-1])


@dataclass(frozen=True)
class RepositoryResult:
    """What was measured; ``opening`` is in seconds and of the bundle, whose index is checked."""

    milliseconds: dict[str, Times]
    bytes_each: float
    bundle_bytes_each: float
    opening: float


def bench_repository(
    folder: Path, *, manifests: int, store_bytes: int, requests: int
) -> RepositoryResult:
    """Fill a folder, look up, publish, export.

    Parameters
    ----------
    manifests
        Published before anything is measured.
    requests
        Look-ups of each kind, and publications.
    """
    draw = random.Random(_SEED)
    values = [draw.randbytes(PAYLOAD_BYTES) for _ in range(manifests)]
    with FolderRepository(folder, make=True) as repository:
        for start in track(range(0, manifests, _BATCH), "publishing"):
            repository.publish_all(
                _made(values[number], store_bytes, draw)
                for number in range(start, min(start + _BATCH, manifests))
            )
    size = (folder / FILE).stat().st_size
    times = _look_ups(folder, values, requests, draw)
    with FolderRepository(folder, writes=True) as repository:
        more = [_made(draw.randbytes(PAYLOAD_BYTES), store_bytes, draw) for _ in range(requests)]
        times["publish one"] = _timed(repository.publish, more)
        bundle = folder / "bundle"
        count = export_bundle(repository, bundle)
    before = time.perf_counter()
    BundleRepository(bundle).close()
    opening = time.perf_counter() - before
    return RepositoryResult(times, size / manifests, bundle.stat().st_size / count, opening)


def _look_ups(
    folder: Path, values: list[bytes], requests: int, draw: random.Random
) -> dict[str, Times]:
    repository = open_repository(folder)
    known = [draw.choice(values) for _ in range(requests)]
    unknown = [draw.randbytes(PAYLOAD_BYTES) for _ in range(requests)]

    def fetched(value: bytes) -> bytes:
        return repository.manifest(repository.matches(ALGORITHM, value)[0])

    return {
        "look up, there": _timed(lambda value: repository.matches(ALGORITHM, value), known),
        "look up, not there": _timed(lambda value: repository.matches(ALGORITHM, value), unknown),
        "look up and get the manifest": _timed(fetched, known),
    }


def _timed(act: Callable[[T], object], arguments: Iterable[T]) -> Times:
    seconds = []
    for argument in arguments:
        start = time.perf_counter()
        act(argument)
        seconds.append(time.perf_counter() - start)
    return Times.of(seconds)


def _made(value: bytes, store_bytes: int, draw: random.Random) -> Publication:
    """Make a publication whose store is random bytes, which nothing can compress."""
    identifier = f"urn:c2pa:{draw.getrandbits(128):032x}"
    return Publication(identifier, draw.randbytes(store_bytes), ((ALGORITHM, value),))
