"""Analyse mutated files: only reports and our own errors may come out."""

import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from verifier.analysis import Verifier
from verifier.errors import PhotoError, PhotoTimeoutError
from verifier.evaluation.mutation import mutated


@dataclass(frozen=True)
class FuzzResult:
    """What came out.

    Attributes
    ----------
    outcomes
        How often a report, and each of our errors.
    deaths
        How often the reading process died of a file and was replaced; the service went on.
    unexpected
        Files that let out an exception that isn't ours, with its name: each is a defect.
    slowest
        Seconds of the slowest file.
    """

    files: int
    outcomes: dict[str, int]
    deaths: int
    timeouts: int
    unexpected: tuple[tuple[bytes, str], ...]
    slowest: float
    seconds: float


def fuzz(
    verifier: Verifier,
    files: Sequence[bytes],
    count: int,
    seed: int = 0,
    progress: Callable[[int], None] | None = None,
) -> FuzzResult:
    """Analyse so many mutated files, each with everything that the verifier does.

    Parameters
    ----------
    files
        Valid ones to start from.
    seed
        Equal seeds give equal files.
    """
    outcomes: Counter[str] = Counter()
    unexpected: list[tuple[bytes, str]] = []
    deaths, slowest, start = 0, 0.0, time.perf_counter()
    for number in range(count):
        data = mutated(np.random.default_rng((seed, number)), files)
        began = time.perf_counter()
        try:
            verifier.analyze(data)
            outcomes["report"] += 1
        except PhotoError as error:
            outcomes[type(error).__name__] += 1
            deaths += "decoder process died" in str(error) or "was killed" in str(error)
        except Exception as error:  # what is looked for
            unexpected.append((data, f"{type(error).__name__}: {error}"))
        slowest = max(slowest, time.perf_counter() - began)
        if progress:
            progress(number + 1)
    return FuzzResult(
        files=count,
        outcomes=dict(outcomes.most_common()),
        deaths=deaths,
        timeouts=outcomes[PhotoTimeoutError.__name__],
        unexpected=tuple(unexpected),
        slowest=slowest,
        seconds=time.perf_counter() - start,
    )
