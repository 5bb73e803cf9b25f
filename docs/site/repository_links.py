"""Links of pages to files of the repository, for the site, which holds the pages alone.

A page is read in two places: in the repository, where `../verifier/limits.py` opens the file, and
on the site, where there is no such file. There the link becomes the file's name.
"""

import re
from pathlib import Path
from typing import Any

from mkdocs.exceptions import PluginError

_LINK = re.compile(r"(?<!!)\[([^\]]*)\]\(((?:\.\./)+[^)#\s]+|[^)#:\s]+/)(#[^)]*)?\)")


def on_page_markdown(markdown: str, page: Any, config: Any, **_: Any) -> str:
    """Name the repository's files where a page links to them.

    Raises
    ------
    PluginError
        If there is no such file.
    """
    docs = Path(config.docs_dir)
    source = docs / page.file.src_uri

    def named(link: re.Match[str]) -> str:
        target = (source.parent / link[2]).resolve()
        if target.is_relative_to(docs) and target.is_file():
            return link[0]
        if not target.exists():
            raise PluginError(f"{page.file.src_uri} links to {link[2]}, which does not exist")
        name = target.relative_to(docs.parent).as_posix()
        return link[1] if name in link[1] else f"{link[1]} (`{name}`)"

    return _LINK.sub(named, markdown)
