"""Labelled pictures: a folder a class, named like the model's label, with files or sets in it."""

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from verifier.errors import ScoresError
from verifier.weights import label_of_today

_SUFFIXES: Final = {".jpg", ".jpeg", ".png", ".webp", ".tif", ".tiff"}


@dataclass(frozen=True)
class Labelled:
    """A file, its true class, and the set that it is of; "" where a class has none.

    ``photo`` is what its variants share: the set, and the name up to a dot.
    """

    path: Path
    truth: str
    set: str = ""

    @property
    def photo(self) -> str:
        """Name of the photograph, the same for all edits of it."""
        name = self.path.name.partition(".")[0]
        return f"{self.set}/{name}" if self.set else name


def labelled_pictures(folder: Path, labels: Collection[str]) -> list[Labelled]:
    """List ``folder/<label>/*`` and ``folder/<label>/<set>/*``, sorted.

    Raises
    ------
    ScoresError
        If a folder is no label, or there are no pictures.
    """
    if not folder.is_dir():
        raise ScoresError(f"{folder} is no folder; name one that has a folder a label")
    found = []
    for part in sorted(path for path in folder.iterdir() if path.is_dir()):
        label = label_of_today(part.name)
        if label not in labels:
            raise ScoresError(f"{part} is no label; the model's are {', '.join(labels)}")
        found += [Labelled(path, label) for path in _files(part)]
        for of_set in sorted(path for path in part.iterdir() if path.is_dir()):
            found += [Labelled(path, label, of_set.name) for path in _files(of_set)]
    if not found:
        raise ScoresError(f"{folder} has no pictures; it needs {folder}/<label>/*.png and so on")
    return found


def _files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.iterdir() if path.suffix.lower() in _SUFFIXES)
