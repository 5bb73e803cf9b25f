from .errors import (
    ChannelError,
    ChannelValueError,
    DependencyError,
    OutputError,
    PictureError,
    PictureTooLargeError,
    UnknownPlatformError,
    UnreadablePictureError,
)
from .platforms import PLATFORMS, platform
from .platforms.facebook import FACEBOOK
from .platforms.flickr import FLICKR
from .platforms.google import GOOGLE_PLUS
from .platforms.instagram import INSTAGRAM
from .platforms.original import ORIGINAL
from .platforms.telegram import TELEGRAM
from .platforms.twitter import TWITTER
from .platforms.whatsapp import WHATSAPP
from .profile import PlatformProfile
from .transmission import transmit

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
