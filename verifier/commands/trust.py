"""Options that verify, verify-archive and serve share."""

from dataclasses import KW_ONLY, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from channel.options import ANY
from channel.terminal import complain
from verifier.limits import Limits
from verifier.settings import PLATFORMS, Settings

if TYPE_CHECKING:
    from watermark.keys import GroupKey


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
    watermark_key
        File of a group's key, to read its watermarks as with those of your own folder; may be given
        several times.
    """

    _: KW_ONLY
    trust_anchors: Path | None = None
    revocation_lists: Path | None = None
    resend: Annotated[tuple[str, ...], ANY] = PLATFORMS
    watermark_key: tuple[Path, ...] = ()

    def settings(self, limits: Limits | None = None) -> Settings:
        """Return the settings of an analysis."""
        return Settings(
            self.trust_anchors,
            self.revocation_lists,
            limits or Limits(),
            self.resend,
            watermark_keys=self._keys(),
        )

    def _keys(self) -> "tuple[GroupKey, ...]":
        """Return the keys that are named and the user's own; says which of those can't be read."""
        from verifier.watermark.known_keys import keys_if_any

        known = keys_if_any(self.watermark_key)
        for problem in known.problems:
            complain(problem)
        return known.keys
