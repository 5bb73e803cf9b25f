"""The channel section of a report: what a file's header and pixels tell of its way."""

from dataclasses import replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from channel import jpeg_tables
from verifier.features.dct_histogram import earlier_compression, luma
from verifier.features.header_likelihood import NONE, header_likelihoods
from verifier.features.jpeg_header import JpegHeader
from verifier.features.jpeg_quality import table_quality
from verifier.features.network_match import is_everybodys, network_matches, passing_networks
from verifier.features.resampling_trace import resizing_peak
from verifier.report import (
    ChannelReading,
    Cue,
    EarlierNetwork,
    Huffman,
    JpegFacts,
    NetworkChance,
    NetworkMatch,
)

# Measured on 61 photographs of CLIC 2025 and CID22, qualities 55–95: no picture compressed once
# reaches it (95% reach 1.15), 88% of those compressed twice do where the second quality was higher,
# 22% where it was lower.
EARLIER_GAIN: Final = 2.0
# On the same: none of 122 pictures as they were or shrunk to 0.6 (bicubic) reach it, about half of
# those enlarged to 1.5 do.
RESIZING_PEAK: Final = 12.0
# Networks that are less probable than this by the header aren't listed; "none" always is.
_LEAST_CHANCE: Final = 0.001
# An earlier network is told from this probability on, and by tables and size alone.
EARLIER_NAMED: Final = 0.8
_UNASKED: Final = Cue(found=None, words="Not looked for.")
_LIST: Final = 4  # networks that a sentence names before it says "and others"


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
    plane = luma(pixels) if cues else None
    matches = network_matches(header) if header else ()
    networks = tuple(dict.fromkeys(match.network for match in matches))
    double = _double(header, plane) if plane is not None else _UNASKED
    scale = _scale(pixels, plane, matches) if plane is not None else _UNASKED
    chances = _chances(header) if header else ()
    return ChannelReading(
        jpeg=_jpeg_facts(header) if header else None,
        networks=matches,
        network=_one_network(header, matches, networks),
        chances=chances,
        earlier=_earlier(header, double, chances) if header else None,
        double_compression=double,
        scale=scale,
        words=_words(header, matches, networks),
    )


def _chances(header: JpegHeader) -> tuple[NetworkChance, ...]:
    return tuple(
        NetworkChance(
            network=one.network,
            ratio=one.ratio,
            probability=round(one.probability, 6),
            profile=one.profile,
        )
        for one in header_likelihoods(header)
        if one.probability >= _LEAST_CHANCE or one.network == NONE
    )


def _earlier(
    header: JpegHeader, double: Cue, chances: tuple[NetworkChance, ...]
) -> EarlierNetwork | None:
    """Tell a network before the last one, by Meta's mark of another file or by earlier tables."""
    if header.fbmd and not header.fbmd_whole:
        words = (
            "The file carries Meta's FBMD trailer of another file: it came through Facebook, "
            "Instagram or Messenger, and was saved again since."
        )
        return EarlierNetwork(network="Meta", words=words)
    if double.quality is None:
        return None
    luma_steps = tuple(int(step) for step in jpeg_tables.annex_k(double.quality)[0].ravel())
    before = replace(header, luma=luma_steps, chroma=None)
    last = chances[0].network if chances else NONE
    found = [one for one in header_likelihoods(before, ("tables", "size")) if one.network != last]
    total = sum(one.probability for one in found)
    first = found[0]
    if first.network == NONE or first.probability < EARLIER_NAMED * total:
        return None
    words = (
        f"Before its last compression the picture was compressed at a quality of about "
        f"{double.quality}, and it has a size that {first.network} gives: it probably came through "
        f"{first.network} before."
    )
    return EarlierNetwork(network=first.network, words=words)


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


def _one_network(
    header: JpegHeader | None, matches: tuple[NetworkMatch, ...], networks: tuple[str, ...]
) -> str | None:
    """Name the network only where a mark or tables of its own single it out."""
    marked = {match.network for match in matches if match.mark}
    if len(marked) == 1:
        return marked.pop()
    if header is None or marked or len(networks) != 1 or is_everybodys(header):
        return None
    return networks[0]


def _double(header: JpegHeader | None, plane: NDArray[np.float32]) -> Cue:
    if header is None:
        return Cue(found=None, words="The file isn't JPEG, so this can't be looked for.")
    earlier = earlier_compression(plane, header.luma)
    if earlier is None:
        return Cue(found=None, words="The picture is too small to look for an earlier compression.")
    found = earlier.gain >= EARLIER_GAIN
    words = (
        f"The picture was compressed as JPEG before, at a quality of about {earlier.quality}, and "
        "neither resized nor cropped off the grid of 8 pixels since."
        if found
        else "No trace of an earlier JPEG compression; resizing would have removed it."
    )
    return Cue(
        found=found,
        strength=round(earlier.gain, 2),
        threshold=EARLIER_GAIN,
        quality=earlier.quality if found else None,
        words=words,
    )


def _scale(
    pixels: NDArray[np.uint8], plane: NDArray[np.float32], matches: tuple[NetworkMatch, ...]
) -> Cue:
    at_limit = _named([m.network for m in matches if "size at the network's limit" in m.agrees])
    height, width = pixels.shape[:2]
    limit = f"The size, {width}×{height}, is the largest that {at_limit} would give. "
    peak = resizing_peak(plane)
    start = limit if at_limit else ""
    if peak is None:
        return Cue(found=None, words=start + "Too small to look for a trace of resizing.")
    found = peak >= RESIZING_PEAK
    end = (
        "The picture was resized: enlarged, or shrunk without smoothing."
        if found
        else "No trace of resizing; good shrinking leaves none."
    )
    return Cue(found=found, strength=round(peak, 2), threshold=RESIZING_PEAK, words=start + end)


def _words(
    header: JpegHeader | None, matches: tuple[NetworkMatch, ...], networks: tuple[str, ...]
) -> tuple[str, ...]:
    silent = _named(passing_networks())
    passing = f"Networks that can pass a file on as it is leave no trace: {silent}."
    if header is None:
        return (
            "The file isn't JPEG; the networks that we know serve JPEG for photographs, so it was "
            "probably saved again since, or never shared.",
        )
    marked = [match for match in matches if match.mark]
    if marked:
        names = _named([match.network for match in marked])
        marks = _named([a for match in marked for a in match.agrees if _is_mark(a)])
        return (f"The file carries {marks}, and its coding is that of {names}.", passing)
    if networks and is_everybodys(header):
        quality = table_quality(header.luma).quality
        return (
            f"Its coding fits {_named(networks)}. Any program that saves JPEG at quality {quality} "
            "through the common library writes the same, so this proves nothing.",
            passing,
        )
    if networks:
        return (
            f"It is coded as {_named(networks)} codes pictures (its quantisation tables). Other "
            "programs with the same encoder (mozjpeg and jpegli are public) could do so, too.",
            passing,
        )
    reason = "camera or editor metadata" if header.exif or header.adobe or header.xmp else "coding"
    return (f"No network that we know serves files like this one, going by its {reason}.", passing)


def _is_mark(words: str) -> bool:
    return words.startswith(("Meta", "Facebook", "the comment", "the network"))


def _named(names: "list[str] | tuple[str, ...]") -> str:
    unique = list(dict.fromkeys(names))
    if len(unique) > _LIST:
        return ", ".join(unique[:_LIST]) + " and others"
    return " or ".join(", ".join(unique).rsplit(", ", 1)) if len(unique) > 1 else "".join(unique)
