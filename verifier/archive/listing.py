"""The pictures of an archive: of a folder, of a list, or of an object store."""

import hashlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from verifier.errors import DependencyError, PhotoNotFoundError

SUFFIXES: Final = frozenset(
    [".jpg", ".jpeg", ".jpe", ".mpo", ".png", ".webp", ".tif", ".tiff", ".gif", ".bmp", ".avif"]
)


def pictures(source: str) -> Iterator[str]:
    """Name every picture, paths whole, in an order that is the same again.

    Parameters
    ----------
    source
        A folder, with all that is under it; a text file with a path or URL a line, each taken
        once; or the URL of a folder that fsspec knows (``s3://bucket/press``), with all that is
        under it.

    Raises
    ------
    PhotoNotFoundError
        If there is no such source, or it can't be listed.
    DependencyError
        If a package for the object store is missing.
    """
    if is_url(source):
        yield from _in_store(source)
    elif Path(source).is_dir():
        yield from _in_folder(Path(source).absolute())
    elif Path(source).is_file():
        yield from _in_list(Path(source))
    else:
        raise PhotoNotFoundError(f"{source} is no folder, no list of pictures, and no URL")


def is_url(name: str) -> bool:
    """Whether a name is one of an object store, and no path."""
    return "://" in name


def opened_store(url: str) -> tuple[Any, str]:
    """Return a file system of fsspec and the path in it; raises as `pictures` does."""
    try:
        from fsspec.core import url_to_fs
    except ImportError as error:
        raise DependencyError("object stores need fsspec: pip install 'camsim[archive]'") from error
    try:
        store, path = url_to_fs(url)
    except ImportError as error:  # fsspec's own sentence says what to install
        raise DependencyError(f"{url} needs another package: {error}") from error
    except (ValueError, OSError) as error:
        raise PhotoNotFoundError(f"{url} can't be opened: {error}") from error
    return store, str(path)


def _in_folder(folder: Path) -> Iterator[str]:
    for place, folders, files in os.walk(folder):
        folders.sort()
        yield from (str(Path(place) / name) for name in sorted(files) if _is_picture(name))


def _in_list(path: Path) -> Iterator[str]:
    seen: set[bytes] = set()
    try:
        with path.open(encoding="utf-8") as file:
            for name in filter(None, map(str.strip, file)):
                whole = name if is_url(name) else str(Path(name).absolute())
                # A digest, and not the name: a list of 100 million must fit into memory.
                digest = hashlib.blake2b(whole.encode(errors="surrogatepass"), digest_size=16)
                if digest.digest() not in seen:
                    seen.add(digest.digest())
                    yield whole
    except (OSError, UnicodeDecodeError) as error:
        raise PhotoNotFoundError(f"{path} is no list of pictures: {error}") from error


def _in_store(url: str) -> Iterator[str]:
    store, root = opened_store(url)
    try:
        for place, _, files in store.walk(root, on_error="raise"):
            names = sorted(name for name in files if _is_picture(name))
            yield from (store.unstrip_protocol(f"{place}/{name}") for name in names)
    except Exception as error:  # each store has errors of its own
        raise PhotoNotFoundError(f"{url} can't be listed: {error}") from error


def _is_picture(name: str) -> bool:
    return Path(name).suffix.lower() in SUFFIXES
