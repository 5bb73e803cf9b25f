"""Options that verify, verify-archive and serve share."""

from collections.abc import Sequence
from dataclasses import KW_ONLY, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

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
        Platforms that test whether answers hold; `--resend` without a name: no test, and several
        times faster.
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
        """Return the settings of an analysis; says if nothing can be looked up."""
        keys, repositories = self._keys(), self._repositories()
        if repositories and not keys:
            complain(
                "no watermark key is known, so no repository is asked; give the file of one by "
                "--watermark-key, as `camsim watermark export-key` writes it at the camera"
            )
        return Settings(
            self.trust_anchors,
            self.revocation_lists,
            limits or Limits(),
            self.resend,
            watermark_keys=keys,
            repositories=repositories,
            measuring_services=self._measuring_services(),
        )

    def _repositories(self) -> tuple[str | Path, ...]:
        """Return where signed credentials are looked up."""
        return ()

    def _measuring_services(self) -> tuple[str, ...]:
        """Return the services that measure photos by keys of their own."""
        return ()

    def _keys(self) -> "tuple[GroupKey, ...]":
        """Return the keys that are named and the user's own; says which of those can't be read."""
        from verifier.watermark.known_keys import keys_if_any

        known = keys_if_any(self.watermark_key)
        for problem in known.problems:
            complain(problem)
        return known.keys


@dataclass(frozen=True)
class VerifyingOptions(TrustOptions):
    """As `TrustOptions`, and where the credentials of stripped copies are looked up.

    Parameters
    ----------
    repository
        Folder, bundle or URL where the credential is looked up to which a watermark leads; may be
        given several times. CAMSIM_REPOSITORY names them, too, with blanks between.
    measuring_service
        URL of a vendor's service to which each picture is sent, and which answers how much of the
        photo's own watermark is left; may be given several times. CAMSIM_MEASURING_SERVICE names
        them, too, with blanks between.
    """

    _: KW_ONLY
    repository: Annotated[tuple[str, ...], Parameter(env_var="CAMSIM_REPOSITORY")] = ()
    measuring_service: Annotated[
        tuple[str, ...], Parameter(env_var="CAMSIM_MEASURING_SERVICE")
    ] = ()

    def _repositories(self) -> tuple[str | Path, ...]:
        return places_of(self.repository)

    def _measuring_services(self) -> tuple[str, ...]:
        return self.measuring_service


def places_of(given: Sequence[str]) -> tuple[str | Path, ...]:
    """Return URLs as they are, and paths whole: a worker may stand in another folder."""
    from verifier.repository.opening import is_url

    return tuple(where if is_url(where) else Path(where).absolute() for where in given)
