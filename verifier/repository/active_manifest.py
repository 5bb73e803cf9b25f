"""The boxes of a manifest store: which manifest is the active one (C2PA 2.2, 11.1; ISO 19566-5)."""

import struct
from collections.abc import Iterator
from typing import Final

from verifier.errors import RepositoryError
from verifier.reading.credentials.container import STORE
from verifier.repository.repository import LONGEST_NAME, MOST_STORE_BYTES

_HEADER: Final = 8  # bytes of a box: its length, and its type
_UUID: Final = 16
_LABELLED: Final = 0b10  # toggle of a description box that has a label (ISO 19566-5, A.3)


def active_label(store: bytes) -> str:
    """Return the label of a store's active manifest, the last one, such as ``urn:c2pa:…``.

    Raises
    ------
    RepositoryError
        If the bytes are no manifest store, or hold more than one.
    """
    return _label(store, *list(_manifests(store))[-1])


def active_manifest(store: bytes) -> bytes:
    """Return a store that holds the active manifest alone.

    Raises
    ------
    RepositoryError
        If the bytes are no manifest store.
    """
    start, end = list(_manifests(store))[-1]
    description = store[_HEADER : _HEADER + _length(store, _HEADER, len(store))]
    content = description + store[start:end]
    return struct.pack(">I4s", _HEADER + len(content), b"jumb") + content


def _manifests(store: bytes) -> Iterator[tuple[int, int]]:
    """Yield where the box of each manifest begins and ends; one at least."""
    if len(store) > MOST_STORE_BYTES:
        raise RepositoryError(
            f"the manifest store has {len(store):,} bytes, more than {MOST_STORE_BYTES:,}"
        )
    if store[4:8] != b"jumb" or _length(store, 0, len(store)) != len(store):
        raise _damaged()
    place = _HEADER + _length(store, _HEADER, len(store))
    if store[_HEADER + 4 : 2 * _HEADER] != b"jumd" or STORE not in store[2 * _HEADER : place]:
        raise _damaged()
    if place == len(store):
        raise _damaged()
    while place < len(store):
        end = place + _length(store, place, len(store))
        if store[place + 4 : place + 8] != b"jumb":
            raise _damaged()
        yield place, end
        place = end


def _length(store: bytes, place: int, end: int) -> int:
    if place + _HEADER > end:
        raise _damaged()
    length = int.from_bytes(store[place : place + 4])
    if length < _HEADER or place + length > end:
        raise _damaged()
    return length


def _label(store: bytes, start: int, end: int) -> str:
    """Read the label in the description box that a superbox begins with."""
    place = start + _HEADER
    description = store[place : place + _length(store, place, end)]
    content = description[_HEADER:]
    if description[4:8] != b"jumd" or len(content) <= _UUID or not content[_UUID] & _LABELLED:
        raise _damaged()
    label, ends, _ = content[_UUID + 1 :].partition(b"\0")
    text = label.decode("ascii", errors="replace")
    if not ends or not is_identifier(text):
        raise _damaged()
    return text


def is_identifier(text: str) -> bool:
    """Whether a text can name a manifest: printable ASCII without a space, and not too long."""
    return 0 < len(text) <= LONGEST_NAME and all("!" <= character <= "~" for character in text)


def _damaged() -> RepositoryError:
    return RepositoryError("the bytes are no C2PA manifest store, or a damaged one")
