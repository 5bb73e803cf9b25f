"""Signal."""

from typing import Final

from channel.platforms.sources import UNKNOWN_FILTER, UNKNOWN_METADATA
from channel.profile import (
    Confidence,
    Encoding,
    FitBox,
    PlatformProfile,
    Source,
    annex_k,
    assumed,
    every,
)

_CODE: Final = Source(
    "signalapp/Signal-Android@0f7f8665 PushMediaConstraints.java, "
    "signalapp/Signal-Desktop@03697f66 scaleImageToLevel.ts",
    "2024",
    Confidence.SOURCE_CODE,
)
_SOURCES: Final = every(
    _CODE,
    resampling=UNKNOWN_FILTER,
    tables=assumed("quality stated; Android's libjpeg-turbo, Annex K"),
    subsampling=assumed("not stated; 4:2:0"),
    scan=assumed("not stated; baseline"),
    sharpening=assumed("not stated; none"),
    metadata=UNKNOWN_METADATA,
)

SIGNAL: Final = PlatformProfile(
    name="signal",
    platform="Signal",
    era="2024, standard quality",
    summary="box 1600, quality 70, baseline",
    sizes=(FitBox(1600),),
    encodings=(Encoding(annex_k(70)),),
    sources=_SOURCES,
)

SIGNAL_HIGH: Final = PlatformProfile(
    name="signal-high",
    platform="Signal",
    era="2024, high quality",
    summary="box 4096, quality 75, baseline",
    sizes=(FitBox(4096),),
    encodings=(Encoding(annex_k(75)),),
    sources=_SOURCES,
)

PROFILES: Final = (SIGNAL, SIGNAL_HIGH)
