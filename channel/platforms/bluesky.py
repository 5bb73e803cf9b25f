"""Bluesky."""

from typing import Final

from channel.platforms.sources import UNKNOWN_FILTER, UNKNOWN_METADATA
from channel.profile import (
    Confidence,
    Encoding,
    FitBox,
    PlatformProfile,
    Source,
    assumed,
    every,
)

BLUESKY: Final = PlatformProfile(
    name="bluesky",
    platform="Bluesky",
    era="2024, the file that the client sends",
    summary="box 2000, the highest quality that stays within 1,000,000 bytes",
    sizes=(FitBox(2000),),
    encodings=(Encoding(tables=None, most_bytes=1_000_000),),
    sources=every(
        Source("bluesky-social/social-app@01fefbc gallery.ts", "2024", Confidence.SOURCE_CODE),
        resampling=UNKNOWN_FILTER,
        subsampling=assumed("not stated; 4:2:0"),
        scan=assumed("not stated; baseline"),
        sharpening=assumed("not stated; none"),
        metadata=UNKNOWN_METADATA,
    ),
)

PROFILES: Final = (BLUESKY,)
