"""WeChat."""

from typing import Final

from channel.platforms.sources import UNKNOWN_FILTER, UNKNOWN_METADATA, UPLOADS_2021
from channel.profile import AnySize, Encoding, PlatformProfile, annex_k, assumed, every

WECHAT_MAC: Final = PlatformProfile(
    name="wechat-mac",
    platform="WeChat",
    era="2021, Mac client",
    summary="quality 100, 4:4:4, baseline (its DCT isn't libjpeg's: 26% of coefficients agree)",
    sizes=(AnySize(),),
    encodings=(Encoding(annex_k(100), "4:4:4", optimised_huffman=False),),
    sources=every(
        UPLOADS_2021,
        size=assumed("757 pixels are kept, the limit isn't known; none"),
        resampling=UNKNOWN_FILTER,
        sharpening=assumed("none"),
        metadata=UNKNOWN_METADATA,
    ),
)

PROFILES: Final = (WECHAT_MAC,)
