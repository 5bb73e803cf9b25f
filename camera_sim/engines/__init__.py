"""What runs a pipeline, a tile at a time."""

from abc import ABC, abstractmethod
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from camera_sim.weights import SizeRequirements

Array = NDArray[np.float32]


@dataclass(frozen=True)
class Colour:
    """What a pipeline is told of a capture.

    Attributes
    ----------
    white_balance
        (4,) float32 gains of R, G1, G2, B.
    camera_to_srgb
        (3, 3) float32.
    exposure
        Linear gain.
    noise
        (2,) float32 shot and read noise of the mosaic; see `noise_profile`.
    """

    white_balance: Array
    camera_to_srgb: Array
    exposure: float
    noise: Array


class Engine(ABC):
    """Develops tiles, by a network or otherwise; safe to call from several threads.

    Attributes
    ----------
    size
        What a tile's sides must be, how far a pixel reaches, how much memory a pixel takes.
    """

    size: SizeRequirements

    @abstractmethod
    def develop(self, packed: Array, colour: Colour) -> Array:
        """Develop a tile.

        Parameters
        ----------
        packed
            (4, h, w) float32 RGGB planes, sides multiples of ``size.multiple_of``.
        colour
            The capture's.

        Returns
        -------
        (3, 2h, 2w) float32 sRGB in [0, 1].
        """
