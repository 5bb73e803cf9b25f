"""WhatsApp. The sending client decides, not the server."""

from typing import Final

from channel.platforms.sources import UNKNOWN_SHARPENING, UPLOADS_2016, of_downloads
from channel.profile import (
    Confidence,
    Encoding,
    FitBox,
    Metadata,
    PlatformProfile,
    Source,
    annex_k,
    assumed,
    every,
    robidoux,
)
from channel.scan_scripts import SEARCHED

WHATSAPP: Final = PlatformProfile(
    name="whatsapp",
    platform="WhatsApp",
    era="2024–2026, Android",
    summary="box 1600, Robidoux 80, progressive, mozjpeg",
    sizes=(FitBox(1600),),
    encodings=(Encoding(robidoux(80), scans=SEARCHED, codec="mozjpeg"),),
    sources=of_downloads(
        Source(
            "JohanGarzon7@84eb704, Pandrangi@81d6ad2 and two others, 45 files",
            "2024–2026",
            Confidence.OBSERVED,
        )
    ),
)

WHATSAPP_HD: Final = PlatformProfile(
    name="whatsapp-hd",
    platform="WhatsApp",
    era="2025, HD",
    summary="box 4096, Robidoux 75 or quality 75, progressive, mozjpeg",
    sizes=(FitBox(4096),),
    encodings=(
        Encoding(robidoux(75), scans=SEARCHED, codec="mozjpeg"),
        Encoding(annex_k(75), scans=SEARCHED, codec="mozjpeg"),
    ),
    sources=of_downloads(
        Source("JohanGarzon7@84eb704, FOUND-project, Mazen-mo-10", "2025", Confidence.OBSERVED),
        size=Source("WABetaInfo", "2023", Confidence.SECOND_HAND),
    ),
)

WHATSAPP_WEB: Final = PlatformProfile(
    name="whatsapp-web",
    platform="WhatsApp",
    era="2023–2025, web",
    summary="box 1600, quality 92, baseline",
    sizes=(FitBox(1600),),
    encodings=(Encoding(annex_k(92)),),
    sources=every(
        Source("black-coda@87b79ff, ibrahim-reda@4bc003f, FOUND", "2023–2025", Confidence.OBSERVED),
        resampling=assumed("a browser's canvas, filter not known; Lanczos"),
        sharpening=UNKNOWN_SHARPENING,
        metadata=assumed("the browser's own sRGB profile, sometimes none; none"),
    ),
)

WHATSAPP_COMMENT: Final = PlatformProfile(
    name="whatsapp-comment",
    platform="WhatsApp",
    era="2021–2025, client not known (COM segment)",
    summary="box 1600, quality 75 or 80, progressive, mozjpeg",
    sizes=(FitBox(1600),),
    encodings=(
        Encoding(annex_k(75), scans=SEARCHED, codec="mozjpeg", files=2),
        Encoding(annex_k(80), scans=SEARCHED, codec="mozjpeg", files=1),
    ),
    metadata=Metadata(comment="\0"),
    sources=of_downloads(
        Source("CodePathMoneyMakers@3ae131a, Mazen-mo-10, FOUND", "2021–2025", Confidence.OBSERVED)
    ),
)

WHATSAPP_2017: Final = PlatformProfile(
    name="whatsapp-2017",
    platform="WhatsApp",
    era="2017",
    summary="box 1600, quality 80, baseline",
    sizes=(FitBox(1600),),
    encodings=(Encoding(annex_k(80), optimised_huffman=False),),
    sources=of_downloads(
        Source("daltonbezerra@6326979, one file", "2017", Confidence.OBSERVED),
        size=Source("telegramdesktop/tdesktop issue 1261", "2015", Confidence.SECOND_HAND),
    ),
)

WHATSAPP_2016: Final = PlatformProfile(
    name="whatsapp-2016",
    platform="WhatsApp",
    era="2016-03",
    summary="box 1600, bilinear without antialiasing, quality 92, baseline",
    sizes=(FitBox(1600),),
    resampling="point-bilinear",
    encodings=(Encoding(annex_k(92), optimised_huffman=False),),
    sources=every(UPLOADS_2016),
)

PROFILES: Final = (
    WHATSAPP,
    WHATSAPP_HD,
    WHATSAPP_WEB,
    WHATSAPP_COMMENT,
    WHATSAPP_2017,
    WHATSAPP_2016,
)
