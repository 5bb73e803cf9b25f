"""What each platform does, one file a platform. `PLATFORMS` is the list of all profiles.

Adding one is a file here, which lists its profiles as ``PROFILES``, and a line in `_FILES`;
docs/guides/new-platform.md shows one.
"""

from importlib import import_module
from typing import Final

from channel.errors import UnknownPlatformError
from channel.offered import offered
from channel.profile import PlatformProfile

_FILES: Final = (
    "original",
    "facebook",
    "flickr",
    "google",
    "instagram",
    "telegram",
    "twitter",
    "whatsapp",
    "bluesky",
    "discord",
    "imgur",
    "linkedin",
    "mastodon",
    "signal",
    "slack",
    "tinypic",
    "tumblr",
    "wechat",
    "weibo",
    "yelp",
)
PLATFORMS: Final[tuple[PlatformProfile, ...]] = tuple(
    profile for file in _FILES for profile in import_module(f"{__name__}.{file}").PROFILES
)
_BY_NAME: Final = {profile.name: profile for profile in PLATFORMS}


def platform(name: str) -> PlatformProfile:
    """Profile of a name such as ``"whatsapp"``. Raises `UnknownPlatformError`."""
    try:
        return _BY_NAME[name.lower()]
    except KeyError:
        raise UnknownPlatformError(
            f"there is no platform {name!r}; {offered(name, _BY_NAME, 'choose one of')}"
        ) from None
