"""An sRGB picture as linear light: a scene for the simulated sensor."""

import numpy as np
from numpy.typing import NDArray

from camera_sim.raw import colour

# SRGB values 0 to 255 as linear light.
LINEAR = colour.srgb_decode(np.arange(256, dtype=np.float32) / 255)


def to_linear(picture: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Return uint8 sRGB as float32 linear light in [0, 1]."""
    return LINEAR[picture]
