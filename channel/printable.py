r"""Text that strangers wrote, made fit to be shown: file names, metadata, names of signers.

Two ways, for two purposes:

`printable` is for people. What steers a terminal, turns the direction of writing or can't be seen
is written out: ``\x1b``, ``\u202e``. Everything that camsim prints or puts into a page goes through
it, see `channel.terminal`.

`name_as_text` is for records. A file's name may be any bytes; the text is valid Unicode, two names
never give the same text, and `name_of_text` gives the name back.
"""

import re
import unicodedata
from typing import Any, Final

# Categories of Unicode that hold no visible character: controls, formats (bidirectional marks,
# overrides and isolates, zero-width ones, tags), halves of surrogates, line and paragraph ends.
_UNSEEN: Final = frozenset(("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"))
# Default_Ignorable_Code_Point (Unicode 15, DerivedCoreProperties) of other categories, and the
# blank pattern of Braille: they look like nothing, too.
_IGNORED: Final = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\ufe00-\ufe0f\uffa0\U000e0100-\U000e01ef]"
)
_SHORT: Final = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}
_SURROGATE: Final = re.compile("[\ud800-\udfff]")
_ESCAPED: Final = re.compile(r"\\(\\|u[0-9a-f]{4})")


def printable(text: str, keep: str = "") -> str:
    r"""Write out what would not be seen as what it is, but the characters in ``keep``.

    >>> printable("a\x1b[2Jb\u202egpj.exe")
    'a\\x1b[2Jb\\u202egpj.exe'
    """
    if text.isascii() and text.isprintable():
        return text
    return "".join(c if c in keep or _is_seen(c) else _written_out(c) for c in text)


def name_as_text(name: str) -> str:
    r"""Write a file's name, of any bytes, as valid Unicode.

    Bytes that are no UTF-8 (surrogates, as Python has them) become ``\udc80`` to ``\udcff``, and
    each backslash two of them.

    >>> name_as_text("caf\udce9.jpg")
    'caf\\udce9.jpg'
    """
    doubled = name.replace("\\", "\\\\")
    return _SURROGATE.sub(lambda found: f"\\u{ord(found[0]):04x}", doubled)


def name_of_text(text: str) -> str:
    r"""Give back the name that `name_as_text` wrote.

    >>> name_of_text(name_as_text("a\\b\udce9")) == "a\\b\udce9"
    True
    """
    return _ESCAPED.sub(
        lambda found: "\\" if found[1] == "\\" else chr(int(found[1][1:], 16)), text
    )


def whole_text(text: str) -> str:
    """Replace what is no valid Unicode, halves of surrogates, as `name_as_text` writes it."""
    return _SURROGATE.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def all_whole(value: Any) -> Any:
    """Make every text whole in what JSON may hold."""
    if isinstance(value, str):
        return whole_text(value)
    if isinstance(value, dict):
        return {all_whole(key): all_whole(item) for key, item in value.items()}
    return [all_whole(item) for item in value] if isinstance(value, list | tuple) else value


def _is_seen(character: str) -> bool:
    return unicodedata.category(character) not in _UNSEEN and not _IGNORED.match(character)


def _written_out(character: str) -> str:
    code = ord(character)
    if character in _SHORT:
        return _SHORT[character]
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
