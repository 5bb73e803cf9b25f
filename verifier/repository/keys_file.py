"""The user's keys to repositories: a file that $CAMSIM_REPOSITORY_KEYS names, a line each.

::

    # what begins a URL, a space, and its key
    https://photos.example  3JbX…
"""

import os
from pathlib import Path
from typing import Final

from channel.errors import reason_of
from channel.regular_file import read_regular_text
from verifier.errors import SettingsError

VARIABLE: Final = "CAMSIM_REPOSITORY_KEYS"


def key_for(origin: str) -> str:
    """Return the key for a scheme, host and port, such as ``https://photos.example``; "": none.

    Raises
    ------
    SettingsError
        If there is a file, and it can't be read or a line of it is none.
    """
    named = os.environ.get(VARIABLE)
    if not named:
        return ""
    try:
        lines = read_regular_text(Path(named)).splitlines()
    except (OSError, UnicodeDecodeError, ValueError) as error:
        raise SettingsError(f"the keys in {named} can't be read: {reason_of(error)}") from error
    found = ""
    for number, line in enumerate(lines, 1):
        words = line.partition("#")[0].split()
        if words and (len(words) != 2 or not words[1].isascii()):
            raise SettingsError(
                f"line {number} of {named} is no key; write a URL's beginning, a space and its key"
            )
        if words and words[0].rstrip("/") == origin:
            found = words[1]
    return found
