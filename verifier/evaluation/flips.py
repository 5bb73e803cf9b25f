"""Verdicts that turn wrong when the picture is transmitted through a platform."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from channel import transmit
from verifier.analysis import Verifier
from verifier.errors import PhotoError
from verifier.evaluation.labelled import Labelled
from verifier.judging.calibration import upper_bound
from verifier.report.record import VerdictLabel
from verifier.weights import Role


@dataclass(frozen=True)
class Verdicts:
    """The verdicts of one picture, before and after one platform; None if it couldn't be read."""

    truth: Role
    platform: str
    before: VerdictLabel | None
    after: VerdictLabel | None

    @property
    def flipped(self) -> bool:
        """Whether the verdict became wrong that wasn't; abstaining is no flip."""
        return is_wrong(self.truth, self.after) and not is_wrong(self.truth, self.before)


@dataclass(frozen=True)
class FlipRate:
    """Of one platform, or of all: how many verdicts, what they were, how many turned wrong."""

    platform: str
    verdicts: int
    answered_before: int
    answered_after: int
    wrong_before: int
    wrong_after: int
    flips: int

    @property
    def rate(self) -> float:
        """Share of verdicts that turned wrong."""
        return self.flips / self.verdicts if self.verdicts else 0.0

    @property
    def bound(self) -> float:
        """95% upper bound of that share."""
        return upper_bound(self.flips, self.verdicts)


def is_wrong(truth: Role, verdict: VerdictLabel | None) -> bool:
    """Whether a verdict says the opposite of what is true.

    A native picture accused, or an edited one cleared. One out of domain deserves no answer.
    """
    if truth == "out-of-domain":
        return verdict in ("consistent", "evidence against")
    return verdict == ("evidence against" if truth == "native" else "consistent")


def collect_verdicts(
    verifier: Verifier,
    pictures: Sequence[Labelled],
    platforms: Sequence[str],
    role: Callable[[str], Role],
) -> Iterator[Verdicts]:
    """Analyse each picture as it is, and as each platform serves it."""
    for picture in pictures:
        before = _verdict(verifier, picture.path.read_bytes())
        for platform in platforms:
            downloaded = transmit(picture.path, platform)
            yield Verdicts(role(picture.truth), platform, before, _verdict(verifier, downloaded))


def flip_rates(verdicts: Sequence[Verdicts]) -> list[FlipRate]:
    """Count by platform, and over all at the end."""
    platforms = list(dict.fromkeys(v.platform for v in verdicts))
    rates = [_rate(name, [v for v in verdicts if v.platform == name]) for name in platforms]
    return [*rates, _rate("all", verdicts)]


def _rate(platform: str, verdicts: Sequence[Verdicts]) -> FlipRate:
    counts: Counter[str] = Counter()
    for v in verdicts:
        counts["answered before"] += v.before in ("consistent", "evidence against")
        counts["answered after"] += v.after in ("consistent", "evidence against")
        counts["wrong before"] += is_wrong(v.truth, v.before)
        counts["wrong after"] += is_wrong(v.truth, v.after)
        counts["flips"] += v.flipped
    return FlipRate(
        platform,
        len(verdicts),
        counts["answered before"],
        counts["answered after"],
        counts["wrong before"],
        counts["wrong after"],
        counts["flips"],
    )


def _verdict(verifier: Verifier, photo: bytes) -> VerdictLabel | None:
    try:
        return verifier.analyze(photo).verdict.label
    except PhotoError:
        return None
