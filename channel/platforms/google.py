"""Google+ (closed in 2019) and Google Photos."""

from typing import Final

from channel.platforms.sources import NEAR_2016, UPLOADS_2016, UPLOADS_2024
from channel.profile import (
    Encoding,
    FitBox,
    Metadata,
    PlatformProfile,
    Tables,
    assumed,
    every,
)

# fmt: off
_PICASA: Final = Tables(  # one of two resized files of 2016; the other's differs slightly
    "Google+, one picture's",
    luma=(
        3, 2, 10, 10, 10, 10, 8, 8, 2, 10, 10, 10, 10, 10, 8, 8,
        10, 10, 10, 10, 10, 10, 8, 8, 10, 10, 10, 10, 10, 8, 8, 8,
        10, 10, 10, 10, 10, 10, 10, 8, 10, 10, 10, 10, 8, 10, 13, 8,
        10, 8, 8, 8, 10, 13, 13, 8, 8, 8, 8, 8, 10, 8, 9, 8,
    ),
    chroma=(
        3, 4, 6, 10, 13, 13, 13, 13, 4, 5, 6, 13, 13, 13, 13, 13,
        6, 6, 10, 13, 13, 13, 13, 13, 10, 13, 13, 13, 13, 13, 13, 13,
        *(13,) * 32,
    ),
    encoder="Picasa",
)
# fmt: on
GOOGLE_PLUS: Final = PlatformProfile(
    name="google+",
    platform="Google+",
    era="2016",
    summary="the file as uploaded if it fits 2048, else a near-Lanczos filter and fine tables",
    sizes=(FitBox(2048),),
    resampling="blackman-sinc",
    encodings=(Encoding(_PICASA),),
    passthrough="if it fits",
    metadata=Metadata(exif="kept", icc="kept"),
    sources=every(
        UPLOADS_2016,
        resampling=NEAR_2016,
        tables=assumed("chosen for each picture by a rule not known; those of one picture"),
    ),
)

GOOGLE_PHOTOS: Final = PlatformProfile(
    name="google-photos",
    platform="Google Photos",
    era="2024, original quality",
    summary="the file as it was uploaded",
    passthrough="always",
    sources=every(UPLOADS_2024),
)

PROFILES: Final = (GOOGLE_PLUS, GOOGLE_PHOTOS)
