"""What may be published: a manifest store that reads, whose signature holds, and that binds.

By which value a manifest is found is what its signer stated, never what a publisher says. So nobody
can have one photo's manifest found by another photo's watermark.
"""

from dataclasses import dataclass
from typing import Protocol

from verifier.errors import ManifestRefusedError, PhotoError, RepositoryError
from verifier.report.record import Credential
from verifier.repository.active_manifest import active_label
from verifier.repository.repository import LONGEST_NAME, MOST_VALUE_BYTES


class StatedBinding(Protocol):
    """A soft binding that an active manifest states."""

    @property
    def alg(self) -> str:
        """Name of the algorithm."""
        ...

    @property
    def value(self) -> bytes:
        """What the algorithm reads in the picture."""
        ...


class ReadManifest(Protocol):
    """What reading a bare manifest store gives."""

    @property
    def credential(self) -> Credential:
        """What its signature is worth."""
        ...

    @property
    def bindings(self) -> "tuple[StatedBinding, ...]":
        """The soft bindings of its active manifest."""
        ...


class ManifestReader(Protocol):
    """Reads bare manifest stores, in a process of its own: `DecoderProcesses`."""

    def read_manifest(self, store: bytes) -> ReadManifest:
        """Read a manifest store apart from its photo."""
        ...


@dataclass(frozen=True)
class Publication:
    """A manifest store that was checked, and by what it is found.

    Attributes
    ----------
    identifier
        Label of its active manifest.
    store
        JUMBF.
    bindings
        Names of algorithms and values, as the active manifest states them.
    """

    identifier: str
    store: bytes
    bindings: tuple[tuple[str, bytes], ...]


def publication_of(store: bytes, reader: ManifestReader) -> Publication:
    """Check a manifest store, and return what is published of it.

    Raises
    ------
    ManifestRefusedError
        If it can't be read, its signature doesn't hold, or it states no soft binding.
    WorkerError
        If no reading process can be started.
    """
    try:
        identifier = active_label(store)
        read = reader.read_manifest(store)
    except (RepositoryError, PhotoError) as error:
        raise ManifestRefusedError(f"it isn't published: {error}") from error
    return checked(identifier, store, read)


def checked(identifier: str, store: bytes, read: ReadManifest) -> Publication:
    """Return what is published of a store that was read. Raises `ManifestRefusedError`."""
    integrity = read.credential.integrity
    if integrity.state != "intact":
        raise ManifestRefusedError(f"it isn't published: {integrity.words.rstrip('.')}")
    bindings = tuple(dict.fromkeys((one.alg, one.value) for one in read.bindings if _fits(one)))
    if not bindings:
        raise ManifestRefusedError(
            "it isn't published: its manifest states no watermark by which it could be found"
        )
    return Publication(identifier, store, bindings)


def _fits(binding: StatedBinding) -> bool:
    is_named = 0 < len(binding.alg) <= LONGEST_NAME and binding.alg.isprintable()
    return is_named and 0 < len(binding.value) <= MOST_VALUE_BYTES
