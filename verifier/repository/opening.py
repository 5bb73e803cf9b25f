"""One way to any repository: a folder, a bundle, or a URL."""

from pathlib import Path
from typing import Final

from channel.errors import reason_of
from verifier.errors import RepositoryError
from verifier.repository.bundle import BundleRepository
from verifier.repository.client import HttpRepository
from verifier.repository.endpoint import SECONDS, Endpoint
from verifier.repository.folder import FolderRepository
from verifier.repository.keys_file import key_for
from verifier.repository.repository import Repository

_SCHEME: Final = "://"


def open_repository(
    where: str | Path, *, key: str | None = None, seconds: float = SECONDS
) -> Repository:
    """Open a repository to look manifests up.

    Parameters
    ----------
    where
        A folder that ``camsim publish`` made, a bundle that ``camsim repository export`` wrote, or
        the URL of a Soft Binding Resolution API. A URL that names no path means ``/v1`` of it.
    key
        What a URL asks for; None: that of the user's file of keys, if it has one.
    seconds
        That a URL may take to answer.

    Raises
    ------
    SettingsError
        If the URL is none that is asked, or the file of keys can't be read.
    RepositoryError
        If there is no repository, it is damaged, or of a later version. A URL isn't asked here.
    """
    if is_url(where):
        endpoint = Endpoint.of_url(str(where), seconds=seconds)
        return HttpRepository(endpoint, key_for(endpoint.origin) if key is None else key)
    path = Path(where)
    try:
        is_file = path.is_file()
    except (OSError, ValueError) as error:
        raise RepositoryError(f"{where} can't be read: {reason_of(error)}") from error
    return BundleRepository(path) if is_file else FolderRepository(path)


def is_url(where: str | Path) -> bool:
    """Whether a repository is asked over the network."""
    return isinstance(where, str) and _SCHEME in where
