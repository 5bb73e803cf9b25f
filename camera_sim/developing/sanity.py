"""A developed picture held against its own samples: a wrong one is not written."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from camera_sim.errors import InferenceError
from camera_sim.raw import colour
from camera_sim.raw.raw_image import Picture, RawImage

# What the plain rendering of a frame spans, on a scale to 1, for its picture to span anything.
SPAN = 0.1
# The picture of such a frame spans at least this share of its values.
LEAST_SPAN = 0.02
PERCENTILES = (1, 99)
SIDE = 256


def check_developed(picture: Picture, image: RawImage, exposure: float, source: Path) -> None:
    """Check that a picture shows something where its frame does.

    Parameters
    ----------
    picture
        (H, W, 3) uint8 or uint16.
    image, exposure
        Of what it was developed, and how.
    source
        The RAW file, for the message.

    Raises
    ------
    InferenceError
        If it is of one colour, and a plain rendering of the frame is not.
    """
    plain = colour.srgb_encode(image.thumbnail() * np.float32(exposure))
    if _span(plain) < SPAN:
        return
    step = max(1, min(picture.shape[:2]) // SIDE)
    span = _span(picture[::step, ::step].astype(np.float32) / np.iinfo(picture.dtype).max)
    if span < LEAST_SPAN:
        raise InferenceError(
            f"{source} came out in one colour, and its samples are not; "
            "nothing was written; try another --pipeline"
        )


def _span(picture: NDArray[np.floating]) -> float:
    low, high = np.percentile(picture.reshape(-1, 3), PERCENTILES, axis=0)
    return float((high - low).max())
