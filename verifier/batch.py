"""Many photos: progress, resume, one JSON line each."""

import errno
import hashlib
import json
import logging
import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO, Final, Protocol, cast

from pydantic import ValidationError

from channel.errors import reason_of
from channel.output import replacing
from channel.printable import name_as_text, name_of_text, whole_text
from channel.regular_file import open_regular, read_regular
from verifier.errors import OutputError, PhotoError, SettingsError
from verifier.report.record import ModelFacts
from verifier.report.report import Report

Progress = Callable[[int, int], None]
_KINDS_OF_LINES: Final = ({"photo", "report"}, {"photo", "error", "kind"})
_log = logging.getLogger(__name__)


class Analyser(Protocol):
    """Something that analyses a photo, as `verifier.analysis.Verifier` does."""

    def analyze(self, photo: str, /) -> Report:
        """Return what can be known of it."""


@dataclass(frozen=True)
class Outcome:
    """What became of one photo: a report, or the sentence that says why there is none.

    ``resumed``: it was done in an earlier run; ``photo`` is its path as given.
    """

    photo: str
    report: Report | None = None
    error: str | None = None
    error_kind: str | None = None
    resumed: bool = False

    def to_json(self) -> str:
        """Return one line of JSON, in ASCII: the photo, and its report or error.

        The photo is written as `channel.printable.name_as_text` does: two paths, of any bytes, are
        two texts.
        """
        photo = name_as_text(self.photo)
        if self.report is None:
            error = whole_text(self.error or "")
            return _line({"photo": photo, "error": error, "kind": self.error_kind})
        return _line({"photo": photo, "report": self.report.model_dump(mode="json")})


def analyze_many(
    verifier: Analyser,
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
    names = [str(photo) for photo in photos]
    done = _earlier(path, set(names)) if path and resume else {}
    with ExitStack() as stack:
        file = stack.enter_context(_opened(path, done)) if path else None
        pool = stack.enter_context(ThreadPoolExecutor(threads))
        stack.callback(pool.shutdown, wait=True, cancel_futures=True)
        todo = iter(names)
        # Twice as many as run: enough that none waits, few enough that memory stays bounded.
        running = [_start(pool, verifier, photo, done) for photo in islice(todo, 2 * threads)]
        models = _Models(path)
        for number in range(1, len(photos) + 1):
            outcome = running.pop(0).result()
            running += [_start(pool, verifier, photo, done) for photo in islice(todo, 1)]
            if file and not outcome.resumed:
                _write(file, outcome)
            models.note(outcome)
            if progress:
                progress(number, len(photos))
            yield outcome


class _Models:
    """Which models answered; says once where earlier reports are another's."""

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._earlier: dict[tuple[str, str], ModelFacts] = {}
        self._now: dict[str, ModelFacts] = {}
        self._told: set[str] = set()

    def note(self, outcome: Outcome) -> None:
        """Compare the models of earlier reports with those of this run's."""
        if outcome.report is None:
            return
        asked = {one.name: one.model for one in outcome.report.detectors if one.model}
        if outcome.resumed:
            self._earlier |= {(name, one.sha256): one for name, one in asked.items()}
        else:
            self._now |= asked
        for (name, sha256), earlier in self._earlier.items():
            now = self._now.get(name)
            if now and now.sha256 != sha256 and name not in self._told:
                self._told.add(name)
                _log.warning(
                    "%s: answers of %s are by %s in some earlier reports, and by %s in new ones; "
                    "name another file to have all by one",
                    self._path, name, _title(earlier), _title(now),
                )  # fmt: skip


def _title(model: ModelFacts) -> str:
    return f"{model.name} {model.version} ({model.sha256[:8]})"


def _start(
    pool: ThreadPoolExecutor, verifier: Analyser, photo: str, done: dict[str, Outcome]
) -> Future[Outcome]:
    return pool.submit(_outcome, verifier, photo, done)


def _outcome(verifier: Analyser, photo: str, done: dict[str, Outcome]) -> Outcome:
    earlier = done.get(photo)
    if earlier and earlier.report and earlier.report.input.sha256 == _digest(photo):
        return earlier
    try:
        return Outcome(photo, verifier.analyze(photo))
    except PhotoError as error:
        return Outcome(photo, error=str(error), error_kind=type(error).__name__)


def _digest(photo: str) -> str | None:
    try:
        with open_regular(Path(photo)) as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except (OSError, ValueError):
        return None


def _earlier(path: Path, asked: set[str]) -> dict[str, Outcome]:
    """Read the outcomes of an earlier run; errors of what is asked are tried again."""
    try:
        *lines, torn = read_regular(path).split(b"\n")  # torn: a run was killed while it wrote it
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise OutputError(f"{path} can't be read to resume: {reason_of(error)}") from error
    contents = [_content(line) for line in lines if line.strip()]
    whole = [content for content in contents if content is not None]
    ours = [content for content in whole if content.keys() in _KINDS_OF_LINES]
    if len(ours) < len(whole) or (
        not ours and (contents or not b'{"photo": "'.startswith(torn[:11]))
    ):
        raise OutputError(f"{path} holds something else than results; name another file")
    dropped = len(contents) - len(ours) + bool(torn.strip())
    if dropped:
        _log.warning("%s: %d damaged lines are dropped, and their photos done again", path, dropped)
    outcomes = [_parsed(line, path) for line in ours]
    errors = {one.photo: one for one in outcomes if one.photo not in asked}
    return errors | {one.photo: one for one in outcomes if one.report}


def _content(line: bytes) -> dict[str, Any] | None:
    """Read a line; None where it is damaged."""
    try:
        content = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return content if isinstance(content, dict) else {}


def _parsed(content: dict[str, Any], path: Path) -> Outcome:
    """Read what became of a photo; what only another version can read is left where it is."""
    photo = name_of_text(str(content["photo"]))
    if "report" not in content:
        kind = content["kind"]
        return Outcome(photo, error=str(content["error"]), error_kind=kind and str(kind))
    try:
        return Outcome(photo, Report.model_validate(content["report"]), resumed=True)
    except ValidationError as error:
        raise OutputError(
            f"{path} holds a report of {photo} that this version of camsim can't read; go on with "
            "the version that wrote it, or name another file"
        ) from error


def _opened(path: Path, done: dict[str, Outcome]) -> BinaryIO:
    """Open the results with what is kept of an earlier run, without its torn last line."""
    try:
        with replacing(path) as temporary:
            temporary.write_bytes(b"".join(_bytes(outcome) for outcome in done.values()))
        return cast(
            BinaryIO, path.open("ab", buffering=0)
        )  # what a full disk didn't take isn't tried again
    except OSError as error:
        raise OutputError(f"{path} can't be written: {reason_of(error)}") from error


def _write(file: BinaryIO, outcome: Outcome) -> None:
    """Add a line, whole or not at all."""
    line = _bytes(outcome)
    start = file.tell()
    try:
        if file.write(line) != len(line):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    except OSError as error:
        with suppress(OSError):
            file.truncate(start)
        raise OutputError(
            f"the results can't be written: {error}; make room, and run again: what is done stays "
            "done"
        ) from error


def _bytes(outcome: Outcome) -> bytes:
    return (outcome.to_json() + "\n").encode()


def _line(content: dict[str, Any]) -> str:
    # ASCII passes every terminal and pipe; DEL is the one character of it that steers.
    return json.dumps(content).replace("\x7f", "\\u007f")
