"""What a DNG says and LibRaw keeps to itself: its noise profile and its own colour matrices.

Of a file that `tag_gate` has let through: what stands there can be.
"""

import numpy as np
from numpy.typing import NDArray

from camera_sim.raw.noise_profile import NoiseProfile
from camera_sim.raw.raw_file import RawFile
from camera_sim.raw.tag_gate import DNG_VERSION
from camera_sim.raw.tiff_directory import Directory, Entry, directories

# DNG 1.7.1, chapter 6: NoiseProfile; CalibrationIlluminant2 and 1, each with its ColorMatrix.
NOISE_PROFILE_TAG = 51041
COLOR_MATRIX_TAGS = ((50779, 50722), (50778, 50721))
D65 = 21  # Exif's LightSource value


def read(file: RawFile) -> tuple[Directory, ...]:
    """Return a DNG's directories of pictures; () of any other file."""
    found = directories(file.content)
    if not any(directory.find(DNG_VERSION) for directory in found):
        return ()
    return tuple(directory for directory in found if directory.kind == "image")


def _find(tags: tuple[Directory, ...], tag: int) -> Entry | None:
    return next(filter(None, (directory.find(tag) for directory in tags)), None)


def noise_profile(tags: tuple[Directory, ...]) -> NoiseProfile | None:
    """Return the mean of the NoiseProfile over its colour planes."""
    entry = _find(tags, NOISE_PROFILE_TAG)
    if entry is None:
        return None
    shot, read = np.reshape(entry.numbers(), (-1, 2)).mean(axis=0)
    return NoiseProfile(float(shot), float(read))


def colour_matrix(tags: tuple[Directory, ...]) -> NDArray[np.float64] | None:
    """Return the ColorMatrix for D65, else the second, which is for the cooler light."""
    stated = [
        (_find(tags, illuminant), matrix)
        for illuminant, number in COLOR_MATRIX_TAGS
        if (matrix := _find(tags, number))
    ]
    if not stated:
        return None
    _, matrix = min(stated, key=lambda pair: not pair[0] or pair[0].numbers() != (D65,))
    return np.reshape(np.array(matrix.numbers(), np.float64), (3, 3))
