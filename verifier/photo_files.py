"""The pictures of folders: what verify and verify-archive take for one."""

import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

from verifier.errors import PhotoNotFoundError

SUFFIXES: Final = frozenset(
    [".jpg", ".jpeg", ".jpe", ".mpo", ".png", ".webp", ".tif", ".tiff", ".gif", ".bmp", ".avif",
     ".heic", ".heif", ".hif", ".jxl",
     # Of these it is said that they are RAW files.
     ".dng", ".nef", ".nrw", ".cr2", ".cr3", ".crw", ".arw", ".raf", ".rw2", ".orf", ".pef",
     ".kdc", ".srw", ".3fr", ".iiq"]
)  # fmt: skip


def is_picture(name: str) -> bool:
    """Whether a name ends as one of a picture."""
    return Path(name).suffix.lower() in SUFFIXES


def in_folder(folder: Path) -> Iterator[Path]:
    """Name every picture under a folder, in an order that is the same again."""
    for place, folders, files in os.walk(folder):
        folders.sort()
        yield from (Path(place) / name for name in sorted(files) if is_picture(name))


def photos_of(paths: Iterable[Path]) -> list[Path]:
    """Name the files as given, and every picture under what is a folder.

    Raises
    ------
    PhotoNotFoundError
        If a folder holds no picture.
    """
    found: list[Path] = []
    for path in paths:
        if not path.is_dir():
            found.append(path)
            continue
        inside = list(in_folder(path))
        if not inside:
            raise PhotoNotFoundError(f"{path} is a folder without a picture in it")
        found += inside
    return found
