"""Middles of labelled pictures, all of one size at most, so that size can't show the class."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

from PIL import Image

from channel.errors import ChannelError
from channel.picture_file.srgb import load_picture
from verifier.evaluation.labelled import Labelled

_BLOCK: Final = 8  # of JPEG: a picture's grid begins at the cut, as it began at the corner


def cut_middles(pictures: Sequence[Labelled], side: int, folder: Path) -> list[Labelled]:
    """Write the middle of each picture, at most ``side`` pixels a side, as PNG.

    Pictures that can't be read stay what they are: whoever asks about them says so.
    """
    return [_cut(picture, side, folder / str(number)) for number, picture in enumerate(pictures)]


def _cut(picture: Labelled, side: int, folder: Path) -> Labelled:
    try:
        pixels = load_picture(picture.path)
    except ChannelError:
        return picture
    top, left = (max(0, whole - side) // 2 // _BLOCK * _BLOCK for whole in pixels.shape[:2])
    folder.mkdir()
    # The name up to its first dot says which photograph it is.
    path = folder / f"{picture.path.name}.png"
    Image.fromarray(pixels[top : top + side, left : left + side]).save(path, compress_level=1)
    return replace(picture, path=path)
