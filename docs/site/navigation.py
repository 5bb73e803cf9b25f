"""Results and decisions in the site's navigation: every page of their folders, none named twice."""

from pathlib import Path
from typing import Any

_SECTIONS = {"Results": "results", "Decisions": "decisions"}


def on_config(config: Any) -> Any:
    """List the folders' pages after what the configuration names."""
    docs = Path(config.docs_dir)
    for title, folder in _SECTIONS.items():
        pages = sorted((docs / folder).glob("*.md"), key=lambda page: (page.stem != "README", page))
        config.nav.append({title: [page.relative_to(docs).as_posix() for page in pages]})
    return config
