"""The repository that a service serves: who may look up and publish, and what is checked of it."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from fastapi import Request

from verifier.api_keys import KeysFile
from verifier.errors import RepositoryError
from verifier.reading.process import DecoderProcesses
from verifier.repository.folder import KEYS, FolderRepository
from verifier.repository.publication import ManifestReader, publication_of
from verifier.repository.receipt import Receipts
from verifier.repository.repository import MOST_MATCHES
from verifier.service.access import Access, key_of
from verifier.service.fetches import Fetches
from verifier.service.metrics import Metrics
from verifier.service.problems import KeyMissingError, NotSignedError, PublishingOffError
from verifier.settings import Settings

_AT_A_TIME: Final = 4  # publications that are checked; beyond them 503


class ServedRepository:
    """A folder of manifests, over HTTP.

    Parameters
    ----------
    folder
        Of the repository.
    settings
        What manifests are read by.
    access
        Who may look up; its rate is the repository's own.
    open_lookup
        Whether everybody may look up.

    Raises
    ------
    RepositoryError
        If it is no repository, or can't be written.
    SettingsError
        If its file of keys can't be read.
    """

    def __init__(
        self,
        folder: Path,
        settings: Settings,
        access: Access,
        metrics: Metrics,
        *,
        open_lookup: bool,
        reader: ManifestReader | None = None,
    ) -> None:
        self.store = FolderRepository(folder, writes=True)
        self.receipts = Receipts(self.store)
        self.open_lookup = open_lookup
        self.checking = Fetches(_AT_A_TIME)
        self._keys = KeysFile(folder / KEYS, may_be_missing=True)
        self._access = access
        self._metrics = metrics
        self._decoders = DecoderProcesses(settings)
        self._reader: ManifestReader = reader or self._decoders

    @property
    def takes_manifests(self) -> bool:
        """Whether anybody may publish over HTTP."""
        return self._keys.exist

    def looks_up(self, request: Request) -> None:
        """Let a request look up, or not; raises `ServiceError`."""
        owner = self._publisher(request)
        if owner is None and not self.open_lookup:
            owner = self._access.owner(request)
        self._access.count(request, owner)

    def publisher(self, request: Request) -> str:
        """Return whose key to publish a request brings; raises `ServiceError`."""
        if not self._keys.exist:
            raise PublishingOffError(
                "this repository takes no manifests over HTTP; its operator can add a key with "
                "camsim repository add-key"
            )
        owner = self._publisher(request)
        if owner is None:
            raise KeyMissingError(
                "a key to publish is needed: send the header “Authorization: Bearer KEY”"
            )
        self._access.count(request, owner)
        return owner

    def matches(self, alg: str, value: bytes, most: int = MOST_MATCHES) -> tuple[str, ...]:
        """Return the identifiers that a soft binding leads to, and count the look-up."""
        found = self.store.matches(alg, value, most)
        self._metrics.looked_up(found=bool(found))
        return found

    def publish(self, content: bytes, owner: str, days: float | None) -> tuple[str, bool]:
        """Check a manifest store and publish it; returns its identifier, and whether it is new.

        Raises
        ------
        ManifestRefusedError
            If it isn't published, and why.
        """
        return self._counted(lambda: self._publish(content, owner, days))

    def _publish(self, content: bytes, owner: str, days: float | None) -> tuple[str, bool]:
        publication = publication_of(content, self._reader)
        expires = datetime.now(UTC) + timedelta(days=days) if days is not None else None
        new = self.store.publish(publication, expires=expires, owner=owner)
        return publication.identifier, new

    def check_binding(self, identifier: str, values: Callable[[str], bytes | None]) -> None:
        """Check that a manifest states a binding; raises `NotSignedError` where it doesn't.

        Parameters
        ----------
        values
            The value for an algorithm, as bytes.
        """
        for alg, value in self.store.bindings(identifier):
            if value == values(alg):
                return
        raise NotSignedError(
            "a manifest is found by the bindings that its signer stated alone, and this is none "
            "of them"
        )

    def close(self) -> None:
        """Let go of file and processes."""
        self.checking.close()
        self._decoders.close()
        self.store.close()

    def _publisher(self, request: Request) -> str | None:
        return self._keys.owner(key_of(request))

    def _counted(self, publish: Callable[[], tuple[str, bool]]) -> tuple[str, bool]:
        try:
            identifier, new = publish()
        except RepositoryError as error:
            self._metrics.published(type(error).__name__)
            raise
        self._metrics.published("new" if new else "known")
        return identifier, new
