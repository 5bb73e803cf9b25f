"""Commands as README, Makefile, documentation, examples and notebooks write them."""

import json
import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.conftest import REPOSITORY

_KINDS = (".md", ".sh", ".service", ".ipynb", "Containerfile")
_COMMAND = re.compile(r"(?:^|[\s;|&/$(])camsim\s+(?=\S)")
_FENCE = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)
_INLINE = re.compile(r"`camsim\s([^`]+)`")
_INDENTED = re.compile(r"^ {4,}camsim (?:.*\\\n)*.*", re.MULTILINE)
_CONTINUED = re.compile(r"\s*\\\n\s*")
_VARIABLE = re.compile(r"\$\{?\w+\}?")
# What stands for more, or for a number: of such a command no more than its options can be asked.
_PLACEHOLDERS = re.compile(r"…|^(?:STEPS|NN)$")


@dataclass(frozen=True)
class Documented:
    """One command.

    Attributes
    ----------
    source
        The file that it stands in, within the repository.
    words
        Without "camsim", comments, and what a shell does besides.
    whole
        Whether it is to be typed as it is; else it is mentioned in a sentence, or left open.
    """

    source: str
    words: tuple[str, ...]
    whole: bool

    def __str__(self) -> str:
        return f"{self.source}: {' '.join(self.words)}"


def documented() -> list[Documented]:
    """Find all of them, each once a file."""
    files = [path for path in sorted(REPOSITORY.glob("*.md")) if path.name != "CHANGELOG.md"]
    files.append(REPOSITORY / "Makefile")
    for folder in ("docs", "examples"):
        files += (p for p in sorted((REPOSITORY / folder).rglob("*")) if p.name.endswith(_KINDS))
    return list(dict.fromkeys(command for path in files for command in _in_file(path)))


def _in_file(path: Path) -> Iterator[Documented]:
    text = path.read_text(encoding="utf-8")
    source = path.relative_to(REPOSITORY).as_posix()
    if path.suffix == ".ipynb":
        text = _prose(text)
    elif path.suffix != ".md":
        yield from _in_script(source, text)
        return
    for block in (*_FENCE.findall(text), *_INDENTED.findall(text)):
        yield from _in_script(source, block)
    for said in _INLINE.findall(_FENCE.sub("", text)):
        yield Documented(source, _words(" ".join(said.split())), whole=False)


def _prose(notebook: str) -> str:
    """Return what stands between the cells of code, of which a test runs each."""
    cells = json.loads(notebook)["cells"]
    return "\n\n".join("".join(c["source"]) for c in cells if c["cell_type"] == "markdown")


def _in_script(source: str, text: str) -> Iterator[Documented]:
    for line in _CONTINUED.sub(" ", text).splitlines():
        if line.lstrip().startswith(("#", "//", '"""', "@echo")):
            continue
        for part in _COMMAND.split(line)[1:]:
            words = _words(part)
            if words:
                whole = not any(map(_PLACEHOLDERS.search, words))
                yield Documented(source, words, whole)


def _words(text: str) -> tuple[str, ...]:
    """Split as a shell does, up to what isn't the command's any more."""
    lexer = shlex.shlex(_VARIABLE.sub("1", text), posix=True, punctuation_chars="();<>|&")
    lexer.whitespace_split = True
    words = []
    for word in lexer:
        if set(word) <= set("();<>|&"):
            break
        words.append(word)
    return tuple(words)
