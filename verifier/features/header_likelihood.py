"""How much likelier each platform makes a JPEG header than a program that is no platform does.

Every aspect of the header (tables, subsampling, scans, Huffman tables, size, marks) is compared
with every profile of `channel.PLATFORMS`. A profile's value is trusted as far as its source is:
with the probability ``doubt`` the aspect is as in anybody's file. What is assumed is doubted
entirely, so it says nothing. What is rare in anybody's files (``_ANYBODY``) is the strongest
evidence.

Platforms code by libraries that are everybody's. How many programs write just what a platform
writes isn't known. So coding, size and whatever else anybody may write count less than
`MOST_OF_CODING` times for a platform: they never name it. What counts without a limit is a mark of
the platform's own, and a quantisation table that no encoder is known to write.
"""

import math
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal, get_args

from channel import PLATFORMS, PlatformProfile
from channel.profile import AnySize, Aspect, Confidence, Encoding, SizeRule, target_size
from verifier.features.jpeg_header import JpegHeader
from verifier.features.jpeg_quality import table_quality
from verifier.features.platform_marks import has_comment, is_mark
from verifier.features.platform_match import coded_scans, profile_bytes, public_encoder

Cue = Literal["tables", "subsampling", "scans", "huffman", "size", "marks"]
CUES: Final[tuple[Cue, ...]] = get_args(Cue)
NONE: Final = "none"
"""Stands for every program that is no platform we know; its likelihood ratio is 1."""
# Beforehand nine files of ten are from a program; known platforms share the tenth evenly.
# A choice: how many of the files that are asked about were shared isn't known.
PRIOR_OF_NONE: Final = 0.9
MOST_OF_CODING: Final = 10.0
"""With it and the prior a platform has at most a probability of 7% without a mark."""

_DOUBT: Final[Mapping[Confidence, float]] = {
    Confidence.MEASURED: 0.02,
    Confidence.OBSERVED: 0.05,
    Confidence.SOURCE_CODE: 0.1,
    Confidence.STATED: 0.3,
    Confidence.SECOND_HAND: 0.3,
    Confidence.INFERRED: 0.5,
    Confidence.ASSUMED: 1.0,
}
# Shares in files of programs: rounded from 365 JPEG files of 28 packages, each weighing alike
# (`camsim evaluate platform --programs … --shares`; docs/results/platform.md). Tables: one quality
# of Annex K, a common one, one of mozjpeg's, any table of its own.
_QUALITY, _COMMON_QUALITY, _ROBIDOUX, _OWN_TABLE = 0.001, 0.075, 0.001, 0.002
_COMMON: Final = {75, 80, 85, 90, 92, 95, 100}
_ANYBODY: Final[Mapping[str, float]] = {
    "4:2:0": 0.5, "4:2:2": 0.04, "4:4:4": 0.43, "grey": 0.02,
    "baseline": 0.7, "ten scans": 0.2, "other scans": 0.1,
    "standard": 0.35, "optimised": 0.65,  # of baseline files
    "comment": 0.13, "icc": 0.01, "other icc": 0.25, "72 dpi": 0.45, "stripped": 0.45,
    # Marks, chosen: in files that were saved again; Meta's trailer states the size of its own file.
    "fbmd": 1e-9, "2:103": 1e-4, "own comment": 1e-4,
}  # fmt: skip
# Of a platform's pictures so many are as large as it lets them be, of anybody's so many by chance.
_AT_LIMIT, _BY_CHANCE = 0.6, 0.03


@dataclass(frozen=True)
class PlatformLikelihood:
    """A platform, or "none", with how much a header is evidence for it.

    Attributes
    ----------
    ratio
        Likelihood of the header through this platform over that by anybody's program.
    probability
        After Bayes, with `PRIOR_OF_NONE`.
    profile
        The likeliest of the platform's profiles; "" for none.
    """

    platform: str
    ratio: float
    probability: float
    profile: str = ""


def header_likelihoods(
    header: JpegHeader,
    cues: Collection[Cue] = CUES,
    platforms: Sequence[PlatformProfile] = PLATFORMS,
) -> tuple[PlatformLikelihood, ...]:
    """Weigh every platform against a header, the likeliest first.

    A platform's pipelines weigh alike: how often each is used isn't known. Platforms that pass
    files on as they are have no header of their own and aren't listed; they hide under "none".

    Parameters
    ----------
    header
        Of a JPEG file.
    cues
        What to go by; fewer for files that lost the rest.
    platforms
        Profiles to compare with.
    """
    by_platform: dict[str, list[tuple[float, str]]] = {}
    for profile in platforms:
        if _writes_its_own(profile):
            found = _ratio(header, profile, cues)
            by_platform.setdefault(profile.platform, []).append((found, profile.name))
    ratios = {name: sum(r for r, _ in found) / len(found) for name, found in by_platform.items()}
    prior = (1 - PRIOR_OF_NONE) / max(1, len(ratios))
    total = PRIOR_OF_NONE + prior * sum(ratios.values())
    listed = [PlatformLikelihood(NONE, 1.0, PRIOR_OF_NONE / total)]
    listed += [
        PlatformLikelihood(name, ratio, prior * ratio / total, max(by_platform[name])[1])
        for name, ratio in ratios.items()
    ]
    return tuple(sorted(listed, key=lambda one: -one.probability))


def _writes_its_own(profile: PlatformProfile) -> bool:
    return profile.passthrough in ("never", "if it fits") and any(
        encoding.tables for encoding in profile.encodings
    )


def _ratio(header: JpegHeader, profile: PlatformProfile, cues: Collection[Cue]) -> float:
    """Average over the encodings, by how often each was seen, times what doesn't depend on them."""
    found = 0.0
    files = sum(encoding.files for encoding in profile.encodings)
    size = _size_ratio(header, profile) if "size" in cues else 1.0
    additions = _additions_ratio(header, profile) if "marks" in cues else 1.0
    for encoding in profile.encodings:
        ratios = [ratio(header, profile, encoding) for cue, ratio in _CODING.items() if cue in cues]
        ratio = size * additions * math.prod(ratios)
        # No program writes a whole trailer, so none is imitated in what else the file holds.
        if not (header.fbmd_whole or _has_own_table(header, profile, encoding)):
            ratio *= MOST_OF_CODING / (MOST_OF_CODING + ratio)
        found += encoding.files / files * ratio
    return found * (_marks_ratio(header, profile) if "marks" in cues else 1.0)


def _has_own_table(header: JpegHeader, profile: PlatformProfile, encoding: Encoding) -> bool:
    """Whether a file has a platform's table that no encoder which anybody may use writes."""
    known = _doubt(profile, "tables") < 1
    tables = encoding.tables
    own = known and tables is not None and not tables.encoder and header.luma == tables.luma
    return own and not public_encoder(header)


def _mixed(agrees: bool, doubt: float, share: float) -> float:
    """Return the ratio of a value that agrees or not, which ``share`` of all files have."""
    return (1 - doubt) * agrees / share + doubt


def _doubt(profile: PlatformProfile, aspect: Aspect) -> float:
    return _DOUBT[profile.sources[aspect].confidence]


def _tables_ratio(header: JpegHeader, profile: PlatformProfile, encoding: Encoding) -> float:
    if encoding.tables is None:
        return 1.0
    same = header.luma == encoding.tables.luma
    same = same and header.chroma in (None, encoding.tables.chroma)
    return _mixed(same, _doubt(profile, "tables"), _share_of_tables(header))


def _subsampling_ratio(header: JpegHeader, profile: PlatformProfile, encoding: Encoding) -> float:
    if header.chroma is None:  # grey
        return 1.0
    share = _ANYBODY.get(header.subsampling, 0.01)
    agrees = header.subsampling == encoding.subsampling
    return _mixed(agrees, _doubt(profile, "subsampling"), share)


def _scans_ratio(header: JpegHeader, profile: PlatformProfile, encoding: Encoding) -> float:
    agrees = coded_scans(header, encoding)
    return _mixed(agrees, _doubt(profile, "scan"), _ANYBODY[_scans_word(header)])


def _huffman_ratio(header: JpegHeader, profile: PlatformProfile, encoding: Encoding) -> float:
    if header.progressive or encoding.scans.progressive:  # always optimised
        return 1.0
    share = _ANYBODY["standard" if header.standard_huffman else "optimised"]
    agrees = header.standard_huffman != encoding.optimised_huffman
    return _mixed(agrees, _doubt(profile, "scan"), share)


_CODING: Final[Mapping[Cue, Callable[[JpegHeader, PlatformProfile, Encoding], float]]] = {
    "tables": _tables_ratio,
    "subsampling": _subsampling_ratio,
    "scans": _scans_ratio,
    "huffman": _huffman_ratio,
}


def _share_of_tables(header: JpegHeader) -> float:
    found = table_quality(header.luma)
    if not found.exact:
        return _OWN_TABLE
    if found.family == "Robidoux":
        return _ROBIDOUX
    return _COMMON_QUALITY if found.quality in _COMMON else _QUALITY


def _scans_word(header: JpegHeader) -> str:
    if not header.progressive:
        return "baseline"
    return "ten scans" if header.scans == 10 else "other scans"


def _size_ratio(header: JpegHeader, profile: PlatformProfile) -> float:
    ratios = [_rule_ratio(header, rule) for rule in profile.sizes]
    doubt = _doubt(profile, "size")
    return (1 - doubt) * sum(ratios) / len(ratios) + doubt


def _rule_ratio(header: JpegHeader, rule: SizeRule) -> float:
    if isinstance(rule, AnySize):
        return 1.0
    size = header.height, header.width
    kept = target_size(rule, *size)
    limit = target_size(rule, 2 * size[0], 2 * size[1])
    if _near(kept, size) and _near(limit, size):
        return _AT_LIMIT / _BY_CHANCE
    return 1 - _AT_LIMIT if _near(kept, size) else 0.0


def _near(first: tuple[int, int], second: tuple[int, int]) -> bool:
    return max(abs(first[0] - second[0]), abs(first[1] - second[1])) <= 1


def _marks_ratio(header: JpegHeader, profile: PlatformProfile) -> float:
    """Weigh the marks of a platform's own; see `verifier.features.platform_marks`."""
    metadata, doubt = profile.metadata, _doubt(profile, "metadata")
    comment = metadata.comment if metadata.comment and is_mark(metadata.comment) else None
    ratios = [
        _mark(bool(header.fbmd and header.fbmd_whole), bool(metadata.fbmd), "fbmd", doubt),
        _mark(header.transmission_reference, metadata.transmission_reference, "2:103", doubt),
    ]
    if comment is not None:
        ratios.append(_mark(has_comment(header, comment), True, "own comment", doubt))
    return math.prod(ratios)


def _additions_ratio(header: JpegHeader, profile: PlatformProfile) -> float:
    """Weigh metadata that anybody may add or leave out."""
    metadata, doubt = profile.metadata, _doubt(profile, "metadata")
    if doubt == 1:
        return 1.0
    ratios = []
    comment = metadata.comment
    if comment is None or not is_mark(comment):
        has = comment is not None and has_comment(header, comment)
        agrees = header.comment is None if comment is None else has
        share = _ANYBODY["comment"] if header.comment is not None else 1 - _ANYBODY["comment"]
        ratios.append(_mixed(agrees, doubt, share))
    icc = profile_bytes(metadata.added_icc) if metadata.added_icc else 0
    if icc and header.icc_bytes >= 0:
        ratios.append(_mark(header.icc_bytes == icc, True, "icc", doubt))
    elif metadata.icc == "stripped" and not icc:
        ratios.append(_mark(header.icc_bytes != 0, False, "other icc", doubt))
    if metadata.exif == "stripped":
        stripped = not (header.exif or header.xmp or header.adobe or header.c2pa)
        share = _ANYBODY["stripped"] if stripped else 1 - _ANYBODY["stripped"]
        ratios.append(_mixed(stripped, doubt, share))
    if header.jfif is not None:
        inches = _mark(header.jfif[2:] == (1, 72), metadata.jfif[2:] == (1, 72), "72 dpi", doubt)
        ratios.append(inches)
    return math.prod(ratios)


def _mark(has: bool, expected: bool, kind: str, doubt: float) -> float:
    share = _ANYBODY[kind] if has else 1 - _ANYBODY[kind]
    return _mixed(has == expected, doubt, share)
