"""Aligned pairs: photographs beside their own reconstructions through the decoders of generators.

R. Chen et al., *Dual data alignment makes AI-generated image detector easier generalizable*,
NeurIPS 2025: the generated picture of a pair is the photograph itself, through an autoencoder. So
scene, size and what is done afterwards are the same, and what differs is what a decoder leaves.

Each scene is a folder of lossless files of one size: ``photograph.png``, and one file a decoder.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor

from channel.output import replacing
from verifier.errors import PicturesError
from verifier.training.autocast import autocast
from verifier.training.picture_sets import Picture

Pixels = NDArray[np.uint8]
Decoder = Callable[[Tensor], Tensor]
"""(N, 3, H, W) in [0, 1] to the same made again, sides multiples of `MULTIPLE`."""

PHOTOGRAPH: Final = "photograph"
MULTIPLE: Final = 8
LARGEST: Final = 256
"""Larger photographs are cut to their middle, after they are scaled."""
LEAST: Final = 128


@dataclass(frozen=True)
class Pair:
    """A scene of a photograph and its reconstructions, all (H, W, 3) uint8 sRGB.

    Attributes
    ----------
    set
        Of the photograph.
    name
        Of the photograph's file, without its suffix: every scale of it has the same.
    made
        Reconstructions, by decoder.
    """

    set: str
    name: str
    photograph: Pixels
    made: Mapping[str, Pixels]


def scaled(pixels: Pixels, scale: float) -> Pixels | None:
    """Scale a photograph (box filter), and cut the middle of at most `LARGEST` pixels a side.

    Returns
    -------
    None if it is smaller than `LEAST` then.
    """
    height, width = (round(side * scale) for side in pixels.shape[:2])
    if min(height, width) < LEAST:
        return None
    image = Image.fromarray(pixels)
    if scale != 1:
        image = image.resize((width, height), Image.Resampling.BOX)
    wide, high = (min(LARGEST, side) // MULTIPLE * MULTIPLE for side in image.size)
    left, top = (image.width - wide) // 2, (image.height - high) // 2
    return np.asarray(image.crop((left, top, left + wide, top + high)))


@torch.no_grad()
def made_again(decode: Decoder, pixels: Pixels) -> Pixels:
    """Make a picture again: (H, W, 3) uint8, of the same size."""
    planes = torch.from_numpy(pixels.copy()).permute(2, 0, 1)[None].float() / 255
    with autocast(bfloat16=True):
        found = decode(planes.contiguous(memory_format=torch.channels_last))
    levels = found[0].float().clamp(0, 1).mul(255).round().to(torch.uint8)
    return levels.permute(1, 2, 0).contiguous().numpy()


def write_pairs(
    photographs: Sequence[Picture],
    decoders: Mapping[str, Decoder],
    scales: Sequence[float],
    folder: Path,
    report: Callable[[], None],
) -> int:
    """Write a folder a scene, ``folder/set/name-scale``; those that are whole stay.

    Returns
    -------
    How many scenes there are.

    Raises
    ------
    PicturesError
        If a photograph can't be read, or none is large enough.
    """
    count = 0
    for picture in photographs:
        pixels = picture.pixels()
        for scale in scales:
            part = scaled(pixels, scale)
            if part is not None:
                name = f"{picture.path.stem}-{scale:g}"
                _write_scene(part, decoders, folder / Path(picture.set).name / name)
                count += 1
        report()
    if not count:
        raise PicturesError(f"no photograph has {LEAST} pixels a side at any of the scales")
    return count


def _write_scene(pixels: Pixels, decoders: Mapping[str, Decoder], folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    _write(folder / f"{PHOTOGRAPH}.png", lambda: pixels)
    for name, decode in decoders.items():
        _write(folder / f"{name}.png", lambda decode=decode: made_again(decode, pixels))  # type: ignore[misc]


def _write(path: Path, make: Callable[[], Pixels]) -> None:
    if not path.exists():
        with replacing(path) as temporary:
            Image.fromarray(make()).save(temporary, "PNG", compress_level=1)


def read_pairs(folder: Path) -> tuple[Pair, ...]:
    """Read what `write_pairs` wrote.

    Raises
    ------
    PicturesError
        If the folder holds no scene, or a scene has no reconstruction of its size.
    """
    found = sorted(folder.glob(f"*/*/{PHOTOGRAPH}.png"))
    if not found:
        raise PicturesError(f"{folder} holds no pairs; make them with camsim train pairs")
    return tuple(_read_scene(path) for path in found)


def _read_scene(path: Path) -> Pair:
    photograph = Picture(PHOTOGRAPH, path.parts[-3], path).pixels()
    made = {
        other.stem: Picture(PHOTOGRAPH, path.parts[-3], other).pixels()
        for other in sorted(path.parent.glob("*.png"))
        if other != path
    }
    if not made or any(one.shape != photograph.shape for one in made.values()):
        raise PicturesError(f"{path.parent} has no reconstruction of the photograph's size")
    return Pair(path.parts[-3], path.parent.name.rsplit("-", 1)[0], photograph, made)
