"""``camsim manipulate``: operations on pictures, in the order given."""

from dataclasses import dataclass
from io import BytesIO
from itertools import chain
from pathlib import Path
from typing import Annotated, Final

import numpy as np
from cyclopts import Parameter
from PIL import Image

from channel.commands.for_each import OutputOptions
from channel.errors import ChannelValueError, OutputError
from channel.manipulations import MANIPULATIONS
from channel.upload import opened

_LOSSLESS: Final = {".png": "PNG", ".tif": "TIFF", ".tiff": "TIFF"}
_BY_OPTION: Final = {f"--{operation.name}": operation for operation in MANIPULATIONS}
_HELP: Final = "Pictures, and then operations, each with its strength or without: " + ", ".join(
    f"{option} ({one.unit}; {one.least:g} to {one.most:g}, default {one.strength:g})"
    for option, one in _BY_OPTION.items()
)


@dataclass(frozen=True)
class Manipulate(OutputOptions):
    """Edit pictures: operations in the order given.

    Each may stand without its strength, and more than once. The result is a .png or .tif.
    Example: camsim manipulate photo.jpg --gaussian 0.83 --sharpen -o edited.png
    """

    words: Annotated[tuple[str, ...], Parameter(help=_HELP, allow_leading_hyphen=True)]

    def __call__(self) -> int:
        """Edit each picture, and write it losslessly."""
        files, operations = _read(self.words)
        suffix = "" if self.is_folder(files) else Path(self.output).suffix.lower()
        if suffix and suffix not in _LOSSLESS:
            raise OutputError(
                f"{self.output} isn't lossless, so it would be edited once more; "
                "name a .png or .tif"
            )

        def edit(path: Path) -> tuple[bytes, str]:
            pixels = opened(path).pixels()
            pixels = np.stack([pixels] * 3, -1) if pixels.ndim == 2 else pixels
            for name, strength in operations:
                pixels = _BY_OPTION[name](pixels, strength)
            file = BytesIO()
            Image.fromarray(pixels).save(file, _LOSSLESS.get(suffix, "PNG"))
            return file.getvalue(), ".png"

        return self.for_each(files, edit)


def _read(words: tuple[str, ...]) -> tuple[list[Path], list[tuple[str, float]]]:
    """Part pictures from operations with their strengths."""
    files: list[Path] = []
    operations: list[tuple[str, float]] = []
    takes_strength = False
    for word in chain.from_iterable(map(_parts, words)):
        if word in _BY_OPTION:
            operations.append((word, _BY_OPTION[word].strength))
        elif takes_strength:
            operations[-1] = (operations[-1][0], _strength(word))
        elif word.startswith("-"):
            raise ChannelValueError(
                f"unknown option {word}; operations are {', '.join(_BY_OPTION)}"
            )
        else:
            files.append(Path(word))
        takes_strength = word in _BY_OPTION
    if not operations:
        raise ChannelValueError(f"no operation is given; choose from {', '.join(_BY_OPTION)}")
    if not files:
        raise ChannelValueError("no picture is named")
    return files, operations


def _parts(word: str) -> list[str]:
    option, _, strength = word.partition("=")
    return [option, strength] if option in _BY_OPTION and strength else [word]


def _strength(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise ChannelValueError(
            f"{text!r} is no number; name the pictures before the operations"
        ) from None
