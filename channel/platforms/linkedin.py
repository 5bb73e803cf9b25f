"""LinkedIn."""

from typing import Final

from channel.platforms.sources import UPLOADS_2024, of_downloads
from channel.profile import AnySize, Encoding, PlatformProfile, annex_k, assumed
from channel.scan_scripts import SIMPLE

LINKEDIN: Final = PlatformProfile(
    name="linkedin",
    platform="LinkedIn",
    era="2024",
    summary="quality 80, progressive",
    sizes=(AnySize(),),
    encodings=(Encoding(annex_k(80), scans=SIMPLE),),
    sources=of_downloads(
        UPLOADS_2024, size=assumed("1024 pixels are kept, the limit isn't known; none")
    ),
)

PROFILES: Final = (LINKEDIN,)
