"""Turning pictures upright, and making their pixels square."""

import numpy as np
from PIL import Image

from camera_sim.raw.raw_image import Picture, RawImage
from watermark.plane import Plane

# How to turn an array upright for each EXIF orientation: transpose first, then flip axes.
UPRIGHT: dict[int, tuple[bool, bool, bool]] = {  # (transpose, flip rows, flip columns)
    1: (False, False, False), 2: (False, False, True), 3: (False, True, True),
    4: (False, True, False), 5: (True, False, False), 6: (True, False, True),
    7: (True, True, True), 8: (True, True, False),
}  # fmt: skip


def turned(picture: Picture, orientation: int) -> Picture:
    """Turn a (H, W, 3) picture upright by its EXIF orientation, as a view."""
    transpose, rows, columns = UPRIGHT[orientation]
    swapped = picture.swapaxes(0, 1) if transpose else picture
    return swapped[:: -1 if rows else 1, :: -1 if columns else 1]


def as_sensor_saw(plane: Plane, orientation: int) -> Plane:
    """Turn an upright picture's plane as the sensor saw it: the inverse of `turned`."""
    transpose, rows, columns = UPRIGHT[orientation]
    flipped = plane.flipped(rows, columns)
    return flipped.transposed() if transpose else flipped


def upright_size(image: RawImage) -> tuple[int, int]:
    """Return height and width of a capture turned upright, in photosites."""
    height, width = image.size
    return (width, height) if UPRIGHT[image.orientation][0] else (height, width)


def upright_aspect(image: RawImage) -> float:
    """Return the height of a photosite over its width once a capture is upright."""
    return 1 / image.pixel_aspect if UPRIGHT[image.orientation][0] else image.pixel_aspect


def developed_size(image: RawImage) -> tuple[int, int]:
    """Return height and width of a capture once it is developed: upright, its pixels square."""
    return _square_size(upright_size(image), upright_aspect(image))


def _square_size(size: tuple[int, int], aspect: float) -> tuple[int, int]:
    height, width = size
    return (height, round(width * aspect)) if aspect > 1 else (round(height / aspect), width)


def square_pixels(picture: Picture, aspect: float) -> Picture:
    """Stretch the shorter direction, as LibRaw does: no sample is thrown away.

    Parameters
    ----------
    picture
        (H, W, 3).
    aspect
        Height of a pixel over its width.
    """
    if aspect == 1:
        return picture
    height, width = _square_size(picture.shape[:2], aspect)
    top = np.iinfo(picture.dtype).max
    channels = [
        np.asarray(Image.fromarray(channel).resize((width, height), Image.Resampling.BICUBIC))
        for channel in np.moveaxis(picture.astype(np.float32), -1, 0)
    ]
    square: Picture = np.clip(np.rint(np.stack(channels, axis=-1)), 0, top).astype(picture.dtype)
    return square
