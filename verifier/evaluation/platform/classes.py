"""The classes of platform of origin: a label, and the profiles of the channel that stand for it.

The eight of Amerini, Uricchio, Caldelli (WIFS 2017, section IV) as the services coded in 2016, with
later pipelines of the same service where they code luma the same way; and a ninth for everything
else that we know how to make, so that "none that I know" is learnt and not only a low score.
"""

from dataclasses import dataclass
from typing import Final

from channel import PLATFORMS
from verifier.weights import Domain, Label, Role, Selection

ORIGINAL: Final = "original"
OTHER: Final = "other"
EDITOR: Final = "editor"
"""Beside profiles: resized and saved again by any program."""


@dataclass(frozen=True)
class PlatformClass:
    """A label and the names of the profiles of `channel.PLATFORMS` that it stands for."""

    name: str
    words: str
    profiles: tuple[str, ...]
    role: Role = "class"

    @property
    def label(self) -> Label:
        """What the manifest says of it."""
        return Label(name=self.name, role=self.role, words=self.words)


_NAMED: Final = (
    PlatformClass("facebook", "Facebook", ("facebook-2016",)),
    PlatformClass("flickr", "Flickr", ("flickr-2016",)),
    PlatformClass("google+", "Google+", ("google+",)),
    PlatformClass("instagram", "Instagram", ("instagram-2016", "instagram-2024")),
    PlatformClass("telegram", "Telegram", ("telegram-2016", "telegram")),
    PlatformClass("twitter", "Twitter", ("twitter-2016", "twitter")),
    PlatformClass("whatsapp", "WhatsApp", ("whatsapp-2016",)),
    PlatformClass(ORIGINAL, "none of these, as it was uploaded", ("original",), "native"),
)


def _others() -> tuple[str, ...]:
    """List the profiles that code a picture anew and stand for none of the eight."""
    taken = {profile for one in _NAMED for profile in one.profiles}
    coding = [p for p in PLATFORMS if p.encodings and p.passthrough == "never"]
    own_tables = [p for p in coding if any(e.tables or e.most_bytes for e in p.encodings)]
    return tuple(p.name for p in own_tables if p.name not in taken)


CLASSES: Final = (
    *_NAMED,
    PlatformClass(OTHER, "none that is known here", (*_others(), EDITOR), "out-of-domain"),
)
# What training draws patches from, and enough of them to pool.
SELECTION: Final = Selection(
    stride=64, most_patches=128, brief_patches=64, min_variance=2e-5, most_clipped=0.5
)
DOMAIN: Final = Domain(min_side=128, min_patches=4)

EIGHT: Final = tuple(one.name for one in _NAMED)
# The paper's UCID-social and PUBLIC-social sets.
THREE: Final = ("facebook", "flickr", "twitter")
# One pipeline a service, as in the paper: what the eight-class table is measured on.
IN_2016: Final = {one.name: one.profiles[0] for one in _NAMED}
