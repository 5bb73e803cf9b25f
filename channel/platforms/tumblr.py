"""Tumblr."""

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
    every,
)
from channel.scan_scripts import TUMBLR_6

TUMBLR: Final = PlatformProfile(
    name="tumblr",
    platform="Tumblr",
    era="2024",
    summary="box 3072, quality 92, 4:4:4, progressive",
    sizes=(FitBox(3072),),
    encodings=(Encoding(annex_k(92), "4:4:4", TUMBLR_6),),
    sources=of_downloads(
        UPLOADS_2024,
        size=Source("mikf/gallery-dl issues 487, 1344", "2020", Confidence.SECOND_HAND),
    ),
)

TUMBLR_2016: Final = PlatformProfile(
    name="tumblr-2016",
    platform="Tumblr",
    era="2016",
    summary="the file as uploaded if it fits 1280, else area filter, quality 92, 4:4:4, baseline",
    sizes=(FitBox(1280),),
    resampling="area",
    encodings=(Encoding(annex_k(92), "4:4:4", optimised_huffman=False),),
    passthrough="if it fits",
    metadata=Metadata(exif="kept"),
    sources=every(UPLOADS_2016),
)

PROFILES: Final = (TUMBLR, TUMBLR_2016)
