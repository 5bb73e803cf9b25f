"""``camsim repository …``: what is published in a repository, and what is done with it."""

import json
from dataclasses import KW_ONLY, dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from channel.command_line import complain_of
from channel.terminal import say
from verifier.errors import RepositoryError, SettingsError

if TYPE_CHECKING:
    from verifier.repository.stored_manifests import Entry, StoredManifests


@dataclass(frozen=True)
class ListManifests:
    """List the manifests of a repository or a bundle.

    Each with since when, until when, by which key, and how large.

    Parameters
    ----------
    repository
        A folder, or a bundle.
    json
        Print one JSON line a manifest.
    """

    repository: Path
    _: KW_ONLY
    json: bool = False

    def __call__(self) -> int:
        """Print a line a manifest."""
        with _stored(self.repository) as repository:
            for entry in repository.entries():
                say(_as_json(entry) if self.json else _in_words(entry))
        return 0


@dataclass(frozen=True)
class DeleteManifests:
    """Delete manifests from a repository.

    Copies of their photos then lead back to nothing. Over HTTP a key deletes what it published; it
    is taken from the file of $CAMSIM_REPOSITORY_KEYS. What others have fetched or exported before
    stays with them.

    Parameters
    ----------
    repository
        A folder, or a URL.
    manifests
        Their identifiers, as `camsim repository list` prints them.
    """

    repository: str
    manifests: tuple[str, ...]

    def __call__(self) -> int:
        """Delete each; 2 if one was not there."""
        from verifier.repository import FolderRepository, HttpRepository, open_repository
        from verifier.repository.opening import is_url

        if not self.manifests:
            raise SettingsError("name the manifests to delete; camsim repository list shows them")
        remote = open_repository(self.repository) if is_url(self.repository) else None
        repository = (
            remote
            if isinstance(remote, HttpRepository)
            else FolderRepository(self.repository, writes=True)
        )
        failed = False
        for identifier in self.manifests:
            try:
                repository.delete(identifier)
            except RepositoryError as error:
                failed = True
                complain_of(identifier, error)
                continue
            say(f"{identifier}: deleted")
        repository.close()
        return 2 if failed else 0


@dataclass(frozen=True)
class PurgeManifests:
    """Delete from a repository what expired.

    A service does so by itself.

    Parameters
    ----------
    repository
        A folder.
    """

    repository: Path

    def __call__(self) -> int:
        """Delete, and say how many."""
        from verifier.repository import FolderRepository

        with FolderRepository(self.repository, writes=True) as repository:
            count = repository.purge()
        say(f"{count} expired {_manifests(count)} deleted from {self.repository}")
        return 0


@dataclass(frozen=True)
class ExportBundle:
    """Write a repository into one file, to look up in without network.

    Parameters
    ----------
    repository
        A folder.
    bundle
        The new file; an existing one is never replaced.
    """

    repository: Path
    bundle: Path

    def __call__(self) -> int:
        """Write it, and say how many manifests it holds."""
        from verifier.repository import FolderRepository, export_bundle

        with FolderRepository(self.repository) as repository:
            count = export_bundle(repository, self.bundle)
        say(f"{count} {_manifests(count)} → {self.bundle}")
        return 0


@dataclass(frozen=True)
class AddKey:
    """Make a key to publish into a repository over HTTP.

    It is printed once. A service has to be started again to know it. To take it back, delete its
    line from the file “keys” of the folder.

    Parameters
    ----------
    repository
        A folder, which is made if need be.
    name
        Of the key's owner.
    """

    repository: Path
    name: str

    def __call__(self) -> int:
        """Print the key."""
        from verifier.api_keys import add_key
        from verifier.repository import FolderRepository
        from verifier.repository.folder import KEYS

        FolderRepository(self.repository, make=True).close()
        print(add_key(self.repository / KEYS, self.name))
        return 0


def _stored(where: Path) -> "StoredManifests":
    from verifier.repository import BundleRepository, FolderRepository

    return BundleRepository(where) if where.is_file() else FolderRepository(where)


def _as_json(entry: "Entry") -> str:
    line = {
        "manifest": entry.identifier,
        "published": entry.published.isoformat(),
        "expires": entry.expires.isoformat() if entry.expires else None,
        "key": entry.owner or None,
        "bytes": entry.size,
    }
    return json.dumps(line)


def _in_words(entry: "Entry") -> str:
    until = f", until {_day(entry.expires)}" if entry.expires else ""
    state = ", expired" if entry.is_expired else until
    owner = f", by the key of {entry.owner}" if entry.owner else ""
    return f"{entry.identifier}: since {_day(entry.published)}{state}{owner}, {entry.size:,} bytes"


def _day(time: datetime) -> str:
    return f"{time:%Y-%m-%d %H:%M} UTC"


def _manifests(count: int) -> str:
    return "manifest" if count == 1 else "manifests"
