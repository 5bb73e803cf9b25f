"""Many photos: progress, resume, one JSON line each."""

import hashlib
import json
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from pydantic import ValidationError

from verifier.errors import OutputError, PhotoError, SettingsError
from verifier.report import Report

if TYPE_CHECKING:
    from verifier.analysis import Verifier

Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Outcome:
    """What became of one photo: a report, or the sentence that says why there is none.

    ``resumed`` tells that it was done in an earlier run.
    """

    photo: str
    report: Report | None = None
    error: str | None = None
    error_kind: str | None = None
    resumed: bool = False

    def to_json(self) -> str:
        """Return one line of JSON: the photo, and its report or error."""
        if self.report is None:
            return _line({"photo": self.photo, "error": self.error, "kind": self.error_kind})
        return _line({"photo": self.photo, "report": self.report.model_dump(mode="json")})


def analyze_many(
    verifier: "Verifier",
    photos: Sequence[str | Path],
    results: str | Path | None,
    resume: bool,
    progress: Progress | None,
    threads: int,
) -> Iterator[Outcome]:
    """Do what `Verifier.analyze_many` says."""
    if threads < 1:
        raise SettingsError(f"threads is {threads}; give 1 or more")
    path = Path(results) if results is not None else None
    done = _earlier(path) if path and resume else {}
    with ExitStack() as stack:
        file = stack.enter_context(_opened(path, done)) if path else None
        pool = stack.enter_context(ThreadPoolExecutor(threads))
        stack.callback(pool.shutdown, wait=True, cancel_futures=True)
        todo = iter([str(photo) for photo in photos])
        # Twice as many as run: enough that none waits, few enough that memory stays bounded.
        running = [_start(pool, verifier, photo, done) for photo in islice(todo, 2 * threads)]
        for number in range(1, len(photos) + 1):
            outcome = running.pop(0).result()
            running += [_start(pool, verifier, photo, done) for photo in islice(todo, 1)]
            if file and not outcome.resumed:
                _write(file, outcome)
            if progress:
                progress(number, len(photos))
            yield outcome


def _start(
    pool: ThreadPoolExecutor, verifier: "Verifier", photo: str, done: dict[str, Outcome]
) -> Future[Outcome]:
    return pool.submit(_outcome, verifier, photo, done)


def _outcome(verifier: "Verifier", photo: str, done: dict[str, Outcome]) -> Outcome:
    earlier = done.get(photo)
    if earlier and earlier.report and earlier.report.input.sha256 == _digest(photo):
        return earlier
    try:
        return Outcome(photo, verifier.analyze(photo))
    except PhotoError as error:
        return Outcome(photo, error=str(error), error_kind=type(error).__name__)


def _digest(photo: str) -> str | None:
    try:
        with Path(photo).open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except (OSError, ValueError):
        return None


def _earlier(path: Path) -> dict[str, Outcome]:
    """Read the reports of an earlier run; errors are tried again, a torn line too."""
    try:
        lines = path.read_text().splitlines()
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError) as error:
        raise OutputError(f"{path} can't be read to resume: {error}") from error
    done = {}
    for line in lines:
        outcome = _parsed(line)
        if outcome:
            done[outcome.photo] = outcome
    if lines and not done and not any('"photo"' in line for line in lines):
        raise OutputError(f"{path} holds something else than results; name another file")
    return done


def _parsed(line: str) -> Outcome | None:
    try:
        content: Any = json.loads(line)
        return Outcome(
            str(content["photo"]), Report.model_validate(content["report"]), resumed=True
        )
    except (ValueError, KeyError, TypeError, ValidationError):
        return None


def _opened(path: Path, done: dict[str, Outcome]) -> IO[str]:
    """Open the results with what is kept of an earlier run, without its torn last line."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = path.with_name(path.name + ".part")
        temporary.write_text("".join(outcome.to_json() + "\n" for outcome in done.values()))
        temporary.replace(path)
        return path.open("a")
    except OSError as error:
        raise OutputError(f"{path} can't be written: {error}") from error


def _write(file: IO[str], outcome: Outcome) -> None:
    try:
        file.write(outcome.to_json() + "\n")
        file.flush()
    except OSError as error:
        raise OutputError(f"the results can't be written: {error}") from error


def _line(content: dict[str, Any]) -> str:
    return json.dumps(content, ensure_ascii=False)
