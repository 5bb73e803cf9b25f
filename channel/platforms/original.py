"""No platform: the file from the camera."""

from typing import Final

from channel.profile import Confidence, PlatformProfile, Source, every

ORIGINAL: Final = PlatformProfile(
    name="original",
    platform="none",
    era="any",
    summary="the file as it was uploaded",
    passthrough="always",
    sources=every(Source("definition of the class", "any", Confidence.MEASURED)),
)

PROFILES: Final = (ORIGINAL,)
