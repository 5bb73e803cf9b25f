"""Instagram."""

from typing import Final

from channel.platforms.sources import (
    UPLOADS_2016,
    UPLOADS_2024,
    of_downloads,
)
from channel.profile import (
    Confidence,
    Encoding,
    FitWidth,
    Metadata,
    PlatformProfile,
    Source,
    Tables,
    annex_k,
    every,
    robidoux,
)
from channel.scan_scripts import META_7, SEARCHED

# fmt: off
_JPEGLI_80: Final = Tables(  # google/jpegli lib/jpegli/quant.cc@0bc13ad at quality 80
    "jpegli, quality 80",
    luma=(
        5, 6, 11, 11, 13, 14, 15, 16, 6, 8, 11, 11, 14, 13, 16, 16,
        11, 11, 11, 13, 14, 16, 15, 17, 11, 11, 13, 14, 17, 19, 19, 19,
        13, 14, 14, 17, 18, 20, 22, 22, 14, 13, 16, 19, 20, 22, 21, 25,
        15, 16, 15, 19, 22, 21, 22, 22, 16, 16, 17, 19, 22, 25, 22, 18,
    ),
    chroma=(
        5, 5, 10, 8, 11, 10, 12, 13, 5, 7, 9, 8, 10, 9, 11, 12,
        10, 9, 10, 9, 10, 10, 11, 12, 8, 8, 9, 9, 11, 11, 12, 13,
        11, 10, 10, 11, 8, 13, 10, 12, 10, 9, 10, 11, 13, 11, 13, 19,
        12, 11, 11, 12, 10, 13, 20, 19, 13, 12, 12, 13, 12, 19, 19, 156,
    ),
    encoder="jpegli at quality 80",
)
# fmt: on
INSTAGRAM: Final = PlatformProfile(
    name="instagram",
    platform="Instagram",
    era="2025",
    summary="width 1080, jpegli 80, progressive",
    sizes=(FitWidth(1080),),
    encodings=(Encoding(_JPEGLI_80, scans=META_7),),
    metadata=Metadata(fbmd="0f"),
    sources=of_downloads(
        Source("neurolia-agency/client-strictfood@3c91539, 41 files", "2025", Confidence.OBSERVED)
    ),
)

INSTAGRAM_2024: Final = PlatformProfile(
    name="instagram-2024",
    platform="Instagram",
    era="2024, web",
    summary="quality 92, then width 1080 up or down, quality 90, progressive",
    sizes=(FitWidth(1080, enlarges=True),),
    first_encoding=Encoding(annex_k(92)),
    encodings=(Encoding(annex_k(90), scans=META_7),),
    metadata=Metadata(fbmd="0f"),
    sources=every(UPLOADS_2024),
)

INSTAGRAM_2018: Final = PlatformProfile(
    name="instagram-2018",
    platform="Instagram",
    era="2017–2020",
    summary="width 1080, Robidoux 70 or quality 70 or 80, progressive",
    sizes=(FitWidth(1080),),
    encodings=(
        Encoding(robidoux(70), scans=SEARCHED, codec="mozjpeg", files=8),
        Encoding(annex_k(80), scans=SEARCHED, codec="mozjpeg", files=6),
        Encoding(annex_k(70), scans=SEARCHED, codec="mozjpeg", files=4),
    ),
    metadata=Metadata(fbmd="0f"),
    sources=of_downloads(
        Source("zhenghaohe/heyitsarpit.dev@9fa4ca4, 36 files", "2017–2020", Confidence.OBSERVED)
    ),
)

INSTAGRAM_2016: Final = PlatformProfile(
    name="instagram-2016",
    platform="Instagram",
    era="2016",
    summary="width 1080, Lanczos, quality 90, progressive",
    sizes=(FitWidth(1080),),
    encodings=(Encoding(annex_k(90), scans=META_7),),
    metadata=Metadata(fbmd="0f", fbmd_padding_counted=False),
    sources=every(UPLOADS_2016),
)

PROFILES: Final = (INSTAGRAM, INSTAGRAM_2024, INSTAGRAM_2018, INSTAGRAM_2016)
