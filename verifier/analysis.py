"""One call: a photo in, a report out.

>>> from verifier import Verifier
>>> report = Verifier.default().analyze("photo.jpg")  # doctest: +SKIP
>>> print(report.verdict.label, report.verdict.summary)  # doctest: +SKIP
"""

import logging
import threading
import time
from collections.abc import Callable, Container, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import cache, partial
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, ParamSpec, Self, TypeVar

from channel.one_blas_thread import ONE_BLAS_THREAD
from channel.printable import whole_text
from verifier.batch import Outcome, Progress, analyze_many
from verifier.comparing.compare import compare
from verifier.detectors import DETECTORS, Detector
from verifier.detectors.added.detector import added_detectors
from verifier.detectors.agreement import agreed
from verifier.detectors.cores import ANALYSES, Cores
from verifier.detectors.edits import WatermarkEdits
from verifier.judging.stability import DECIDING, stability, survives
from verifier.judging.verdict import conclude
from verifier.reading.photo import LoadedPhoto, Photo, load
from verifier.reading.process import DecoderProcesses
from verifier.reading.reading import Reading, read_pixels
from verifier.recovery.recovering import Received, Recovery, recover
from verifier.recovery.wording import NO_KEY
from verifier.report.parts import EDITS, RECOVERY, WATERMARK, parts_of
from verifier.report.preview import Preview, preview_of
from verifier.report.record import DetectorResult, MeasuredFacts, Stability, WatermarkFacts
from verifier.report.report import Report
from verifier.settings import Settings
from verifier.watermark.known_keys import KnownKeys, keys_if_any, keys_of
from verifier.watermark.photo import upright
from verifier.watermark.reader import read_watermark
from verifier.watermark.reported import NOT_LOOKED_FOR, as_facts
from verifier.weights import FOLDER

if TYPE_CHECKING:
    from verifier.measuring.client import MeasuringService
    from verifier.repository import Repository
    from watermark.keys import GroupKey

_log = logging.getLogger(__name__)
P = ParamSpec("P")
Found = TypeVar("Found")
# Called with a part's name when the part is done; what it raises ends the analysis.
PartDone = Callable[[str], None]


class _ByWatermark(NamedTuple):
    """What the watermark says, what was done to it, and where it leads, each with its seconds."""

    facts: tuple[WatermarkFacts, float]
    edits: tuple[DetectorResult | None, float]
    recovery: tuple[Recovery, float]


class Verifier:
    """Analyses photos, offline and on the CPU.

    Keep one and use it for every photo, from any number of threads. Models are loaded once, when
    first needed. So is the process that decodes what strangers uploaded. It pickles into worker
    processes. `close` ends that process, and so does the end of a ``with`` block or of Python.

    Parameters
    ----------
    detectors
        The parts that answer questions about the pixels.
    settings
        What it goes by; None: the defaults.
    """

    def __init__(
        self,
        detectors: Sequence[Detector],
        settings: Settings | None = None,
    ) -> None:
        self._settings = settings or Settings()
        self._keys = _known(self._settings)
        self._detectors = tuple(
            one.by(self._keys) if isinstance(one, WatermarkEdits) else one for one in detectors
        )
        of_edits = (one for one in self._detectors if isinstance(one, WatermarkEdits))
        self._edits = next(of_edits, None)
        self._repositories = _opened(self._settings)
        self._measuring = _measuring(self._settings)
        self._cores = Cores(self._settings.threads)
        self._decoders: DecoderProcesses | None = None
        self._lock = threading.Lock()

    @classmethod
    def default(cls, settings: Settings | None = None, **given: Any) -> Self:
        """Make a verifier of the shipped models.

        Parameters
        ----------
        settings
            What it goes by.
        given
            Single fields of `Settings`, such as ``trust_anchors="anchors.pem"``.

        Raises
        ------
        SettingsError
            If the trust anchors can't be read, or a platform is unknown.
        WeightsError
            If the manifest of models is damaged.
        """
        return cls.from_weights(FOLDER, settings, **given)

    @classmethod
    def from_weights(cls, folder: Path, settings: Settings | None = None, **given: Any) -> Self:
        """Make a verifier of a folder of models of your own, and the detectors that you added."""
        by = replace(settings or Settings(), **given)
        ours = [kind.from_weights(folder, threads=by.threads) for kind in DETECTORS]
        asked = [one for one in ours if one.asked]
        return cls([*asked, *added_detectors(by.added_detectors)], by)

    @classmethod
    def facts_only(cls, settings: Settings | None = None, **given: Any) -> Self:
        """Make one without detectors: file, credential and channel alone, no statistics."""
        by = replace(settings or Settings(), **given)
        return cls([], _asking_nobody(by))

    def __reduce__(self) -> tuple[type[Self], tuple[Any, ...]]:
        # With the very keys: another machine's folder has others.
        settings = replace(self._settings, watermark_keys=self._keys)
        return type(self), (self._detectors, settings)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End the reading processes; another photo starts them again."""
        if self._decoders is not None:
            self._decoders.close()

    @property
    def settings(self) -> Settings:
        """What it goes by."""
        return self._settings

    @property
    def watermark_keys(self) -> "tuple[GroupKey, ...]":
        """The group keys by which it reads watermarks; none: it looks for none."""
        return self._keys

    @property
    def detectors(self) -> tuple[Detector, ...]:
        """The parts that answer questions about the pixels."""
        return self._detectors

    @property
    def parts(self) -> dict[str, str]:
        """What an analysis does: words by name, in the order in which ``part_done`` hears of it."""
        parts = parts_of({one.name: one.doing or one.question for one in self._detectors})
        asked = {
            WATERMARK: self._looks_for_watermark, EDITS: bool(self._keys), RECOVERY: self._looks_up
        }  # fmt: skip
        return {name: words for name, words in parts.items() if asked.get(name, True)}

    def analyze(
        self, photo: Photo, *, name: str | None = None, part_done: PartDone = lambda _: None
    ) -> Report:
        """Say what can be known of a photo.

        Parameters
        ----------
        photo
            A path, the bytes of a file, or pixels (H, W, 3) or (H, W), uint8, sRGB.
        name
            What the report calls it; None: a path's own name.
        part_done
            Called after each of `parts`; an exception of it ends the analysis.

        Raises
        ------
        PhotoError
            If it can't be read; the subclass and the message say why.
        WeightsError
            If a model is damaged.
        WorkerError
            If the reading process can't be started.
        """
        loaded = load(photo, self._settings.limits)
        with ONE_BLAS_THREAD, ANALYSES:
            return self._analyzed(loaded, name, _Clock(self.parts, part_done))

    def _analyzed(self, loaded: LoadedPhoto, name: str | None, clock: "_Clock") -> Report:
        self._prepare()
        with clock.part("reading"):
            reading = self._read(loaded.content)
        small = self._cores.beside(_timed, self._preview, reading)
        led = self._cores.beside(self._by_watermark, reading, loaded.content)
        asked = self._results(reading, clock)
        watermark, judged, recovery = led()
        marked = clock.done(WATERMARK, watermark)
        edits = clock.done(EDITS, judged)
        recovered = clock.done(RECOVERY, recovery)
        answers = asked | ({edits.name: edits} if edits else {})
        results = [answers[one.name] for one in self._detectors]
        with clock.part("stability"):
            held = stability(
                results,
                self._settings.resend_through,
                lambda platform: self._resent(loaded.content, platform),
                lambda again: [d.analyze(again, brief=True) for d in self._judging(results)],
                self._cores.beside,
            )
        facts = reading.facts
        preview = clock.done("preview", small())
        return Report(
            verifier_version=_version(),
            input=facts.input.model_copy(
                update={"name": whole_text(name) if name else loaded.name}
            ),
            credential=facts.credential,
            channel=facts.channel,
            detectors=tuple(_with_map_if_answered(result, held) for result in results),
            watermark=marked,
            recovered=recovered.facts,
            comparison=recovered.comparison,
            stability=held,
            verdict=conclude(
                facts.credential,
                facts.channel,
                results,
                held,
                marked,
                recovered.facts,
                recovered.comparison,
                shows_more=facts.shows_more,
            ),
            seconds={k: round(v, 4) for k, v in (facts.seconds | clock.seconds).items()},
        ).with_pictures(preview, recovered.picture if self._settings.preview else None)

    def analyze_many(
        self,
        photos: Sequence[str | Path],
        *,
        results: str | Path | None = None,
        resume: bool = True,
        progress: Progress | None = None,
        threads: int = 2,
    ) -> Iterator[Outcome]:
        """Analyse files one after another; a bad one doesn't stop the others.

        Parameters
        ----------
        photos
            Paths.
        results
            A file that gets one JSON line a photo, as each is done; None: no file.
        resume
            Whether photos that ``results`` already has, with the same content, are skipped.
        progress
            Called with the number done and the number of all.
        threads
            Photos at a time.

        Yields
        ------
        Outcomes in the order of ``photos``, each with a report or an error.

        Raises
        ------
        OutputError
            If ``results`` can't be read or written.
        """
        yield from analyze_many(self, photos, results, resume, progress, threads)

    def read(self, photo: Photo, platform: str | None = None) -> Reading:
        """Read a photo, or what a platform would serve of it, without asking the detectors.

        For those who measure detectors. Raises `PhotoError` as `analyze` does.
        """
        content = load(photo, self._settings.limits).content
        return self._read(content) if platform is None else self._resent(content, platform)

    def _preview(self, reading: Reading) -> Preview | None:
        if not self._settings.preview:
            return None
        return preview_of(reading.colours, reading.facts.input.orientation)

    @property
    def _looks_up(self) -> bool:
        return bool(self._keys and self._repositories)

    @property
    def _looks_for_watermark(self) -> bool:
        return bool(self._keys or self._measuring)

    def _by_watermark(self, reading: Reading, content: Any) -> _ByWatermark:
        """Read the watermark, look up what it leads to, and have it measured."""
        (facts, seconds), edits, recovery = self._read_here(reading)
        measured, more = _timed(self._measured, content, facts.payload)
        facts = facts.model_copy(update={"measured": measured})
        return _ByWatermark((facts, seconds + more), edits, recovery)

    def _measured(self, content: Any, payload: str | None) -> tuple[MeasuredFacts, ...]:
        """Ask the vendors' services; pixels without a file are sent to none."""
        if not isinstance(content, bytes):
            return ()
        return tuple(service.measure(content, payload) for service in self._measuring)

    def _read_here(self, reading: Reading) -> _ByWatermark:
        """Read the watermark, judge by it, look up what it leads to, each with its seconds."""
        if not self._keys:
            nothing = Recovery(NO_KEY) if self._repositories else Recovery()
            unjudged = self._edits.without_key() if self._edits else None
            return _ByWatermark((NOT_LOOKED_FOR, 0.0), (unjudged, 0.0), (nothing, 0.0))
        picture = upright(reading)
        found, seconds = _timed(read_watermark, picture, self._keys)
        facts = as_facts(found, max(picture.shape[:2]))
        judged = self._edits and partial(self._edits.judge, reading, picture, found)
        edits = _timed(judged) if judged else (None, 0.0)
        if not self._repositories:
            return _ByWatermark((facts, seconds), edits, (Recovery(), 0.0))
        received = Received(
            picture, found, reading.facts.credential, shows_more=reading.facts.shows_more
        )
        read = self._pool().read_manifest
        recovered = _timed(recover, received, self._repositories, read, compare)
        return _ByWatermark((facts, seconds), edits, recovered)

    def _results(self, reading: Reading, clock: "_Clock") -> dict[str, DetectorResult]:
        """Ask those that the watermark has no part in."""
        others = [one for one in self._detectors if one is not self._edits]
        asked = {one.name: self._cores.beside(_timed, one.analyze, reading) for one in others}
        answers = [clock.done(name, answer()) for name, answer in asked.items()]
        return {result.name: result for result in agreed(answers)}

    def _prepare(self) -> None:
        """Load models while another process reads the photo; what fails is raised when asked."""
        if self._cores.several:
            for detector in self._detectors:
                self._cores.beside(detector.prepare)

    def _judging(self, results: Sequence[DetectorResult]) -> list[Detector]:
        """Return the detectors whose answers the stability test compares."""
        answers = {result.name for result in results if result.finding in DECIDING}
        return [detector for detector in self._detectors if detector.name in answers]

    def _read(self, content: Any) -> Reading:
        if isinstance(content, bytes):
            return self._pool().read(content)
        return read_pixels(content)

    def _resent(self, content: Any, platform: str) -> Reading:
        return self._pool().resend(content, platform)

    def _pool(self) -> DecoderProcesses:
        with self._lock:
            if self._decoders is None:
                self._decoders = DecoderProcesses(self._settings)
            return self._decoders


def _known(settings: Settings) -> "tuple[GroupKey, ...]":
    """Return the keys that are given, or the user's; warns of those that can't be read."""
    given = settings.watermark_keys
    known = keys_if_any() if given is None else KnownKeys(keys_of(given))
    for problem in known.problems:
        _log.warning("%s", problem)
    return known.keys


def _opened(settings: Settings) -> "tuple[Repository, ...]":
    """Open what is looked up in; raises `RepositoryError` for what is none."""
    if not settings.repositories:
        return ()
    # Imported here: who looks nothing up needs none of it.
    from verifier.repository import open_repository

    return tuple(open_repository(where) for where in settings.repositories)


def _measuring(settings: Settings) -> "tuple[MeasuringService, ...]":
    """Return the vendors' services that are asked; raises `SettingsError` for what is no URL."""
    if not settings.measuring_services:
        return ()
    from verifier.measuring.client import MeasuringService

    return tuple(MeasuringService(url) for url in settings.measuring_services)


def _asking_nobody(settings: Settings) -> Settings:
    """Return settings by which no statistics are made, and nobody is asked."""
    return replace(
        settings, resend_through=(), watermark_keys=(), repositories=(), measuring_services=()
    )


def _timed(function: Callable[P, Found], *args: P.args, **kwargs: P.kwargs) -> tuple[Found, float]:
    """Return what a function gives, and the seconds that it took."""
    start = time.perf_counter()
    found = function(*args, **kwargs)
    return found, time.perf_counter() - start


class _Clock:
    """Times the parts of an analysis, which may overlap, and reports each that is done."""

    def __init__(self, parts: Container[str], part_done: PartDone) -> None:
        self.seconds: dict[str, float] = {}
        self._parts = parts
        self._part_done = part_done

    @contextmanager
    def part(self, name: str) -> Iterator[None]:
        start = time.perf_counter()
        yield
        self.done(name, (None, time.perf_counter() - start))

    def done(self, name: str, timed: tuple[Found, float]) -> Found:
        """Return what a part found that was timed elsewhere, and note it, if it is done here."""
        found, seconds = timed
        if name in self._parts:
            self.seconds[name] = seconds
            self._part_done(name)
        return found


def _with_map_if_answered(result: DetectorResult, held: Stability) -> DetectorResult:
    """Take the patch map off where the detector gave no answer, or none that can be followed.

    Squares that look edited accuse a picture, whatever the sentence beside them says.
    """
    answered = result.finding not in ("inconclusive", "none")
    if result.patch_map is None or (answered and survives(result, held)):
        return result
    return result.model_copy(update={"patch_map": None})


@cache
def _version() -> str:
    try:
        return version("camsim")
    except PackageNotFoundError:  # run from a checkout
        return "unknown"
