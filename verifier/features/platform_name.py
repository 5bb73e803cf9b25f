"""The platform that a JPEG file was downloaded from: the one place that decides it.

A platform is named where its header makes it at least `NAMED` probable, which takes a mark of its
own or a table that no public encoder writes (`verifier.features.header_likelihood`), and where all
the rest fits one of its profiles; a whole FBMD trailer names Meta whatever the rest is. The channel
section, the detector and the headline all show this answer.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from channel import PLATFORMS, PlatformProfile
from verifier.features.header_likelihood import NONE, PlatformLikelihood, header_likelihoods
from verifier.features.jpeg_header import JpegHeader
from verifier.features.platform_marks import META, META_SERVICES, PlatformMark, platform_marks
from verifier.features.platform_match import platform_matches

NAMED: Final = 0.9


@dataclass(frozen=True)
class PlatformName:
    """The platform that a file was downloaded from last.

    Attributes
    ----------
    platform
        Its name; `META` where it is one of Meta's services and can't be known which.
    probability
        After Bayes; of all of Meta's services together for `META`.
    mark
        What names it, in words; "" for a table of its own.
    """

    platform: str
    probability: float
    mark: str = ""

    @property
    def words(self) -> str:
        """What names it."""
        return self.mark or "quantisation tables that no other program is known to write"


def platform_name(
    header: JpegHeader, platforms: Sequence[PlatformProfile] = PLATFORMS
) -> PlatformName | None:
    """Name the platform that a file was downloaded from last; None where nothing singles one out.

    Parameters
    ----------
    header
        Of a JPEG file.
    platforms
        Profiles to compare with.
    """
    found = header_likelihoods(header, platforms=platforms)
    fitting = {match.platform for match in platform_matches(header, platforms)}
    for mark in platform_marks(header, platforms):
        if name := _by_mark(mark, found, fitting):
            return name
    first = found[0]
    if first.platform != NONE and first.probability >= NAMED and first.platform in fitting:
        return PlatformName(first.platform, first.probability)
    return None


def earlier_mark(
    header: JpegHeader, named: PlatformName | None, platforms: Sequence[PlatformProfile] = PLATFORMS
) -> PlatformMark | None:
    """Find a mark in a file that its last platform doesn't explain: of one before it."""
    last = named.platform if named else ""
    explained = META_SERVICES if last == META else (last,)
    for mark in platform_marks(header, platforms):
        if not set(_services(mark)) & set(explained):
            return mark
    return None


def _by_mark(
    mark: PlatformMark, found: Sequence[PlatformLikelihood], fitting: set[str]
) -> PlatformName | None:
    services = _services(mark)
    of_services = [one for one in found if one.platform in services]
    together = sum(one.probability for one in of_services)
    fits = [one for one in of_services if one.platform in fitting]
    if together < NAMED or not (fits or mark.whole):
        return None
    if len(fits) == 1 and fits[0].probability >= NAMED:
        return PlatformName(fits[0].platform, fits[0].probability, mark.words)
    return PlatformName(mark.platform, together, mark.words)


def _services(mark: PlatformMark) -> tuple[str, ...]:
    return META_SERVICES if mark.platform == META else (mark.platform,)
