"""The channel section of a report: what a file's header and pixels show of its distribution."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from verifier.features.dct_histogram import earlier_compression
from verifier.features.header_likelihood import NONE, header_likelihoods
from verifier.features.jpeg_header import JpegHeader
from verifier.features.jpeg_quality import table_quality
from verifier.features.platform_marks import META, META_SERVICES
from verifier.features.platform_match import passing_platforms, platform_matches, public_encoder
from verifier.features.platform_name import PlatformName, earlier_mark, platform_name
from verifier.report.record import (
    ChannelReading,
    Cue,
    EarlierPlatform,
    Huffman,
    JpegFacts,
    LikelihoodRatio,
    PlatformMatch,
)

# Measured on 61 photographs of CLIC 2025 and CID22, qualities 55–95: no picture compressed once
# reaches it (95% reach 1.15), 88% of those compressed twice do where the second quality was higher,
# 22% where it was lower.
EARLIER_GAIN: Final = 2.0
FINER_GAIN: Final = 1.2
"""The same of a finer one before a coarser, by the levels that aren't 0."""
# Platforms that are less probable than this by the header aren't listed; "none" always is.
_LEAST_PROBABILITY: Final = 0.001
_UNASKED: Final = Cue(found=None, words="Not tested.")
_RESIZING: Final = (
    "Traces of resizing are not looked for: a camera's own pictures can have the same."
)
_LIST: Final = 4  # platforms that a sentence names before it says "and others"


def read_channel(
    header: JpegHeader | None, pixels: NDArray[np.uint8], *, cues: bool = True
) -> ChannelReading:
    """Read the traces that coding and sharing left.

    Parameters
    ----------
    header
        Of the file; None if it isn't JPEG.
    pixels
        (H, W, 3), uint8, sRGB, as coded.
    cues
        Whether to look for traces of earlier lives, which takes most of the time.
    """
    matches = platform_matches(header) if header else ()
    named = platform_name(header) if header else None
    double = _double(header, pixels) if cues else _UNASKED
    scale = _scale(pixels, matches) if cues else _UNASKED
    return ChannelReading(
        jpeg=_jpeg_facts(header) if header else None,
        platforms=matches,
        platform=named.platform if named else None,
        named_by=named.words if named else None,
        likelihoods=_likelihoods(header) if header else (),
        earlier=_earlier(header, named) if header else None,
        double_compression=double,
        scale=scale,
        words=_words(header, matches, named),
    )


def _likelihoods(header: JpegHeader) -> tuple[LikelihoodRatio, ...]:
    return tuple(
        LikelihoodRatio(
            platform=one.platform,
            ratio=one.ratio,
            probability=round(one.probability, 6),
            profile=one.profile,
        )
        for one in header_likelihoods(header)
        if one.probability >= _LEAST_PROBABILITY or one.platform == NONE
    )


def _earlier(header: JpegHeader, named: PlatformName | None) -> EarlierPlatform | None:
    """Name a platform before the last one, where a mark of it is left in another's file.

    An earlier compression and a size name nobody: any program compresses and shrinks so.
    """
    mark = earlier_mark(header, named)
    if mark is None:
        return None
    came = f"it came through {_spoken(mark.platform)}"
    words = (
        f"The file carries {mark.words} of another file: {came}, and was saved again since."
        if mark.platform == META
        else f"The file carries {mark.words}: {came}. Its coding is another's, so it was probably "
        "saved again since."
    )
    return EarlierPlatform(platform=mark.platform, words=words)


def _jpeg_facts(header: JpegHeader) -> JpegFacts:
    found = table_quality(header.luma)
    chroma = table_quality(header.chroma, chroma=True) if header.chroma else None
    huffman: Huffman = "standard" if header.standard_huffman else "optimised"
    return JpegFacts(
        quality=found.quality,
        exact=found.exact,
        tables=f"{found.family}, quality {found.quality}" if found.exact else "own tables",
        chroma_quality=chroma.quality if chroma else None,
        subsampling=header.subsampling,
        progressive=header.progressive,
        scans=header.scans,
        huffman="arithmetic" if header.arithmetic else huffman,
        marks=header.marks,
    )


def _double(header: JpegHeader | None, pixels: NDArray[np.uint8]) -> Cue:
    if header is None:
        return Cue(found=None, words="The file isn't JPEG, so this can't be looked for.")
    earlier = earlier_compression(pixels, header.luma)
    if earlier is None:
        words = (
            "The picture is too small, too smooth or too much like a drawing, as text is, to look "
            "for an earlier compression."
        )
        return Cue(found=None, words=words)
    # Of 20 photographs coded once at 75 two reached the threshold by the first measure, and a
    # camera's, all of quality 96, whose steps are of a level or two: so it must be coarser.
    last = table_quality(header.luma).quality
    coarser = earlier.quality < last and earlier.gain >= EARLIER_GAIN
    finer = earlier.finer > last and earlier.finer_gain >= FINER_GAIN
    found, quality = coarser or finer, earlier.quality if coarser else earlier.finer
    words = (
        f"The picture was compressed as JPEG before, at a quality of about {quality}, and "
        "neither resized nor cropped off the grid of 8 pixels since."
        if found
        else "No trace of an earlier JPEG compression was found. Many leave none, and resizing "
        "removes it."
    )
    return Cue(
        found=found,
        strength=round(earlier.finer_gain if finer and not coarser else earlier.gain, 2),
        threshold=FINER_GAIN if finer and not coarser else EARLIER_GAIN,
        quality=quality if found else None,
        words=words,
    )


def _scale(pixels: NDArray[np.uint8], matches: tuple[PlatformMatch, ...]) -> Cue:
    """Say what the size shows, and that no trace of resizing is looked for.

    A. C. Gallagher's (*Detection of Linear and Cubic Interpolation in JPEG Compressed Images*, CRV
    2005) was. Of 29 untouched pictures of our own pipeline, whose watermark is periodic as well, 19
    reached its threshold. So did one of 24 of other cameras, higher than most enlarged ones.
    """
    at_limit = _named([m.platform for m in matches if "size at the platform's limit" in m.agrees])
    height, width = pixels.shape[:2]
    limit = f"The size, {width}×{height}, is the largest that {at_limit} would give. "
    return Cue(found=None, words=(limit if at_limit else "") + _RESIZING)


def _words(
    header: JpegHeader | None, matches: tuple[PlatformMatch, ...], named: PlatformName | None
) -> tuple[str, ...]:
    silent = _named(passing_platforms())
    passing = f"Platforms that can pass a file on as it is leave no trace: {silent}."
    if header is None:
        return (
            "The file isn't JPEG; known platforms deliver photographs as JPEG, so it was "
            "probably saved again since, or never shared.",
        )
    if named:
        words = (
            f"This file was downloaded from {_spoken(named.platform)}: it carries {named.words}."
        )
        return (words, passing)
    platforms = tuple(dict.fromkeys(match.platform for match in matches))
    if platforms:
        encoder = public_encoder(header)
        others = f"that saves JPEG through {encoder}" if encoder else "with the same encoder"
        return (
            f"Its coding fits {_named(platforms)}. Any program {others} writes the same, so this "
            "proves nothing.",
            passing,
        )
    reason = "camera or editor metadata" if header.exif or header.adobe or header.xmp else "coding"
    return (f"It fits no profile of a platform that we have, going by its {reason}.", passing)


def _spoken(platform: str) -> str:
    return _named(META_SERVICES) if platform == META else platform


def _named(names: "list[str] | tuple[str, ...]") -> str:
    unique = list(dict.fromkeys(names))
    if len(unique) > _LIST:
        return ", ".join(unique[:_LIST]) + " and others"
    return " or ".join(", ".join(unique).rsplit(", ", 1)) if len(unique) > 1 else "".join(unique)
