"""Slack."""

from typing import Final

from channel.platforms.sources import CHAINS_2026
from channel.profile import AnySize, Encoding, PlatformProfile, assumed, every

SLACK: Final = PlatformProfile(
    name="slack",
    platform="Slack",
    era="2026",
    summary="the upload's own tables, baseline (a part of the files: as uploaded)",
    sizes=(AnySize(),),
    encodings=(Encoding(tables=None),),
    sources=every(CHAINS_2026, resampling=assumed("sizes are kept")),
)

PROFILES: Final = (SLACK,)
