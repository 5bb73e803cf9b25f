"""Twitter, now X."""

from typing import Final

from channel.platforms.sources import (
    UPLOADS_2016,
    UPLOADS_2024,
    of_downloads,
)
from channel.profile import (
    Confidence,
    Encoding,
    FitBox,
    Metadata,
    PlatformProfile,
    Source,
    annex_k,
    assumed,
    every,
)
from channel.scan_scripts import SIMPLE

_ARCHIVE: Final = Source("qmacro/tweets@8f12f291, 1673 files", "2016–2023", Confidence.OBSERVED)
_LARGEST_SIDE: Final = 8192  # pixels; X API documentation, media best practices, 2020s

TWITTER: Final = PlatformProfile(
    name="twitter",
    platform="Twitter",
    era="2015-12 – 2024",
    summary="box 4096, quality 85, progressive",
    sizes=(FitBox(4096),),
    encodings=(Encoding(annex_k(85), scans=SIMPLE),),
    metadata=Metadata(icc="kept"),
    largest_side=_LARGEST_SIDE,
    sources=of_downloads(
        UPLOADS_2024,
        size=Source("stored size as widely repeated", "2020s", Confidence.SECOND_HAND),
        metadata=_ARCHIVE,
    ),
)

TWITTER_MEDIUM: Final = PlatformProfile(
    name="twitter-medium",
    platform="Twitter",
    era="2016–2023, medium",
    summary="box 1200, quality 85 (few 75, 80, 90), progressive",
    sizes=(FitBox(1200),),
    encodings=tuple(
        Encoding(annex_k(quality), scans=SIMPLE, files=files)
        for quality, files in ((85, 1573), (75, 45), (80, 6), (90, 5))
    ),
    metadata=Metadata(icc="kept"),
    largest_side=_LARGEST_SIDE,
    sources=of_downloads(_ARCHIVE),
)

TWITTER_2016: Final = PlatformProfile(
    name="twitter-2016",
    platform="Twitter",
    era="2016, as downloaded",
    summary="box 1024, DCT half decoding, Lanczos, quality 85, progressive",
    sizes=(FitBox(1024),),
    half_decoding=True,
    encodings=(Encoding(annex_k(85), scans=SIMPLE),),
    sources=every(UPLOADS_2016),
)

TWITTER_2014: Final = PlatformProfile(
    name="twitter-2014",
    platform="Twitter",
    era="2012–2014",
    summary="box 600 or 1024, quality 75, baseline",
    sizes=(FitBox(600), FitBox(1024)),
    encodings=(Encoding(annex_k(75)),),
    sources=of_downloads(
        Source("qmacro/tweets@8f12f291, 163 files", "2012–2014", Confidence.OBSERVED)
    ),
)

TWITTER_WEB_JPEG: Final = PlatformProfile(
    name="twitter-web-jpeg",
    platform="Twitter",
    era="since 2019-12, JPEG uploaded by web",
    summary="coefficients kept, EXIF removed",
    passthrough="stripped",
    largest_side=4096,
    sources=every(
        Source("N. O'Brien, Twitter", "2019", Confidence.STATED),
        size=assumed("4096 a side is widely repeated"),
    ),
)

PROFILES: Final = (TWITTER, TWITTER_MEDIUM, TWITTER_2016, TWITTER_2014, TWITTER_WEB_JPEG)
