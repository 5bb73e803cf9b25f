"""The archive of a bundle: a ZIP file of one form, so that equal contents are equal bytes.

Members are stored, not compressed (networks hardly shrink, and nothing can inflate), sorted by
name, dated 1980, with no comments, no extra fields, and plain names. `unpacked` reads a file and
then builds it again: whatever differs by a single bit is refused, known trick or not.
"""

import io
import re
import zipfile
from collections.abc import Mapping
from pathlib import Path

from channel.regular_file import read_regular
from firmware_export.errors import ArchiveError

EPOCH = (1980, 1, 1, 0, 0, 0)  # the earliest that ZIP can say
# A folder at most, lower-case names: the same file on every system, and never outside the bundle.
NAME = re.compile(r"(?:[a-z0-9][a-z0-9_-]*/)?[a-z0-9][a-z0-9._-]*")
LARGEST_BUNDLE = 1 << 30
MOST_MEMBERS = 64


def packed(members: Mapping[str, bytes]) -> bytes:
    """Return the archive of these members.

    Raises
    ------
    ArchiveError
        If a name may not be in a bundle, or they are too many or too large.
    """
    for name in members:
        check_name(name)
    if len(members) > MOST_MEMBERS or sum(map(len, members.values())) > LARGEST_BUNDLE:
        raise ArchiveError(f"a bundle holds up to {MOST_MEMBERS} files and {LARGEST_BUNDLE} bytes")
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_STORED) as archive:
        for name in sorted(members):
            entry = zipfile.ZipInfo(name, EPOCH)
            entry.create_system = 3  # Unix, wherever it is built
            entry.external_attr = 0o100644 << 16
            archive.writestr(entry, members[name])
    return made.getvalue()


def unpacked(data: bytes) -> dict[str, bytes]:
    """Return the members of an archive that `packed` could have made.

    Raises
    ------
    ArchiveError
        With what is wrong.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            entries = archive.infolist()
            _check_entries(entries, len(data))
            members = {entry.filename: archive.read(entry) for entry in entries}
    except ArchiveError:
        raise
    except Exception as error:  # zipfile raises BadZipFile, struct.error, EOFError, and more
        raise ArchiveError(f"it is no bundle, or a damaged one ({error})") from error
    if packed(members) != data:
        raise ArchiveError("it is not in a bundle's one form: something was added or altered")
    return members


def _check_entries(entries: list[zipfile.ZipInfo], size: int) -> None:
    if len(entries) > MOST_MEMBERS:
        raise ArchiveError(f"it holds {len(entries)} files; a bundle has up to {MOST_MEMBERS}")
    names = [entry.filename for entry in entries]
    for entry in entries:
        check_name(entry.filename)
        if names.count(entry.filename) > 1:
            raise ArchiveError(f"it holds two files of the name {entry.filename!r}")
        if entry.compress_type != zipfile.ZIP_STORED or entry.file_size != entry.compress_size:
            raise ArchiveError(
                f"{entry.filename} is compressed ({entry.compress_size} bytes that would become "
                f"{entry.file_size}); a bundle's files are stored as they are"
            )
    total = sum(entry.file_size for entry in entries)
    if total > size:
        raise ArchiveError(f"its files claim {total} bytes, and the archive has {size}")


def check_name(name: str) -> None:
    """Refuse a name that leaves the bundle, or is not the same file everywhere.

    Raises
    ------
    ArchiveError
        With the name.
    """
    if not NAME.fullmatch(name) or ".." in name:
        raise ArchiveError(f"it holds a file named {name[:80]!r}, which may not be in a bundle")


def read_file(path: Path) -> bytes:
    """Read a bundle's file, if it is not too large to be one.

    Raises
    ------
    ArchiveError
        If it cannot be read.
    """
    try:
        if path.stat().st_size > LARGEST_BUNDLE:
            raise ArchiveError(f"{path} is larger than a bundle may be ({LARGEST_BUNDLE} bytes)")
        return read_regular(path)
    except OSError as error:
        raise ArchiveError(f"{path} cannot be read: {error.strerror}") from error
