"""Flickr."""

from typing import Final

from channel.platforms.sources import NEAR_2016, UNKNOWN_FILTER, UPLOADS_2016, UPLOADS_2024
from channel.profile import (
    Confidence,
    Encoding,
    FitBox,
    Metadata,
    PlatformProfile,
    Source,
    UnsharpMask,
    annex_k,
    assumed,
    every,
)

FLICKR: Final = PlatformProfile(
    name="flickr",
    platform="Flickr",
    era="2024, original size",
    summary="the file as it was uploaded",
    passthrough="always",
    sources=every(UPLOADS_2024),
)

FLICKR_2016: Final = PlatformProfile(
    name="flickr-2016",
    platform="Flickr",
    era="2016, sizes b and h",
    summary="box 1024 or 1600, Lanczos, sharpened, about quality 76–92, 4:4:4, baseline",
    sizes=(FitBox(1024), FitBox(1600)),
    sharpening=UnsharpMask(sigma=0.55, amount=0.9),
    encodings=tuple(Encoding(annex_k(quality), "4:4:4") for quality in (76, 81, 89, 92)),
    metadata=Metadata(jfif=(1, 1, 1, 72), comment="cmp3.10.3.3Lq3 0x{}\0"),
    sources=every(
        UPLOADS_2016,
        resampling=NEAR_2016,
        sharpening=NEAR_2016,
        tables=assumed("chosen for each picture by a rule not known; the nearest of Annex K"),
    ),
)

FLICKR_2014: Final = PlatformProfile(
    name="flickr-2014",
    platform="Flickr",
    era="until 2014, size z",
    summary="box 640, quality 96 or 90, 4:4:4, baseline",
    sizes=(FitBox(640),),
    sharpening=UnsharpMask(sigma=0.55, amount=0.9),
    encodings=(
        Encoding(annex_k(96), "4:4:4", files=4),
        Encoding(annex_k(90), "4:4:4", files=2),
    ),
    sources=every(
        Source("COCO, 6 files", "2014", Confidence.OBSERVED),
        resampling=UNKNOWN_FILTER,
        sharpening=assumed("said by Flickr to be there; strength as in 2016"),
    ),
)

PROFILES: Final = (FLICKR, FLICKR_2016, FLICKR_2014)
