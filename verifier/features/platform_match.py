"""Platform profiles that could have written a JPEG file, by its header alone.

Tables, structure, size and markers must all fit. A platform that passes files on unchanged, or
codes with the upload's own tables, leaves nothing to recognise and is never listed. That a file
fits proves nothing: most profiles code as programs do. `platform_name` decides which may be named.
"""

from collections.abc import Iterator, Sequence
from functools import cache
from importlib.resources import files
from typing import Final

from channel import PLATFORMS, PlatformProfile
from channel.profile import Encoding, Metadata, target_size
from verifier.features.jpeg_header import JpegHeader
from verifier.features.jpeg_quality import table_quality
from verifier.features.platform_marks import has_comment, is_mark
from verifier.report.record import PlatformMatch

# jpeg_simple_progression of libjpeg: ten scans for colour.
_SIMPLE_SCANS = 10
_ENCODERS: Final = {"Annex K": "the common library", "Robidoux": "mozjpeg"}


def platform_matches(
    header: JpegHeader, platforms: Sequence[PlatformProfile] = PLATFORMS
) -> tuple[PlatformMatch, ...]:
    """List the profiles whose tables, structure, size and markers all fit, a mark of its own first.

    Parameters
    ----------
    header
        Of a JPEG file.
    platforms
        Profiles to compare with.
    """
    found = [match for profile in platforms if (match := _match(header, profile))]
    return tuple(sorted(found, key=lambda match: (not match.mark, -len(match.agrees))))


def _match(header: JpegHeader, profile: PlatformProfile) -> PlatformMatch | None:
    known = "metadata" not in profile.assumptions
    agreeing = _metadata(header, profile.metadata) if known else _unmarked(header)
    encoding = next((e for e in profile.encodings if _encodes(header, profile, e)), None)
    if agreeing is None or encoding is None or not _fits(header, profile):
        return None
    agrees = ["tables", "subsampling", "scans"]
    if _at_limit(header, profile):
        agrees.append("size at the platform's limit")
    return PlatformMatch(
        profile=profile.name,
        platform=profile.platform,
        era=profile.era,
        agrees=(*agrees, *agreeing),
        mark=known and _has_mark(profile.metadata),
        confidence=profile.sources["tables"].confidence.word,
    )


def _has_mark(metadata: Metadata) -> bool:
    comment = metadata.comment is not None and is_mark(metadata.comment)
    return bool(metadata.fbmd) or metadata.transmission_reference or comment


def _marks_by_picture(profile: PlatformProfile) -> bool:
    """Whether tables differ from picture to picture, and a mark says whose they are."""
    return "tables" in profile.assumptions and _has_mark(profile.metadata)


def _encodes(header: JpegHeader, profile: PlatformProfile, encoding: Encoding) -> bool:
    """Whether tables, subsampling, scans and Huffman tables are an encoding's."""
    grey = header.chroma is None
    return (
        _coded_alike(header, encoding)
        and (grey or header.subsampling == encoding.subsampling)
        and _tables_fit(header, encoding, assumed=_marks_by_picture(profile))
    )


def _coded_alike(header: JpegHeader, encoding: Encoding) -> bool:
    huffman = header.progressive or header.standard_huffman != encoding.optimised_huffman
    return coded_scans(header, encoding) and huffman


def coded_scans(header: JpegHeader, encoding: Encoding) -> bool:
    """Whether a file is baseline or progressive, and in as many scans, as an encoding writes it."""
    if header.arithmetic or header.progressive != encoding.scans.progressive:
        return False
    if not header.progressive:
        return True
    if header.chroma is None or encoding.codec == "mozjpeg":  # grey scans differ; searched scans
        return True
    return header.scans == (len(encoding.scans.scans) or _SIMPLE_SCANS)


def _tables_fit(header: JpegHeader, encoding: Encoding, *, assumed: bool) -> bool:
    if encoding.tables is None:  # the upload's own, or any quality: nothing to recognise
        return False
    if assumed:  # chosen for each picture, and in no real file a program's
        return not public_encoder(header)
    chroma = header.chroma in (None, encoding.tables.chroma)
    return header.luma == encoding.tables.luma and chroma


def _fits(header: JpegHeader, profile: PlatformProfile) -> bool:
    """Whether no size rule of the profile would have made the picture smaller, give or take 1."""
    for rule in profile.sizes:
        height, width = target_size(rule, header.height, header.width)
        if abs(height - header.height) <= 1 and abs(width - header.width) <= 1:
            return True
    return False


def _at_limit(header: JpegHeader, profile: PlatformProfile) -> bool:
    """Whether the picture is as large as the platform lets it be."""
    for rule in profile.sizes:
        enlarged = target_size(rule, header.height * 2, header.width * 2)
        if max(abs(enlarged[0] - header.height), abs(enlarged[1] - header.width)) <= 1:
            return True
    return False


def _metadata(header: JpegHeader, metadata: Metadata) -> tuple[str, ...] | None:
    """List what of the platform's metadata the file has; None if something is against it."""
    icc = profile_bytes(metadata.added_icc) if metadata.added_icc else 0
    comment = metadata.comment
    against = (
        metadata.exif == "stripped" and (header.exif or header.xmp or header.c2pa),
        bool(header.fbmd) != bool(metadata.fbmd) or (header.fbmd and not header.fbmd_whole),
        header.comment is not None if comment is None else not has_comment(header, comment),
        header.adobe,
        header.jfif is not None and header.jfif != metadata.jfif,
        # Facebook's of 2016 brings a profile that ours doesn't: a mark outweighs it.
        (metadata.icc == "stripped" or icc) and header.icc_bytes != icc and not _is_marked(header),
        metadata.transmission_reference != header.transmission_reference,
    )
    return None if any(against) else tuple(_added(metadata))


def _is_marked(header: JpegHeader) -> bool:
    return bool(header.fbmd) or header.transmission_reference


def _unmarked(header: JpegHeader) -> tuple[str, ...] | None:
    """Judge by another platform's mark alone, where a profile's metadata are assumed."""
    return None if _is_marked(header) else ()


def _added(metadata: Metadata) -> Iterator[str]:
    if metadata.fbmd:
        yield "Meta's FBMD trailer"
    if metadata.transmission_reference:
        yield "Facebook's IPTC 2:103"
    if metadata.comment is not None:
        yield "the comment"
    if metadata.added_icc:
        yield "a colour profile as the platform adds"


@cache
def profile_bytes(name: str) -> int:
    """Return the size of a colour profile that a platform adds, by its file name."""
    return len((files("channel.platforms") / name).read_bytes())


def public_encoder(header: JpegHeader, platforms: Sequence[PlatformProfile] = PLATFORMS) -> str:
    """Name an encoder that anybody may use and that writes these tables; "" if none is known."""
    found = table_quality(header.luma)
    if found.exact:
        encoder = _ENCODERS[found.family]
        return f"{encoder} at quality {found.quality}"
    known = (e.tables for p in platforms for e in p.encodings if e.tables and e.tables.encoder)
    return next((tables.encoder for tables in known if tables.luma == header.luma), "")


def passing_platforms(platforms: Sequence[PlatformProfile] = PLATFORMS) -> tuple[str, ...]:
    """Name the platforms that can pass a file on as it is, so that nothing shows them."""
    silent = [
        p.platform for p in platforms if p.passthrough in ("always", "stripped", "if it fits")
    ]
    return tuple(dict.fromkeys(name for name in silent if name != "none"))
