"""Names that a file brings along, fit to stand in a sentence of ours.

A signer may call itself ``X”, whom you trust, …``: no name ends its own quotation marks, or is as
long as a sentence.
"""

import re
from typing import Final

from channel.printable import printable

_LONGEST: Final = 64  # characters; RFC 5280, ub-common-name
_LONGEST_WORDS: Final = 200
_MARKS: Final = re.compile("[\"'“”„‟«»‹›‘’‚‛`]")
_NO_WORD: Final = re.compile(r"[^\w .:+/@#·-]")


def quoted(name: str | None, otherwise: str) -> str:
    """Return a name in quotation marks, or what stands for a name that isn't there."""
    return f"“{named(name)}”" if name and named(name) else otherwise


def named(name: str) -> str:
    """Return a name without quotation marks, on one line, at most 64 characters long."""
    short = printable(" ".join(_MARKS.sub("", name).split()))
    return short if len(short) <= _LONGEST else f"{short[: _LONGEST - 1]}…"


def shortened(words: str) -> str:
    """Return what somebody else's program says, on one line, at most 200 characters long."""
    short = printable(" ".join(words.split())).rstrip(".")
    return short if len(short) <= _LONGEST_WORDS else f"{short[: _LONGEST_WORDS - 1]}…"


def word(text: str) -> str:
    """Return a technical name that is one word as it is, and anything else in quotation marks."""
    short = term(text)
    return short if short and " " not in short else quoted(short, "without a name")


def term(text: str) -> str:
    """Return a technical name, such as a key: letters, digits and a few signs, 60 characters."""
    return _NO_WORD.sub("", text[:200])[:60].strip()
