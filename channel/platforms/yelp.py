"""Yelp."""

from typing import Final

from channel.platforms.sources import UPLOADS_2024
from channel.profile import Encoding, FitBox, PlatformProfile, annex_k, every
from channel.scan_scripts import SIMPLE

YELP: Final = PlatformProfile(
    name="yelp",
    platform="Yelp",
    era="2024",
    summary="box 1000, Lanczos, quality 80, progressive",
    sizes=(FitBox(1000),),
    encodings=(Encoding(annex_k(80), scans=SIMPLE),),
    sources=every(UPLOADS_2024),
)

PROFILES: Final = (YELP,)
