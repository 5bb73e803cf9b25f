"""Cameras that the simulated sensor can be: their colour matrices and the light they saw.

Matrices: Adobe's XYZ-to-camera matrices for D65 as published in dcraw 9.27 (``adobe_coeff``),
the ones that LibRaw applies. Light: mean, spread and correlation of the logarithms of camera
red/green and blue/green of the real scenes' illuminants in the NUS (Cheng et al. 2014), Cube+
(Banić et al. 2017) and Gehler–Shi data sets, 200 to 300 scenes a camera.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from camera_sim.raw import colour


@dataclass(frozen=True)
class Illuminants:
    """A log-normal distribution of white points in camera colours.

    Attributes
    ----------
    mean, deviation
        Of log(red/green) and log(blue/green).
    correlation
        Between the two: warm light is strong in red and weak in blue.
    """

    mean: tuple[float, float]
    deviation: tuple[float, float]
    correlation: float

    def draw(self, rng: np.random.Generator) -> tuple[float, float, float]:
        """Draw the white-balance gains of one scene, within two deviations of the mean."""
        first, second = np.clip(rng.standard_normal(2), -2, 2)
        second = self.correlation * first + (1 - self.correlation**2) ** 0.5 * second
        red, blue = np.exp(np.array(self.mean) + np.array(self.deviation) * (first, second))
        return colour.normalise_gains((1 / red, 1.0, 1 / blue))


@dataclass(frozen=True)
class Camera:
    """A camera's colours.

    Attributes
    ----------
    xyz_to_camera
        Nine numbers in ten-thousandths, row by row, for D65.
    """

    make: str
    model: str
    xyz_to_camera: tuple[int, int, int, int, int, int, int, int, int]
    illuminants: Illuminants

    @property
    def matrix(self) -> NDArray[np.float64]:
        """(3, 3) XYZ to camera."""
        return np.array(self.xyz_to_camera, np.float64).reshape(3, 3) / 10_000

    @property
    def camera_to_srgb(self) -> NDArray[np.float64]:
        """(3, 3) white-balanced camera RGB to linear sRGB."""
        return colour.camera_to_srgb(self.matrix)


CAMERAS: tuple[Camera, ...] = (
    Camera("Canon", "EOS 550D", (6941, -1164, -857, -3825, 11597, 2534, -416, 1540, 6039),
           Illuminants((-0.755, -0.470), (0.232, 0.294), -0.98)),
    Camera("Canon", "EOS-1Ds Mark III", (5859, -211, -930, -8255, 16017, 2353, -1732, 1887, 7448),
           Illuminants((-0.672, -0.503), (0.215, 0.300), -0.94)),
    Camera("Canon", "EOS 600D", (6461, -907, -882, -4300, 12184, 2378, -819, 1944, 5931),
           Illuminants((-0.675, -0.541), (0.217, 0.264), -0.95)),
    Camera("Canon", "EOS 5DS R", (6250, -711, -808, -5153, 12794, 2636, -1249, 2198, 5610),
           Illuminants((-0.711, -0.661), (0.247, 0.286), -0.98)),
    Camera("Canon", "EOS 5D", (6347, -479, -972, -8297, 15954, 2480, -1968, 2131, 7649),
           Illuminants((-0.595, -0.493), (0.248, 0.322), -0.84)),
    Camera("Nikon", "D5200", (8322, -3112, -1047, -6367, 14342, 2179, -988, 1638, 6394),
           Illuminants((-0.755, -0.598), (0.288, 0.317), -0.88)),
    Camera("Nikon", "D810", (9369, -3195, -791, -4488, 12430, 2301, -893, 1796, 6872),
           Illuminants((-0.639, -0.367), (0.192, 0.247), -0.94)),
    Camera("Olympus", "E-PL6", (8380, -2630, -639, -2887, 10725, 2496, -627, 1427, 5438),
           Illuminants((-0.583, -0.740), (0.214, 0.292), -0.94)),
    Camera("Panasonic", "DMC-GX1", (6763, -1919, -863, -3868, 11515, 2684, -1216, 2387, 5879),
           Illuminants((-0.744, -0.546), (0.255, 0.261), -0.96)),
    Camera("Samsung", "NX2000", (7557, -2522, -739, -4679, 12949, 1894, -840, 1777, 5311),
           Illuminants((-0.787, -0.622), (0.254, 0.284), -0.94)),
    Camera("Sony", "SLT-A57", (5991, -1456, -455, -4764, 12135, 2980, -707, 1425, 6701),
           Illuminants((-0.935, -0.540), (0.223, 0.275), -0.94)),
)  # fmt: skip
