"""The pictures of an archive: of a folder, of a list, or of an object store."""

import hashlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO, Final

from channel.errors import reason_of
from channel.extras import to_install
from verifier.errors import DependencyError, PhotoNotFoundError
from verifier.photo_files import in_folder, is_picture

_CHUNK: Final = 1 << 20  # bytes of a list that are read at once


def pictures(source: str) -> Iterator[str]:
    """Name every picture, paths whole, in an order that is the same again.

    Parameters
    ----------
    source
        A folder, with all that is under it; a text file with a path or URL a line, or with
        paths that end with NUL, as ``find -print0`` writes them, each taken once; or the URL of
        a folder that fsspec knows (``s3://bucket/press``), with all that is under it.

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
        yield from map(str, in_folder(Path(source).absolute()))
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
        raise DependencyError(f"object stores need fsspec: {to_install('archive')}") from error
    try:
        store, path = url_to_fs(url)
    except ImportError as error:  # fsspec's own sentence says what to install
        raise DependencyError(f"{url} needs another package: {error}") from error
    except (ValueError, OSError) as error:
        raise PhotoNotFoundError(f"{url} can't be opened: {reason_of(error)}") from error
    return store, str(path)


def _in_list(path: Path) -> Iterator[str]:
    seen: set[bytes] = set()
    try:
        with path.open("rb") as file:
            for name in _names(file):
                whole = name if is_url(name) else str(Path(name).absolute())
                # A digest, and not the name: a list of 100 million must fit into memory.
                digest = hashlib.blake2b(whole.encode(errors="surrogatepass"), digest_size=16)
                if digest.digest() not in seen:
                    seen.add(digest.digest())
                    yield whole
    except OSError as error:
        raise PhotoNotFoundError(f"{path} is no list of pictures: {reason_of(error)}") from error


def _names(file: BinaryIO) -> Iterator[str]:
    """Name what a list holds, of any bytes: a name a line, or before each NUL if there is one.

    Blank lines are left out, and so is what Windows ends a line with.
    """
    rest = file.read(_CHUNK)
    end = b"\0" if b"\0" in rest else b"\n"
    if end == b"\0" and not _ends_with(file, end):
        raise OSError("it has NUL bytes and doesn't end with one")
    while rest:
        *whole, rest = rest.split(end)
        yield from filter(None, map(_name, whole))
        more = file.read(_CHUNK)
        if not more:
            yield from filter(None, [_name(rest)])
            return
        rest += more


def _ends_with(file: BinaryIO, end: bytes) -> bool:
    place = file.tell()
    file.seek(-len(end), os.SEEK_END)
    found = file.read()
    file.seek(place)
    return found == end


def _name(line: bytes) -> str:
    """Return a line's name; "" for a blank one."""
    name = line.removesuffix(b"\r")
    return os.fsdecode(name) if name.strip() else ""


def _in_store(url: str) -> Iterator[str]:
    store, root = opened_store(url)
    try:
        for place, _, files in store.walk(root, on_error="raise"):
            names = sorted(name for name in files if is_picture(name))
            yield from (store.unstrip_protocol(f"{place}/{name}") for name in names)
    except Exception as error:  # each store has errors of its own
        raise PhotoNotFoundError(f"{url} can't be listed: {error}") from error
