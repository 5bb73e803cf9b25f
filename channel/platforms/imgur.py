"""Imgur."""

from typing import Final

from channel.platforms.sources import UPLOADS_2016
from channel.profile import PlatformProfile, every

IMGUR: Final = PlatformProfile(
    name="imgur",
    platform="Imgur",
    era="2016 (JPEG), 2024 (PNG)",
    summary="coefficients or pixels kept, metadata removed (large files, limit not known: no)",
    passthrough="stripped",
    sources=every(UPLOADS_2016),
)

PROFILES: Final = (IMGUR,)
