"""What happens to a picture between camera and verifier.

`transmit` sends a picture through platforms exactly as they would. For training there is
`channel.training`, which needs torch; nothing else here does.
"""

from channel.errors import (
    ChannelError,
    ChannelValueError,
    DependencyError,
    OutputError,
    PictureError,
    PictureTooLargeError,
    UnknownPlatformError,
    UnreadablePictureError,
)
from channel.platforms import PLATFORMS, platform
from channel.platforms.facebook import FACEBOOK
from channel.platforms.flickr import FLICKR
from channel.platforms.google import GOOGLE_PLUS
from channel.platforms.instagram import INSTAGRAM
from channel.platforms.original import ORIGINAL
from channel.platforms.telegram import TELEGRAM
from channel.platforms.twitter import TWITTER
from channel.platforms.whatsapp import WHATSAPP
from channel.profile import PlatformProfile
from channel.transmit import transmit

__all__ = [
    "FACEBOOK",
    "FLICKR",
    "GOOGLE_PLUS",
    "INSTAGRAM",
    "ORIGINAL",
    "PLATFORMS",
    "TELEGRAM",
    "TWITTER",
    "WHATSAPP",
    "ChannelError",
    "ChannelValueError",
    "DependencyError",
    "OutputError",
    "PictureError",
    "PictureTooLargeError",
    "PlatformProfile",
    "UnknownPlatformError",
    "UnreadablePictureError",
    "platform",
    "transmit",
]
