"""Marks: what one platform alone writes into a JPEG file, so that it can be named by it.

A colour profile that anybody may add, a density, or a comment without a letter is no mark. Programs
keep IPTC and comments when they save a file again (Pillow keeps comments, Photoshop both), so those
marks are evidence of the last writer only where the coding is the platform's, too. Meta's FBMD
trailer states the file's own size and number of scans: nothing that was saved again fits it.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Final

from channel import PLATFORMS, PlatformProfile
from verifier.features.jpeg_header import JpegHeader

META: Final = "Meta"
"""Stands for Facebook, Instagram and Messenger, where a mark is theirs and the service isn't known.
"""
META_SERVICES: Final = ("Facebook", "Instagram", "Messenger")
_RANDOM_DIGITS: Final = "[0-9a-f]{8}"  # what `channel.profile.Metadata.comment` writes as {}


@dataclass(frozen=True)
class PlatformMark:
    """A mark that a file carries.

    Attributes
    ----------
    platform
        Whose it is, or `META`.
    words
        What to call it.
    whole
        Whether it is certainly of this very file, not of an earlier one.
    """

    platform: str
    words: str
    whole: bool = False


def platform_marks(
    header: JpegHeader, platforms: Sequence[PlatformProfile] = PLATFORMS
) -> tuple[PlatformMark, ...]:
    """List the marks in a header, of this file or kept from an earlier one."""
    found = []
    if header.fbmd:
        found.append(PlatformMark(META, "Meta's FBMD trailer", header.fbmd_whole))
    if header.transmission_reference:
        found.append(PlatformMark("Facebook", "Facebook's IPTC 2:103"))
    for profile in platforms:
        template = profile.metadata.comment
        if template is not None and is_mark(template) and has_comment(header, template):
            found.append(PlatformMark(profile.platform, f"{profile.platform}'s comment"))
    return tuple(dict.fromkeys(found))


def is_mark(template: str) -> bool:
    """Whether a profile's comment is more than a byte or two that any program may write."""
    return any(character.isalpha() for character in template)


def has_comment(header: JpegHeader, template: str) -> bool:
    """Whether a file's comment is a profile's, with any random digits."""
    return header.comment is not None and bool(_pattern(template).fullmatch(header.comment))


@cache
def _pattern(template: str) -> re.Pattern[str]:
    return re.compile(_RANDOM_DIGITS.join(map(re.escape, template.split("{}"))))
