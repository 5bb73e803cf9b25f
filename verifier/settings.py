"""What a verifier goes by: one object, from the command line to the process that reads photos."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Self

from channel.errors import UnknownPlatformError, reason_of
from channel.regular_file import read_regular_text
from verifier.errors import SettingsError
from verifier.limits import Limits

if TYPE_CHECKING:
    from watermark.keys import GroupKey

# One that shrinks and uses mozjpeg, one that keeps the size, and one after which edits can be
# measured again, of its own copies, too: the exact profiles of `channel`.
PLATFORMS: Final = ("whatsapp", "twitter", "facebook")
_SECRET: Final = "watermark_keys"
# What the process that reads photos isn't told: it asks nobody, and reads no watermark.
_OURS: Final = (_SECRET, "repositories", "measuring_services", "added_detectors")


@dataclass(frozen=True)
class Settings:
    """What a verifier goes by.

    Parameters
    ----------
    trust_anchors
        Certificates of the authorities that you trust, in PEM, or a file of them, which is read
        here; None: the report says who signed, but not whether to believe it.
    revocation_lists
        Revocation lists (CRLs) of those authorities, in PEM or a file of them; None: revocation is
        known by a proof in the photo alone.
    limits
        What an untrusted photo may cost.
    resend_through
        Platforms of `channel.PLATFORMS` through which answers are tested; empty: no test, which is
        faster.
    threads
        Of each run of a model; 0: all cores.
    preview
        Whether a report gets a small picture, for its HTML; without one its page has none.
    watermark_keys
        Of the device groups whose watermarks are read, or their files, which are read here; None:
        those of the user's folder, if it has any; empty: no watermark is looked for. Their text
        never shows the secret, and `message` leaves them out.
    repositories
        Where the credential is looked up to which a watermark leads: folders, bundles, and URLs,
        asked in this order; empty: nowhere. No other address is ever asked, whatever a photo names.

    measuring_services
        URLs of vendors' services that are asked how much of a photo's own octaves is left, with the
        picture; empty: none. What they answer is reported, and no verdict goes by it.

    added_detectors
        Folder of detectors that were added by ``camsim detector add``; None: the user's own.

    Raises
    ------
    SettingsError
        If certificates, lists or keys can't be read, or a platform is unknown.
    """

    trust_anchors: str | Path | None = None
    revocation_lists: str | Path | None = None
    limits: Limits = field(default_factory=Limits)
    resend_through: tuple[str, ...] = PLATFORMS
    threads: int = 0
    preview: bool = True
    watermark_keys: "Sequence[GroupKey | str | Path] | None" = None
    repositories: Sequence[str | Path] = ()
    measuring_services: Sequence[str] = ()
    added_detectors: Path | None = None

    def __post_init__(self) -> None:
        anchors = _pem(self.trust_anchors, "trust anchors")
        lists = _pem(self.revocation_lists, "revocation lists")
        _check_pem(anchors, lists)
        for name in self.resend_through:
            _check_platform(name)
        if self.threads < 0:
            raise SettingsError(f"threads can't be negative, and is {self.threads}")
        for name, value in (
            ("trust_anchors", anchors),
            ("revocation_lists", lists),
            ("resend_through", tuple(self.resend_through)),
            ("watermark_keys", _keys(self.watermark_keys)),
            ("repositories", _places(self.repositories)),
            ("measuring_services", _places(self.measuring_services)),
        ):
            object.__setattr__(self, name, value)  # of a frozen object: what it is made with

    @property
    def pem(self) -> tuple[str | None, str | None]:
        """Trust anchors and revocation lists as text."""
        return _text(self.trust_anchors), _text(self.revocation_lists)

    def message(self) -> dict[str, Any]:
        """Return it as JSON has it, for the process that reads photos: all but `_OURS`."""
        told = {f.name: getattr(self, f.name) for f in fields(self) if f.name not in _OURS}
        return told | {"limits": asdict(self.limits)}

    @classmethod
    def of_message(cls, message: Mapping[str, Any]) -> Self:
        """Return what `message` was made of, without what is ours."""
        return cls(**{**message, "limits": Limits(**message["limits"]), _SECRET: ()})


def _pem(given: str | Path | None, what: str) -> str | None:
    if given is None or (isinstance(given, str) and "-----BEGIN" in given):
        return given
    try:
        return read_regular_text(Path(given))
    except (OSError, UnicodeDecodeError, ValueError) as error:
        raise SettingsError(f"the {what} in {given} can't be read: {reason_of(error)}") from error


def _keys(named: "Sequence[GroupKey | str | Path] | None") -> "tuple[GroupKey, ...] | None":
    if not named:
        return None if named is None else ()
    # Imported here: who looks for no watermark needs no key.
    from verifier.watermark.known_keys import keys_of

    return keys_of([named] if isinstance(named, str) else named)


def _places(given: Sequence[str | Path]) -> tuple[str | Path, ...]:
    """Return each place once, in order; one alone may be given as it is."""
    return tuple(dict.fromkeys([given] if isinstance(given, (str, Path)) else given))


def _check_pem(anchors: str | None, lists: str | None) -> None:
    # Imported here, as platforms below: help shows settings, and reads no certificate.
    from verifier.reading.credentials import check_trust_anchors
    from verifier.reading.credentials.revocation import read_revocation_lists

    if anchors is not None:
        check_trust_anchors(anchors)
    if lists is not None:
        read_revocation_lists(lists)


def _text(pem: str | Path | None) -> str | None:
    return None if pem is None else str(pem)


def _check_platform(name: str) -> None:
    from channel import platform

    try:
        platform(name)
    except UnknownPlatformError as error:
        raise SettingsError(str(error)) from error
