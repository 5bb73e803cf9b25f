"""Which steps of an analysis take the time: one core, one process, everything on."""

import cProfile
import pstats
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from verifier.analysis import Verifier
from verifier.evaluation.bench import write_sample
from verifier.reading.reading import Reading, read_file
from verifier.reading.worker import resent
from verifier.settings import Settings

# Share of the whole below which a step isn't listed.
_LEAST: Final = 0.01
_ROOMS: Final = ("verifier", "channel")


@dataclass(frozen=True)
class Step:
    """A function, seconds of one core in it and in what it calls, and how often it was called."""

    name: str
    seconds: float
    calls: int


class _DecoderHere:
    """Reads photos in this process, so that it is profiled: for files that are trusted.

    What it sent through platforms it keeps: an analysis asks for it in a thread of its own, of
    which a profile knows nothing.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self.sent: dict[str, Reading] = {}

    def read(self, data: bytes) -> Reading:
        return read_file(data, self._settings)

    def resend(self, photo: Any, platform: str) -> Reading:
        if platform not in self.sent:
            self.send(photo, platform)
        return self.sent[platform]

    def send(self, photo: Any, platform: str) -> None:
        self.sent[platform] = resent(photo, platform, self._settings)

    def close(self) -> None:
        pass


class _VerifierHere(Verifier):
    """Analyses in one process."""

    here: _DecoderHere

    def _pool(self) -> Any:
        return self.here


def profiled(photo: Path | None, weights: Path) -> tuple[list[Step], float]:
    """Profile an analysis that isn't the first; return its steps and all its seconds."""
    with tempfile.TemporaryDirectory() as folder:
        if photo is None:
            photo = Path(folder) / "photo.jpg"
            write_sample(photo)
        verifier = _VerifierHere.from_weights(weights, threads=1)
        verifier.here = _DecoderHere(verifier.settings)
        verifier.analyze(photo)
        profile = cProfile.Profile(time.process_time)
        profile.runcall(_again, verifier, photo)
    return _steps(profile)


def _again(verifier: _VerifierHere, photo: Path) -> None:
    for platform in tuple(verifier.here.sent):
        verifier.here.send(photo.read_bytes(), platform)
    verifier.analyze(photo)


def _steps(profile: cProfile.Profile) -> tuple[list[Step], float]:
    """List the project's own functions, and those of networks, the longest first."""
    stats: dict[Any, Any] = pstats.Stats(profile).stats  # type: ignore[attr-defined]
    total = max(seconds for _, _, _, seconds, _ in stats.values())
    steps = [
        Step(name, seconds, calls)
        for place, (_, calls, _, seconds, _) in stats.items()
        if seconds >= _LEAST * total and (name := _name_of(place))
    ]
    return sorted(steps, key=lambda step: -step.seconds), total


def _name_of(place: tuple[str, int, str]) -> str | None:
    """Name a function as its module has it; None for those of other libraries."""
    file, _, function = place
    parts = Path(file).with_suffix("").parts
    for room in _ROOMS:
        if room in parts:
            last = len(parts) - parts[::-1].index(room) - 1
            return f"{'.'.join(parts[last:])}.{function}"
    return None
