"""What each network does, one file a network. `PLATFORMS` is the list of all profiles."""

from typing import Final

from channel.errors import UnknownNetworkError
from channel.platforms.bluesky import BLUESKY
from channel.platforms.discord import DISCORD
from channel.platforms.facebook import (
    FACEBOOK,
    FACEBOOK_2010,
    FACEBOOK_2014,
    FACEBOOK_2016,
    FACEBOOK_2017,
    FACEBOOK_2018,
    FACEBOOK_2021,
    FACEBOOK_2025,
    MESSENGER,
    MESSENGER_2020,
)
from channel.platforms.flickr import FLICKR, FLICKR_2014, FLICKR_2016
from channel.platforms.google import GOOGLE_PHOTOS, GOOGLE_PLUS
from channel.platforms.imgur import IMGUR
from channel.platforms.instagram import INSTAGRAM, INSTAGRAM_2016, INSTAGRAM_2018, INSTAGRAM_2024
from channel.platforms.linkedin import LINKEDIN
from channel.platforms.mastodon import MASTODON, MASTODON_2019
from channel.platforms.original import ORIGINAL
from channel.platforms.signal import SIGNAL, SIGNAL_HIGH
from channel.platforms.slack import SLACK
from channel.platforms.telegram import (
    TELEGRAM,
    TELEGRAM_2016,
    TELEGRAM_ANDROID,
    TELEGRAM_DESKTOP,
    TELEGRAM_MACOS,
)
from channel.platforms.tinypic import TINYPIC
from channel.platforms.tumblr import TUMBLR, TUMBLR_2016
from channel.platforms.twitter import (
    TWITTER,
    TWITTER_2014,
    TWITTER_2016,
    TWITTER_MEDIUM,
    TWITTER_WEB_JPEG,
)
from channel.platforms.wechat import WECHAT_MAC
from channel.platforms.weibo import WEIBO
from channel.platforms.whatsapp import (
    WHATSAPP,
    WHATSAPP_2016,
    WHATSAPP_2017,
    WHATSAPP_COMMENT,
    WHATSAPP_HD,
    WHATSAPP_WEB,
)
from channel.platforms.yelp import YELP
from channel.profile import PlatformProfile

PLATFORMS: Final[tuple[PlatformProfile, ...]] = (
    ORIGINAL,
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
    FLICKR,
    FLICKR_2016,
    FLICKR_2014,
    GOOGLE_PLUS,
    GOOGLE_PHOTOS,
    INSTAGRAM,
    INSTAGRAM_2024,
    INSTAGRAM_2018,
    INSTAGRAM_2016,
    TELEGRAM,
    TELEGRAM_2016,
    TELEGRAM_DESKTOP,
    TELEGRAM_MACOS,
    TELEGRAM_ANDROID,
    TWITTER,
    TWITTER_MEDIUM,
    TWITTER_2016,
    TWITTER_2014,
    TWITTER_WEB_JPEG,
    WHATSAPP,
    WHATSAPP_HD,
    WHATSAPP_WEB,
    WHATSAPP_COMMENT,
    WHATSAPP_2017,
    WHATSAPP_2016,
    BLUESKY,
    DISCORD,
    IMGUR,
    LINKEDIN,
    MASTODON,
    MASTODON_2019,
    SIGNAL,
    SIGNAL_HIGH,
    SLACK,
    TINYPIC,
    TUMBLR,
    TUMBLR_2016,
    WECHAT_MAC,
    WEIBO,
    YELP,
)
_BY_NAME: Final = {profile.name: profile for profile in PLATFORMS}


def platform(name: str) -> PlatformProfile:
    """Profile of a name such as ``"whatsapp"``. Raises `UnknownNetworkError`, listing all names."""
    try:
        return _BY_NAME[name.lower()]
    except KeyError:
        raise UnknownNetworkError(
            f"there is no network {name!r}; choose one of {', '.join(_BY_NAME)}"
        ) from None
