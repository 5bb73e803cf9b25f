"""Weibo."""

from typing import Final

from channel.platforms.sources import UNKNOWN_FILTER, UNKNOWN_METADATA, UPLOADS_2021
from channel.profile import AnySize, Encoding, PlatformProfile, annex_k, assumed, every

WEIBO: Final = PlatformProfile(
    name="weibo",
    platform="Weibo",
    era="2021",
    summary="quality 85, 4:4:4, baseline",
    sizes=(AnySize(),),
    encodings=(Encoding(annex_k(85), "4:4:4"),),
    sources=every(
        UPLOADS_2021,
        size=assumed("757 pixels are kept, the limit isn't known; none"),
        resampling=UNKNOWN_FILTER,
        metadata=UNKNOWN_METADATA,
    ),
)

PROFILES: Final = (WEIBO,)
