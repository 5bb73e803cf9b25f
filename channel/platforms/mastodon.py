"""Mastodon."""

from typing import Final

from channel.platforms.sources import UNKNOWN_FILTER
from channel.profile import (
    Confidence,
    Encoding,
    MaxPixels,
    PlatformProfile,
    Source,
    annex_k,
    assumed,
    every,
)

_CODE: Final = Source(
    "mastodon/mastodon@00793a86 app/models/media_attachment.rb", "2019", Confidence.SOURCE_CODE
)

MASTODON: Final = PlatformProfile(
    name="mastodon",
    platform="Mastodon",
    era="since 4.2",
    summary="8.3 megapixels, quality 90",
    sizes=(MaxPixels(8_294_400),),
    encodings=(Encoding(annex_k(90)),),
    sources=every(
        _CODE,
        size=Source("a Dockerfile of version 4.2.8", "2024", Confidence.SECOND_HAND),
        resampling=UNKNOWN_FILTER,
        tables=assumed("the value of 2019; today's wasn't read"),
        subsampling=assumed("not stated; 4:2:0"),
        scan=assumed("not stated; baseline"),
    ),
)

MASTODON_2019: Final = PlatformProfile(
    name="mastodon-2019",
    platform="Mastodon",
    era="2019",
    summary="1.6 megapixels, quality 90",
    sizes=(MaxPixels(1_638_400),),
    encodings=(Encoding(annex_k(90)),),
    sources=every(
        _CODE,
        resampling=UNKNOWN_FILTER,
        subsampling=assumed("not stated; 4:2:0"),
        scan=assumed("not stated; baseline"),
    ),
)

PROFILES: Final = (MASTODON, MASTODON_2019)
