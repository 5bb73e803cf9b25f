"""One analysis on its way: how far it is, whether it is to end, how it ended."""

import secrets
import time
from collections.abc import Mapping
from concurrent.futures import Future, InvalidStateError
from contextlib import ExitStack, suppress
from datetime import UTC, datetime
from typing import Final

from verifier.errors import VerifierError
from verifier.report.report import Report
from verifier.service.problems import BusyError, Problem, ServiceError, UnknownAnalysisError
from verifier.service.records import Analysis, InWords, Part, PartState, Record, State

MOST_WAIT: Final = 60.0  # seconds, told in Retry-After


class Job:
    """One analysis: what is known of it so far. Changed by its thread, read by all.

    Attributes
    ----------
    photo
        The file, as long as it is needed.
    future
        Ends in every case, with a record or an error; and with it ends ``holding``.
    holding
        What the analysis takes of the service: given back once, whatever happened.
    """

    def __init__(
        self, photo: bytes, name: str | None, owner: str, parts: Mapping[str, str], seconds: float
    ) -> None:
        self.id = secrets.token_urlsafe(16)
        self.photo: bytes | None = photo
        self.name = name
        self.owner = owner
        self.ending: ServiceError | None = None  # why it is to end, if it is
        self._created = datetime.now(UTC)
        self._deadline = time.monotonic() + seconds
        self._seconds_allowed = seconds
        self._parts = parts
        self._done: dict[str, float] = {}
        self._since: float | None = None
        self.holding = ExitStack()
        self.future: Future[Record] = Future()
        self.future.add_done_callback(self._release)

    def _release(self, _: object) -> None:
        # A queue may still have this job: it must not keep the photo of one that was given up.
        self.photo = None
        self.holding.close()

    def left(self, _: object = None) -> None:
        """Hear that nobody works at it any more: then it has ended, if only by a defect of ours."""
        with suppress(InvalidStateError):
            self.future.set_exception(VerifierError("an error of ours, please report it"))

    def begin(self) -> bytes:
        """Leave the queue; returns the photo, raises if the analysis is to end here."""
        self._check()
        self._since = time.perf_counter()
        if self.photo is None:
            raise UnknownAnalysisError("the analysis has ended")
        return self.photo

    def part_done(self, part: str) -> None:
        """Hear of a finished part; raises if the analysis is to end here."""
        now = time.perf_counter()
        self._done = self._done | {part: round(now - (self._since or now), 4)}
        self._since = now
        self._check()

    def _check(self) -> None:
        if self.ending:
            raise self.ending
        if time.monotonic() > self._deadline:
            raise BusyError(
                f"the analysis wasn't done after {self._seconds_allowed:g} s; ask again later",
                MOST_WAIT,
            )

    @property
    def deleted(self) -> bool:
        """Whether nobody is to find it any more."""
        return isinstance(self.ending, UnknownAnalysisError)

    def snapshot(self) -> Analysis:
        """Tell how far it is."""
        state: State = "queued" if self._since is None else "running"
        return self._analysis(state, self._done)

    def finished(self, outcome: "Report | Problem", expires: datetime | None) -> Record:
        """Tell how it ended."""
        report = outcome if isinstance(outcome, Report) else None
        problem = outcome if isinstance(outcome, Problem) else None
        state: State = "done" if report else "failed"
        in_words = InWords.of(report) if report else None
        update = {"report": report, "in_words": in_words, "problem": problem, "expires": expires}
        analysis = self._analysis(state, self._done).model_copy(update=update)
        pictures = (report.preview, report.signed_picture) if report else (None, None)
        return Record(analysis, self.owner, *pictures)

    def _analysis(self, state: State, done: dict[str, float]) -> Analysis:
        waiting = [part for part in self._parts if part not in done]
        current = waiting[0] if waiting and state == "running" else None

        def part_state(part: str) -> PartState:
            return "done" if part in done else "running" if part == current else "waiting"

        parts = tuple(
            Part(name=part, words=words, state=part_state(part), seconds=done.get(part))
            for part, words in self._parts.items()
        )
        return Analysis(id=self.id, state=state, name=self.name, created=self._created, parts=parts)
