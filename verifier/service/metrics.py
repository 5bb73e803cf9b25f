"""What Prometheus is told: counts and durations, never anything of a photo."""

from collections.abc import Callable
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from verifier.report.report import Report
from verifier.service.problems import Problem

CONTENT_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"
_SECONDS: Final = (0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 20.0, 40.0, 80.0)


class Metrics:
    """Counters of one service."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self._analyses = Counter(
            "camsim_analyses", "Analyses by how they ended", ["outcome"], registry=self._registry
        )
        self._verdicts = Counter(
            "camsim_verdicts", "Reports by verdict", ["verdict"], registry=self._registry
        )
        self._seconds = Histogram(
            "camsim_analysis_seconds",
            "Seconds of an analysis, its waiting left out",
            buckets=_SECONDS,
            registry=self._registry,
        )
        self._parts = Counter(
            "camsim_part_seconds", "Seconds spent in each part", ["part"], registry=self._registry
        )
        self._live = Gauge(
            "camsim_live_analyses", "Analyses running or waiting", registry=self._registry
        )
        self._not_kept = Counter(
            "camsim_not_kept", "Answers that the disk didn't take", registry=self._registry
        )
        self._held = Gauge(
            "camsim_held_bytes", "Bytes of photos in memory", registry=self._registry
        )
        self._requests = Counter(
            "camsim_requests", "Requests by answer", ["method", "status"], registry=self._registry
        )

        self._lookups = Counter(
            "camsim_lookups",
            "Manifests asked for, by what came of it",
            ["outcome"],
            registry=self._registry,
        )
        self._publications = Counter(
            "camsim_publications",
            "Manifests posted, by what came of it",
            ["outcome"],
            registry=self._registry,
        )
        self._measurements = Counter(
            "camsim_measurements",
            "Photos measured by their own keys, by the answer",
            ["answer"],
            registry=self._registry,
        )

    def measured(self, answer: str) -> None:
        """Count a measurement by its answer."""
        self._measurements.labels(answer).inc()

    def looked_up(self, *, found: bool) -> None:
        """Count a look-up by a soft binding."""
        self._lookups.labels("found" if found else "not found").inc()

    def published(self, outcome: str) -> None:
        """Count a manifest that was posted: "new", "known", or the name of an error."""
        self._publications.labels(outcome).inc()

    def analysed(self, outcome: Report | Problem, seconds: float) -> None:
        """Count an analysis that ended."""
        self._seconds.observe(seconds)
        if isinstance(outcome, Problem):
            self._analyses.labels(outcome.kind).inc()
            return
        self._analyses.labels("report").inc()
        self._verdicts.labels(outcome.verdict.label).inc()
        for part, spent in outcome.seconds.items():
            self._parts.labels(part).inc(spent)

    def watch(self, live: Callable[[], int]) -> None:
        """Ask here, whenever it is asked, how many analyses run or wait."""
        self._live.set_function(live)

    def not_kept(self) -> None:
        """Count an answer that the disk didn't take."""
        self._not_kept.inc()

    def holding(self, count: int) -> None:
        """Tell how many bytes of photos are in memory."""
        self._held.set(count)

    def answered(self, method: str, status: int) -> None:
        """Count a request."""
        self._requests.labels(method, str(status)).inc()

    def exposition(self) -> bytes:
        """Write all as Prometheus reads it."""
        return generate_latest(self._registry)
