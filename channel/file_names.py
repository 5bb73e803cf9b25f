"""Names of files that are made after other files' names, however long those are."""

import hashlib
import os
from typing import Final

LONGEST: Final = 255  # bytes: NAME_MAX of the file systems of Linux and macOS


def fitting_name(stem: str, suffix: str) -> str:
    """Put a name and a suffix together, within what a file system takes.

    A stem that is too long is cut and gets a digest of all of it, so that two stay two.

    >>> fitting_name("photo", ".html")
    'photo.html'
    >>> len(fitting_name("x" * 255, ".html"))
    255
    """
    content, end = os.fsencode(stem), os.fsencode(suffix)
    if len(content) + len(end) <= LONGEST:
        return stem + suffix
    mark = b"-" + hashlib.sha256(content).hexdigest()[:12].encode()
    room = LONGEST - len(mark) - len(end)
    while room and content[room] & 0xC0 == 0x80:  # not within a character of UTF-8
        room -= 1
    return os.fsdecode(content[:room] + mark + end)
