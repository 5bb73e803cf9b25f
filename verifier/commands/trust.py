"""Options that verify, verify-archive and serve share."""

from dataclasses import KW_ONLY, dataclass
from pathlib import Path
from typing import Annotated

from channel.options import ANY
from verifier.limits import Limits
from verifier.settings import PLATFORMS, Settings


@dataclass(frozen=True)
class TrustOptions:
    """Whom to trust, and how answers are tested.

    Parameters
    ----------
    trust_anchors
        Certificates of whom you trust, PEM.
    revocation_lists
        What was withdrawn, PEM.
    resend
        Platforms that test whether answers hold; none: no test, and several times faster.
    """

    _: KW_ONLY
    trust_anchors: Path | None = None
    revocation_lists: Path | None = None
    resend: Annotated[tuple[str, ...], ANY] = PLATFORMS

    def settings(self, limits: Limits | None = None) -> Settings:
        """Return the settings of an analysis."""
        return Settings(self.trust_anchors, self.revocation_lists, limits or Limits(), self.resend)
