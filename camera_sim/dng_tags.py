"""What a DNG says and LibRaw keeps to itself: its noise profile and its own colour matrices."""

import io
from typing import Any

import numpy as np
import tifffile
from numpy.typing import NDArray

from camera_sim.noise_profile import NoiseProfile
from camera_sim.raw_file import RawFile

# DNG 1.7.1, chapter 6: NoiseProfile; CalibrationIlluminant2 and 1, each with its ColorMatrix.
NOISE_PROFILE_TAG = 51041
COLOR_MATRIX_TAGS = ((50779, 50722), (50778, 50721))
TAGS = (NOISE_PROFILE_TAG, *(tag for pair in COLOR_MATRIX_TAGS for tag in pair))
D65 = 21  # Exif's LightSource value


def read(file: RawFile) -> dict[int, Any]:
    """Return what LibRaw keeps to itself: a DNG's `TAGS`, from whichever directory has them."""
    if file.path.suffix.lower() != ".dng":
        return {}
    try:
        with tifffile.TiffFile(io.BytesIO(file.content)) as tiff:
            pages = [page for top in tiff.pages for page in (top, *(top.pages or ()))]
            return {
                tag: page.tags[tag].value
                for page in reversed(pages)
                for tag in TAGS
                if tag in page.tags
            }
    except (tifffile.TiffFileError, OSError, ValueError, TypeError):
        return {}


def noise_profile(tags: dict[int, Any]) -> NoiseProfile | None:
    """Return the mean of the NoiseProfile over its colour planes."""
    if NOISE_PROFILE_TAG not in tags:
        return None
    shot, read = np.reshape(tags[NOISE_PROFILE_TAG], (-1, 2)).mean(axis=0)
    return NoiseProfile(float(shot), float(read))


def colour_matrix(tags: dict[int, Any]) -> NDArray[np.float64] | None:
    """Return the ColorMatrix for D65, else the second, which is for the cooler light."""
    stated = [pair for pair in COLOR_MATRIX_TAGS if np.size(tags.get(pair[1], ())) == 2 * 9]
    if not stated:
        return None
    _, matrix = min(stated, key=lambda pair: tags.get(pair[0]) != D65)
    numerators, denominators = np.reshape(tags[matrix], (9, 2)).astype(np.float64).T
    rows: NDArray[np.float64] = (numerators / denominators).reshape(3, 3)
    return rows
