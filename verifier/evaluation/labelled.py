"""Labelled pictures: a folder a class, named like the model's label, with the files in it."""

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from verifier.errors import ScoresError

_SUFFIXES: Final = {".jpg", ".jpeg", ".png", ".webp", ".tif", ".tiff"}


@dataclass(frozen=True)
class Labelled:
    """A file and its true class; ``photo`` is what its variants share: the name up to a dot."""

    path: Path
    truth: str

    @property
    def photo(self) -> str:
        """Name of the photograph, the same for all edits of it."""
        return self.path.name.partition(".")[0]


def labelled_pictures(folder: Path, labels: Collection[str]) -> list[Labelled]:
    """List ``folder/<label>/*``, sorted.

    Raises
    ------
    ScoresError
        If a folder is no label, or there are no pictures.
    """
    if not folder.is_dir():
        raise ScoresError(f"{folder} is no folder; name one that has a folder a label")
    found = []
    for part in sorted(path for path in folder.iterdir() if path.is_dir()):
        if part.name not in labels:
            raise ScoresError(f"{part} is no label; the model's are {', '.join(labels)}")
        files = sorted(path for path in part.iterdir() if path.suffix.lower() in _SUFFIXES)
        found += [Labelled(path, part.name) for path in files]
    if not found:
        raise ScoresError(f"{folder} has no pictures; it needs {folder}/<label>/*.png and so on")
    return found
