"""Collections of real uploads that several profiles were measured on."""

from typing import Final

from channel.profile import Aspect, Confidence, Source, assumed, every

# Four photographs through ten services with three of the originals.
UPLOADS_2016: Final = Source("vsjoen/IBSNtools@99fc942", "2016", Confidence.MEASURED)
# The same, where the filter found there only comes near.
NEAR_2016: Final = Source(
    "vsjoen/IBSNtools@99fc942, the nearest of several filters", "2016", Confidence.INFERRED
)
# One 1024×1024 PNG through thirteen services.
UPLOADS_2024: Final = Source("thoppe/STAMP@8e7695f", "2024", Confidence.MEASURED)
# Photographs through Telegram, Slack and Discord in chains of up to three.
CHAINS_2026: Final = Source("danielafavi5/SocialMediaChain@7412e75", "2026", Confidence.MEASURED)
# One 757×568 TIFF through Facebook, WeChat and Weibo.
UPLOADS_2021: Final = Source("HighwayWu/ImageForensicsOSN@42c2fe5", "2021", Confidence.MEASURED)

UNKNOWN_FILTER: Final = assumed("no downscaled pair is known; Lanczos, as Instagram and Yelp use")
UNKNOWN_SHARPENING: Final = assumed("no downscaled pair is known; none")
UNKNOWN_METADATA: Final = assumed("no file with its original is known; all stripped")


def of_downloads(source: Source, **exceptions: Source) -> dict[Aspect, Source]:
    """Say where a profile comes from whose files lack their originals: resampling is assumed."""
    return every(
        source, **{"resampling": UNKNOWN_FILTER, "sharpening": UNKNOWN_SHARPENING} | exceptions
    )
