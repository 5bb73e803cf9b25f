"""TinyPic (closed in 2019)."""

from typing import Final

from channel.platforms.sources import UPLOADS_2016
from channel.profile import Encoding, FitBox, Metadata, PlatformProfile, every

TINYPIC: Final = PlatformProfile(
    name="tinypic",
    platform="TinyPic",
    era="2016",
    summary="the file as uploaded if it fits 1600, else area filter and the upload's own tables",
    sizes=(FitBox(1600),),
    resampling="area",
    encodings=(Encoding(tables=None, subsampling="4:2:2"),),
    passthrough="if it fits",
    metadata=Metadata(exif="kept", jfif=(1, 1, 1, 72)),
    sources=every(UPLOADS_2016),
)

PROFILES: Final = (TINYPIC,)
