"""What a repository of manifests is, wherever it lies; and the bounds of what one may answer."""

from typing import Final, Protocol

MOST_STORE_BYTES: Final = 2_000_000
"""Of a manifest store; those of camsim have 50 to 100 kB."""
MOST_MATCHES: Final = 10
"""Manifests that one value leads to; C2PA's own default (Soft Binding Resolution API 2.4)."""
MOST_VALUE_BYTES: Final = 1_000
"""Of a soft binding's value; a watermark of camsim has 8."""
LONGEST_NAME: Final = 300
"""Characters of an algorithm's name, and of a manifest's identifier."""


class Repository(Protocol):
    """Leads from a soft binding to the manifest stores that state it."""

    name: str

    def matches(self, alg: str, value: bytes) -> tuple[str, ...]:
        """Return the identifiers of the manifests that a soft binding leads to.

        The first published comes first: what others publish later of the same photo hides none
        of what its camera signed.

        Parameters
        ----------
        alg
            Name of the algorithm, such as ``org.camsim.watermark.1``.
        value
            What the algorithm reads in a picture: for a watermark its payload's bytes.

        Raises
        ------
        RepositoryError
            If the repository gives no usable answer.
        """
        ...

    def manifest(self, identifier: str) -> bytes:
        """Return a manifest store (JUMBF), as it was published.

        Raises
        ------
        ManifestNotFoundError
            If there is none, or it was deleted or expired.
        RepositoryError
            If the repository gives no usable answer.
        """
        ...
