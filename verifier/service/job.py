"""One analysis on its way: how far it is, whether it is to end, how it ended."""

import secrets
import time
from concurrent.futures import Future
from datetime import UTC, datetime
from typing import Final

from verifier.report import Report
from verifier.service.problems import BusyError, Problem, ServiceError, UnknownAnalysisError
from verifier.service.records import Analysis, InWords, Part, PartState, Record, State

MOST_WAIT: Final = 60.0  # seconds, told in Retry-After


class Job:
    """One analysis: what is known of it so far. Changed by its thread, read by all."""

    def __init__(self, name: str | None, owner: str, parts: tuple[str, ...], seconds: float):
        self.id = secrets.token_urlsafe(16)
        self.name = name
        self.owner = owner
        self.future: Future[Record] = Future()
        self.ending: ServiceError | None = None  # why it is to end, if it is
        self._created = datetime.now(UTC)
        self._deadline = time.monotonic() + seconds
        self._seconds_allowed = seconds
        self._parts = parts
        self._done: dict[str, float] = {}
        self._since: float | None = None

    def begin(self) -> None:
        """Leave the queue."""
        self._check()
        self._since = time.perf_counter()

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
        return Record(analysis, self.owner, report.preview if report else None)

    def _analysis(self, state: State, done: dict[str, float]) -> Analysis:
        waiting = [part for part in self._parts if part not in done]
        current = waiting[0] if waiting and state == "running" else None

        def part_state(part: str) -> PartState:
            return "done" if part in done else "running" if part == current else "waiting"

        parts = tuple(
            Part(name=part, state=part_state(part), seconds=done.get(part)) for part in self._parts
        )
        return Analysis(id=self.id, state=state, name=self.name, created=self._created, parts=parts)
