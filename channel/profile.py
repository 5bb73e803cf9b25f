"""A platform as data: what it does to the size, the pixels, the coding and the metadata.

A profile is a record, not code: `channel.transmission` and, with gradients,
`channel.training.differentiable` carry it out.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, Final, Literal, get_args

import numpy as np

from channel import jpeg_tables
from channel.errors import ChannelValueError
from channel.resampling_filters import Resampling
from channel.scan_scripts import BASELINE, ScanScript

Aspect = Literal["size", "resampling", "sharpening", "tables", "subsampling", "scan", "metadata"]
ASPECTS: Final[tuple[Aspect, ...]] = get_args(Aspect)
Subsampling = Literal["4:4:4", "4:2:2", "4:2:0"]
Codec = Literal["libjpeg-turbo", "libjpeg-9", "mozjpeg"]
Passthrough = Literal["never", "if it fits", "always", "stripped"]


class Confidence(Enum):
    """How a value is known, surest first."""

    MEASURED = "measured", "on files whose platform is certain"
    OBSERVED = "observed", "in files known by name or marker"
    SOURCE_CODE = "source code", "the platform's own"
    STATED = "stated", "by the platform"
    SECOND_HAND = "reported", "by others"
    INFERRED = "inferred", "from what comes nearest"
    ASSUMED = "assumed", "not known"

    def __init__(self, word: str, meaning: str) -> None:
        self.word, self.meaning = word, meaning


@dataclass(frozen=True)
class Source:
    """Where a value is from: a repository at a commit or a page, its year, and how sure it is."""

    where: str
    year: str
    confidence: Confidence


def assumed(why: str) -> Source:
    """Mark a value that nothing supports, with the reason for choosing it."""
    return Source(why, "–", Confidence.ASSUMED)


@dataclass(frozen=True)
class FitBox:
    """Shrink until the longer side has at most this many pixels."""

    long_edge: int

    def scale(self, height: int, width: int) -> float:
        """Return the factor for a picture of that size, at most 1."""
        return min(1.0, self.long_edge / max(height, width))


@dataclass(frozen=True)
class FitWidth:
    """Bring the width down (and, if it enlarges, up) to this many pixels."""

    width: int
    enlarges: bool = False

    def scale(self, height: int, width: int) -> float:
        """Return the factor for a picture of that size."""
        factor = self.width / width
        return factor if self.enlarges else min(1.0, factor)


@dataclass(frozen=True)
class MaxPixels:
    """Shrink until the picture has at most this many pixels."""

    pixels: int

    def scale(self, height: int, width: int) -> float:
        """Return the factor for a picture of that size, at most 1."""
        return min(1.0, math.sqrt(self.pixels / (height * width)))


@dataclass(frozen=True)
class AnySize:
    """Keep every size."""

    def scale(self, height: int, width: int) -> float:
        """Return 1."""
        return 1.0


SizeRule = FitBox | FitWidth | MaxPixels | AnySize


def target_size(rule: SizeRule, height: int, width: int) -> tuple[int, int]:
    """Height and width that a rule gives a picture, rounded, at least one pixel."""
    factor = rule.scale(height, width)
    if factor == 1:
        return height, width
    return max(1, round(height * factor)), max(1, round(width * factor))


@dataclass(frozen=True)
class Tables:
    """Luma and chroma quantisation steps, 64 each in natural order, and what to call them.

    ``encoder`` is one that anybody may use and that writes them, too, with its quality; "" if none
    is known.
    """

    name: str
    luma: tuple[int, ...]
    chroma: tuple[int, ...]
    encoder: str = ""

    def __post_init__(self) -> None:
        for steps in (self.luma, self.chroma):
            if len(steps) != 64 or min(steps) < 1 or max(steps) > 65535:
                raise ChannelValueError(
                    f"tables {self.name!r} must each have 64 steps within 1–65535"
                )

    def array(self) -> jpeg_tables.Table:
        """Return both tables as (2, 8, 8)."""
        return np.array([self.luma, self.chroma]).reshape(2, 8, 8)


def annex_k(quality: int) -> Tables:
    """Tables of libjpeg at a quality from 1 to 100."""
    pair = jpeg_tables.annex_k(quality)
    return _tables(f"Annex K, quality {quality}", pair, f"the common library at quality {quality}")


def robidoux(quality: int) -> Tables:
    """Tables of mozjpeg's default at a quality from 1 to 100."""
    pair = jpeg_tables.robidoux(quality)
    return _tables(f"Robidoux, quality {quality}", pair, f"mozjpeg at quality {quality}")


def _tables(name: str, pair: tuple[jpeg_tables.Table, jpeg_tables.Table], encoder: str) -> Tables:
    luma, chroma = (tuple(map(int, table.ravel())) for table in pair)
    return Tables(name, luma, chroma, encoder)


@dataclass(frozen=True)
class Encoding:
    """How a platform writes a JPEG file.

    ``tables`` is None where the upload's own are used again or, with ``most_bytes``, those of the
    highest quality that keeps the file within that size. ``files`` is in how many real files this
    was seen: the weight with which it is drawn where a profile has several.
    """

    tables: Tables | None
    subsampling: Subsampling = "4:2:0"
    scans: ScanScript = BASELINE
    optimised_huffman: bool = True
    codec: Codec = "libjpeg-turbo"
    files: int = 1
    most_bytes: int | None = None


@dataclass(frozen=True)
class UnsharpMask:
    """Add ``amount`` times what a Gaussian of ``sigma`` pixels takes away, after a resize."""

    sigma: float
    amount: float


@dataclass(frozen=True)
class Metadata:
    """What a platform keeps of a file's metadata and what it adds.

    Parameters
    ----------
    exif, icc
        Whether the upload's EXIF (and XMP) or colour profile is kept. Where EXIF goes, its
        orientation is applied to the pixels first.
    added_icc
        File name of the profile in ``channel/platforms`` that is put in instead.
    jfif
        Version (major, minor), density unit and density of the JFIF header.
    transmission_reference
        Whether IPTC 2:103 has Facebook's 20-character mark, which differs in every file.
    fbmd
        Version of Meta's FBMD trailer in IPTC 2:40, such as ``"0f"``: scan offsets and file size.
    fbmd_padding_counted
        Whether the length of the 8BIM block includes its padding byte (2024) or not (2016).
    comment
        Content of a COM segment; ``{}`` stands for eight random hexadecimal digits.
    """

    exif: Literal["stripped", "kept"] = "stripped"
    icc: Literal["stripped", "kept"] = "stripped"
    added_icc: str | None = None
    jfif: tuple[int, int, int, int] = (1, 1, 0, 1)
    transmission_reference: bool = False
    fbmd: str | None = None
    fbmd_padding_counted: bool = True
    comment: str | None = None


@dataclass(frozen=True)
class PlatformProfile:
    """What one platform does to a picture, in one era and mode.

    Where ``sizes`` or ``encodings`` has several entries, one is drawn for each picture.
    ``first_encoding`` is a JPEG generation before the last one: at the upload's size (a client
    that compresses), or at the final size of a picture that was resized (a stored copy). Every
    aspect has its `Source`.

    Raises `ChannelValueError` if an aspect lacks its source.
    """

    name: str
    platform: str
    era: str
    summary: str
    sources: Mapping[Aspect, Source]
    sizes: tuple[SizeRule, ...] = (AnySize(),)
    resampling: Resampling = "lanczos"
    half_decoding: bool = False
    sharpening: UnsharpMask | None = None
    encodings: tuple[Encoding, ...] = ()
    first_encoding: Encoding | None = None
    first_encoding_at: Literal["upload size", "final size"] = "upload size"
    passthrough: Passthrough = "never"
    metadata: Metadata = field(default_factory=Metadata)
    largest_side: int | None = None

    def __post_init__(self) -> None:
        missing = [aspect for aspect in ASPECTS if aspect not in self.sources]
        if missing:
            raise ChannelValueError(f"profile {self.name!r} gives no source for {missing}")
        if not self.encodings and self.passthrough not in ("always", "stripped"):
            raise ChannelValueError(f"profile {self.name!r} has no encoding")

    @property
    def assumptions(self) -> tuple[Aspect, ...]:
        """The aspects that are assumed, not known."""
        unsure = Confidence.ASSUMED
        return tuple(a for a in ASPECTS if self.sources[a].confidence is unsure)

    def drawn(self, generator: np.random.Generator) -> tuple[SizeRule, Encoding | None]:
        """Draw one size rule (evenly) and one encoding (as often as it was seen)."""
        rule = self.sizes[int(generator.integers(len(self.sizes)))]
        if not self.encodings:
            return rule, None
        weights = np.array([encoding.files for encoding in self.encodings], dtype=np.float64)
        return rule, self.encodings[int(generator.choice(len(weights), p=weights / weights.sum()))]


def every(source: Source, **exceptions: Source) -> dict[Aspect, Source]:
    """One source for all aspects but the named ones."""
    others: dict[Any, Source] = dict(exceptions)
    return {aspect: others.get(aspect, source) for aspect in ASPECTS}
