"""Sets of photographs and of generated pictures, and the history that all of them are given."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from verifier.errors import PicturesError
from verifier.training.origin.equalise import Ranges
from verifier.training.picture_sets import SUFFIXES, Picture

NATURAL: Final = "natural"
GENERATED: Final = "generated"
CROP: Final = 224
"""Pixels a side that detectors are trained and tested on: Wang et al. 2020, section 4.1."""
# The smallest pictures that there are (CycleGAN's 256×256) give crops of 224 from a scale of 0.875
# on: a wider range would be a range for the larger pictures alone, and distinguish the classes.
RANGES: Final = Ranges(scale=(0.875, 1.25), first_quality=(88, 98), quality=(88, 98))


def pictures_of_sets(kind: str, folders: Sequence[Path]) -> tuple[Picture, ...]:
    """List the pictures of some folders, each of which is a set of that class.

    Parameters
    ----------
    kind
        `NATURAL` or `GENERATED`.

    Raises
    ------
    PicturesError
        If a folder is missing, holds none, or two have the same name.
    """
    names = [folder.resolve().name for folder in folders]
    if len(set(names)) < len(names):
        raise PicturesError(f"two folders have the same name, and sets need one each: {names}")
    found: list[Picture] = []
    for folder, name in zip(folders, names, strict=True):
        if not folder.is_dir():
            raise PicturesError(f"{folder} is not a folder of pictures")
        files = sorted(p for p in folder.rglob("*") if p.suffix.lower() in SUFFIXES)
        if not files:
            raise PicturesError(f"{folder} holds no pictures ({', '.join(SUFFIXES)})")
        found += [Picture(kind, f"{kind}/{name}", path) for path in files]
    return tuple(found)
