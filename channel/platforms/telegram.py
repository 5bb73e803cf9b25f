"""Telegram. Server profiles are for pictures uploaded without compression by the client."""

from typing import Final

from channel.platforms.sources import CHAINS_2026, UNKNOWN_METADATA, UPLOADS_2016
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
from channel.scan_scripts import SEARCHED, SIMPLE

_72_DPI: Final = (1, 1, 1, 72)

TELEGRAM: Final = PlatformProfile(
    name="telegram",
    platform="Telegram",
    era="2026, server",
    summary="box 2560, unweighted box filter, quality 87, progressive, libjpeg 9",
    sizes=(FitBox(2560),),
    resampling="unweighted-box",
    encodings=(Encoding(annex_k(87), scans=SIMPLE, codec="libjpeg-9"),),
    metadata=Metadata(jfif=_72_DPI),
    sources=every(CHAINS_2026),
)

TELEGRAM_2016: Final = PlatformProfile(
    name="telegram-2016",
    platform="Telegram",
    era="2016, server",
    summary="box 2560, unweighted box filter, quality 87, baseline, libjpeg 9",
    sizes=(FitBox(2560),),
    resampling="unweighted-box",
    encodings=(Encoding(annex_k(87), codec="libjpeg-9"),),
    metadata=Metadata(jfif=_72_DPI),
    sources=every(UPLOADS_2016),
)

_DESKTOP: Final = Source(
    "telegramdesktop/tdesktop@929032d localimageloader.cpp, "
    "desktop-app/lib_ui@e3163c7 image_prepare.cpp",
    "2025",
    Confidence.SOURCE_CODE,
)
TELEGRAM_DESKTOP: Final = PlatformProfile(
    name="telegram-desktop",
    platform="Telegram",
    era="2025, desktop client",
    summary="box 1280, quality 87, progressive",
    sizes=(FitBox(1280),),
    resampling="area",
    encodings=(Encoding(annex_k(87), scans=SIMPLE),),
    sources=every(
        _DESKTOP,
        resampling=assumed("Qt::SmoothTransformation, which averages areas when shrinking"),
        subsampling=assumed("Qt's default, not stated; 4:2:0"),
        metadata=UNKNOWN_METADATA,
    ),
)

_MACOS: Final = Source(
    "overtake/TelegramSwift@a31de126 SenderController.swift", "2025", Confidence.SOURCE_CODE
)
_SEEN: Final = Source("DEVPAR/LoRa_Parrot@46045f4, one file", "2021", Confidence.OBSERVED)
TELEGRAM_MACOS: Final = PlatformProfile(
    name="telegram-macos",
    platform="Telegram",
    era="2025, macOS client",
    summary="box 1280, Robidoux 75, progressive",
    sizes=(FitBox(1280),),
    encodings=(Encoding(robidoux(75), scans=SEARCHED, codec="mozjpeg"),),
    metadata=Metadata(icc="kept", jfif=_72_DPI),
    sources=every(
        _MACOS,
        resampling=assumed("CGImageSource thumbnail, not published; Lanczos"),
        tables=_SEEN,
        subsampling=_SEEN,
        metadata=_SEEN,
    ),
)

_ANDROID: Final = Source(
    "DrKLO/Telegram@002c01ec SendMessagesHelper.java, @04086db ImageLoader.java",
    "2020",
    Confidence.SOURCE_CODE,
)
TELEGRAM_ANDROID: Final = PlatformProfile(
    name="telegram-android",
    platform="Telegram",
    era="2020–2026, Android client",
    summary="box 1280, quality 80 (2020) or 87 (2026), progressive",
    sizes=(FitBox(1280),),
    resampling="point-bilinear",
    half_decoding=True,
    encodings=(Encoding(annex_k(80), scans=SIMPLE), Encoding(annex_k(87), scans=SIMPLE)),
    sources=every(
        _ANDROID,
        subsampling=Source(
            "KevJimenez@dd30806, Meal-Planner@b166afb", "2023–2025", Confidence.OBSERVED
        ),
        scan=Source("the same files: ten scans", "2023–2025", Confidence.OBSERVED),
        metadata=UNKNOWN_METADATA,
    ),
)

PROFILES: Final = (TELEGRAM, TELEGRAM_2016, TELEGRAM_DESKTOP, TELEGRAM_MACOS, TELEGRAM_ANDROID)
