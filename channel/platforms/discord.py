"""Discord."""

from typing import Final

from channel.platforms.sources import CHAINS_2026
from channel.profile import PlatformProfile, every

DISCORD: Final = PlatformProfile(
    name="discord",
    platform="Discord",
    era="2026, attachment",
    summary="the file as it was uploaded",
    passthrough="always",
    sources=every(CHAINS_2026),
)

PROFILES: Final = (DISCORD,)
