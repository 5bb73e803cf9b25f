"""Would the answers hold if the picture were shared once more? It is shared and analysed again."""

from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from typing import Final, Protocol

from channel import platform
from verifier.errors import PhotoError
from verifier.reading.reading import Reading
from verifier.report.record import DetectorResult, Finding, Resent, Stability

_OPPOSITE: Final[dict[Finding, Finding]] = {
    "evidence against": "consistent",
    "consistent": "evidence against",
}

DECIDING: Final = tuple(_OPPOSITE)
"""Findings that can turn into their opposite; no others are tested."""

Resend = Callable[[str], Reading]
Ask = Callable[[Reading], Sequence[DetectorResult]]


class Beside(Protocol):
    """Starts a function beside what follows; what it returns waits for the result."""

    def __call__(self, function: Callable[[str], Resent], platform: str, /) -> Callable[[], Resent]:
        """Start it with a platform's name."""


def untested() -> Stability:
    """Return the section of a report without the test."""
    return Stability(holds=None, words="The stability of the results was not tested.")


def stability(
    before: Sequence[DetectorResult],
    platforms: Sequence[str],
    resend: Resend,
    ask: Ask,
    beside: Beside = partial,
) -> Stability:
    """Send the picture through each platform and compare the answers.

    Parameters
    ----------
    before
        The answers about the picture as it is.
    resend
        Gives the picture as a platform would serve it.
    ask
        Gives the detectors' answers about it.
    beside
        How one platform is asked about beside another; in turn, if it isn't given.
    """
    if not platforms:
        return untested()
    answers = {r.name: r.finding for r in before if r.finding in _OPPOSITE}
    if not answers:
        return Stability(holds=None, words="There is no result whose stability could be tested.")
    # One platform is transmitted through while others are asked about.
    with ThreadPoolExecutor(1) as ahead:
        downloaded = {platform: ahead.submit(resend, platform) for platform in platforms}
        asked = [
            beside(lambda name: _resent(answers, name, downloaded[name], ask), platform)
            for platform in platforms
        ]
        resent = tuple(answer() for answer in asked)
    flipped = any(r.flipped for r in resent)
    failed = any(r.error for r in resent)
    return Stability(
        holds=False if flipped else None if failed else True, resent=resent, words=_words(resent)
    )


def survives(result: DetectorResult, stability: Stability) -> bool:
    """Whether an answer may be followed.

    No platform turned it into its opposite, and one against a picture was given again
    after at least one: an accusation has to outlive the next upload.
    """
    if any(result.name in resent.flipped for resent in stability.resent):
        return False
    return result.finding != "evidence against" or given_again(result, stability)


def given_again(result: DetectorResult, stability: Stability) -> bool:
    """Whether a detector gave the same answer after at least one more platform."""
    return any(r.findings.get(result.name) == result.finding for r in stability.resent)


def _named(name: str) -> str:
    return platform(name).platform


def _resent(
    answers: dict[str, Finding], platform: str, downloaded: Future[Reading], ask: Ask
) -> Resent:
    try:
        reading = downloaded.result()
    except PhotoError as error:  # what went wrong here says nothing about the answer
        return Resent(platform=platform, findings={}, flipped=(), silent=(), error=str(error))
    after = {result.name: result.finding for result in ask(reading)}
    findings: dict[str, Finding] = {name: after.get(name, "none") for name in answers}
    return Resent(
        platform=platform,
        findings=findings,
        flipped=tuple(name for name, was in answers.items() if findings[name] == _OPPOSITE[was]),
        silent=tuple(
            name for name, was in answers.items() if findings[name] not in (was, _OPPOSITE[was])
        ),
    )


def _words(resent: Sequence[Resent]) -> str:
    failed = " ".join(
        f"Sharing it through {_named(r.platform)} failed ({r.error.rstrip('.')}), so whether the "
        "result is stable there is not known."
        for r in resent
        if r.error
    )
    tried = [r for r in resent if not r.error]
    return " ".join(filter(None, (_words_of_tried(tried), failed)))


def _words_of_tried(resent: Sequence[Resent]) -> str:
    if not resent:
        return ""
    tried = _named_all(resent)
    flipped = [r for r in resent if r.flipped]
    silent = [r for r in resent if r.silent]
    if flipped:
        return (
            f"Shared through {_named_all(flipped)}, the picture gets the opposite result: the "
            "result is unstable and not used."
        )
    if len(silent) == len(resent):
        return f"Shared through {tried}, the picture gets no result, but no opposite one either."
    if silent:
        same = _named_all([one for one in resent if not one.silent])
        return (
            f"Shared through {same}, the picture gets the same result; after {_named_all(silent)} "
            "it gets none."
        )
    return f"Shared through {tried}, the picture gets the same result."


def _named_all(resent: Sequence[Resent]) -> str:
    return ", ".join(_named(r.platform) for r in resent)
