"""Facebook and Messenger."""

from typing import Final

from channel.platforms.sources import (
    NEAR_2016,
    UNKNOWN_METADATA,
    UNKNOWN_SHARPENING,
    UPLOADS_2016,
    UPLOADS_2021,
    UPLOADS_2024,
    of_downloads,
)
from channel.profile import (
    Confidence,
    Encoding,
    FitBox,
    Metadata,
    PlatformProfile,
    Source,
    Tables,
    annex_k,
    assumed,
    every,
    robidoux,
)
from channel.scan_scripts import META_7, SEARCHED, SIMPLE

_ICC: Final = "sRGB-v2-micro.icc"  # CC0, saucecontrol/Compact-ICC-Profiles; "sawsctrl"
_LARGEST_SEEN: Final = Source(
    "NEXTJun/robotr1@3d2dca9, minhtcai/camera@e1f1c38, motobikes@fb1b3f1: 2048; so says the help",
    "2017–2025",
    Confidence.OBSERVED,
)

FACEBOOK: Final = PlatformProfile(
    name="facebook",
    platform="Facebook",
    era="2024, web",
    summary="box 2048, quality 92, baseline",
    sizes=(FitBox(2048),),
    encodings=(Encoding(annex_k(92)),),
    metadata=Metadata(added_icc=_ICC),
    sources=of_downloads(UPLOADS_2024, size=_LARGEST_SEEN),
)

_SEEN_2025: Final = Source(
    "motobikes@fb1b3f1 (4 files), Mazen-mo-10/imgs@e85cb56 (1 file)", "2025", Confidence.OBSERVED
)
# fmt: off
_JPEGLI_65: Final = Tables(  # google/jpegli lib/jpegli/quant.cc@0bc13ad at quality 65
    "jpegli, quality 65",
    luma=(
        9, 8, 16, 16, 23, 24, 26, 27, 8, 11, 15, 17, 24, 22, 28, 28,
        16, 15, 18, 20, 24, 27, 26, 29, 16, 17, 20, 23, 29, 31, 31, 32,
        23, 24, 24, 29, 32, 34, 38, 38, 24, 22, 27, 31, 34, 38, 35, 42,
        26, 28, 26, 31, 38, 35, 38, 37, 27, 28, 29, 32, 38, 42, 37, 30,
    ),
    chroma=(
        8, 7, 14, 12, 19, 17, 20, 22, 7, 10, 13, 13, 17, 15, 19, 20,
        14, 13, 15, 14, 16, 18, 18, 21, 12, 13, 14, 15, 19, 17, 19, 22,
        19, 17, 16, 19, 15, 22, 17, 21, 17, 15, 18, 17, 22, 19, 22, 32,
        20, 19, 18, 19, 17, 22, 35, 32, 22, 20, 21, 22, 21, 32, 32, 267,
    ),
    encoder="jpegli at quality 65",
)
# fmt: on
FACEBOOK_2025: Final = PlatformProfile(
    name="facebook-2025",
    platform="Facebook",
    era="2025",
    summary="box 2048, Robidoux 80 or jpegli 65, progressive",
    sizes=(FitBox(2048),),
    encodings=(
        Encoding(robidoux(80), scans=SEARCHED, codec="mozjpeg", files=4),
        Encoding(_JPEGLI_65, scans=META_7, files=1),
    ),
    metadata=Metadata(added_icc=_ICC),
    sources=of_downloads(_SEEN_2025),
)

FACEBOOK_2021: Final = PlatformProfile(
    name="facebook-2021",
    platform="Facebook",
    era="2021",
    summary="box 2048, quality 92, progressive",
    sizes=(FitBox(2048),),
    encodings=(Encoding(annex_k(92), scans=SIMPLE),),
    metadata=Metadata(fbmd="01"),
    sources=of_downloads(UPLOADS_2021, size=_LARGEST_SEEN),
)

# fmt: off
_RAMP: Final = Tables(  # NEXTJun/robotr1@3d2dca9 (2017), FOUND-project@3d24a96
    "Meta ramp",
    luma=(
        7, 7, 7, 12, 17, 23, 30, 36, 7, 7, 7, 12, 17, 23, 30, 36,
        7, 7, 12, 17, 23, 30, 36, 43, 12, 12, 17, 23, 30, 36, 43, 50,
        17, 17, 23, 30, 36, 43, 50, 56, 23, 23, 30, 36, 43, 50, 56, 56,
        30, 30, 36, 43, 50, 56, 56, 56, 36, 36, 43, 50, 56, 56, 56, 56,
    ),
    chroma=(
        9, 9, 14, 25, 59, 59, 59, 59, 9, 13, 13, 40, 59, 59, 59, 59,
        14, 13, 33, 59, 59, 59, 59, 59, 25, 40, 59, 59, 59, 59, 59, 59,
        *(59,) * 32,
    ),
    # The iPhone's own tables are these, about six times finer: probably the sender's, kept.
    encoder="Apple's encoder",
)
# fmt: on
FACEBOOK_2018: Final = PlatformProfile(
    name="facebook-2018",
    platform="Facebook",
    era="2018–2023",
    summary="box 960 or 2048, quality 71–80, progressive",
    sizes=(FitBox(960), FitBox(2048)),
    encodings=(
        Encoding(annex_k(71), scans=SIMPLE, files=2),  # jcpask/adventure@db3cbec, FOUND
        Encoding(annex_k(77), scans=SIMPLE, files=1),  # NEXTJun/robotr1@3d2dca9
        Encoding(annex_k(80), scans=SIMPLE, files=3),  # minhtcai/camera@e1f1c38
    ),
    metadata=Metadata(transmission_reference=True, fbmd="01"),
    sources=of_downloads(
        Source("jcpask/adventure@db3cbec and three others", "2017–2023", Confidence.OBSERVED)
    ),
)

FACEBOOK_2017: Final = PlatformProfile(
    name="facebook-2017",
    platform="Facebook",
    era="2017",
    summary="box 2048, Meta's ramp tables, progressive",
    sizes=(FitBox(2048),),
    encodings=(Encoding(_RAMP, scans=SIMPLE),),
    metadata=Metadata(icc="kept", transmission_reference=True),
    sources=of_downloads(
        Source("NEXTJun/robotr1@3d2dca9, FOUND-project@3d24a96", "2017", Confidence.OBSERVED)
    ),
)

FACEBOOK_2014: Final = PlatformProfile(
    name="facebook-2014",
    platform="Facebook",
    era="2014",
    summary="box 2048, quality 66, progressive",
    sizes=(FitBox(2048),),
    encodings=(Encoding(annex_k(66), scans=META_7),),
    sources=of_downloads(
        Source("one file known by its name", "2014", Confidence.OBSERVED), metadata=UNKNOWN_METADATA
    ),
)

FACEBOOK_2016: Final = PlatformProfile(
    name="facebook-2016",
    platform="Facebook",
    era="2016",
    summary="box 960, twice compressed, quality 71 or 73, progressive",
    sizes=(FitBox(960),),
    resampling="supersampled-bilinear",
    first_encoding=Encoding(annex_k(88)),
    first_encoding_at="final size",
    encodings=(
        Encoding(annex_k(71), scans=SIMPLE, files=3),
        Encoding(annex_k(73), scans=SIMPLE, files=1),
    ),
    # The 524-byte profile that was added is Facebook's own ("FB") and isn't shipped here.
    metadata=Metadata(jfif=(1, 2, 0, 1), transmission_reference=True),
    sources=every(UPLOADS_2016, resampling=NEAR_2016),
)

FACEBOOK_2010: Final = PlatformProfile(
    name="facebook-2010",
    platform="Facebook",
    era="2010",
    summary="box 720 or 2048, Lanczos, quality 85",
    sizes=(FitBox(720), FitBox(2048)),
    encodings=(Encoding(annex_k(85)),),
    sources=every(
        Source("interview with S. Odio, blog.patyuen.com", "2010", Confidence.STATED),
        tables=Source("blog abrokenmold", "2010", Confidence.SECOND_HAND),
        subsampling=assumed("not known; 4:2:0"),
        scan=assumed("not known; baseline"),
        sharpening=UNKNOWN_SHARPENING,
    ),
)

_MESSENGER: Final = Source("KenPrz/mprl-site@1567a35, 15 files", "2024–2025", Confidence.OBSERVED)
MESSENGER: Final = PlatformProfile(
    name="messenger",
    platform="Messenger",
    era="2024–2025",
    summary="box 2048, quality 45, baseline",
    sizes=(FitBox(2048),),
    encodings=(Encoding(annex_k(45), optimised_huffman=False),),
    metadata=Metadata(added_icc=_ICC),
    sources=of_downloads(_MESSENGER),
)

MESSENGER_2020: Final = PlatformProfile(
    name="messenger-2020",
    platform="Messenger",
    era="2020, Android",
    summary="box 1920, quality 65, progressive",
    sizes=(FitBox(1920),),
    encodings=(Encoding(annex_k(65), scans=META_7),),
    metadata=Metadata(fbmd="0f"),
    sources=of_downloads(Source("NEXTJun/robotr1@3d2dca9, one file", "2020", Confidence.OBSERVED)),
)

PROFILES: Final = (
    FACEBOOK,
    FACEBOOK_2025,
    FACEBOOK_2021,
    FACEBOOK_2018,
    FACEBOOK_2017,
    FACEBOOK_2016,
    FACEBOOK_2014,
    FACEBOOK_2010,
    MESSENGER,
    MESSENGER_2020,
)
