"""The classical pipeline: white balance, Menon demosaicing, matrix, exposure, sRGB curve.

The training target of Korus & Memon 2019 (section 3.1), and the picture that a user compares a
neural pipeline's with. Demosaicing: Menon, Andriani & Calvagno, *Demosaicing with directional
filtering and a posteriori decision*, IEEE TIP 2007, by the library colour-demosaicing.
"""

import warnings

import numpy as np
from numpy.typing import NDArray

from camera_sim import colour
from camera_sim.cfa import CFAPattern, unpack
from camera_sim.raw import RawImage

Array = NDArray[np.float32]


def develop_rggb(image: RawImage, exposure: float) -> Array:
    """Develop a capture.

    Parameters
    ----------
    image
        The capture.
    exposure
        Linear gain applied with the colour matrix.

    Returns
    -------
    (H, W, 3) float32 sRGB in [0, 1], flipped as `cfa.to_rggb` flips the mosaic.
    """
    balanced = np.clip(image.packed() * image.packed_gains, 0, 1)
    camera = menon2007(unpack(balanced, CFAPattern("RGGB")))
    return colour.render(camera, image.camera_to_srgb, exposure)


def menon2007(mosaic: Array) -> Array:
    """Demosaic a white-balanced (H, W) RGGB mosaic into (H, W, 3) float32 in [0, 1]."""
    with warnings.catch_warnings():
        # colour-science warns of optional plotting packages that nothing here uses.
        warnings.simplefilter("ignore")
        from colour_demosaicing import demosaicing_CFA_Bayer_Menon2007
    rgb = demosaicing_CFA_Bayer_Menon2007(mosaic.astype(np.float64), "RGGB")
    return np.clip(rgb, 0, 1).astype(np.float32)
