"""The classical pipeline: white balance, Menon demosaicing, matrix, exposure, sRGB curve.

The training target of Korus & Memon 2019 (section 3.1), and the picture that a user compares a
neural pipeline's with. Demosaicing: Menon, Andriani & Calvagno, *Demosaicing with directional
filtering and a posteriori decision*, IEEE TIP 2007, by the library colour-demosaicing.
"""

import warnings

import numpy as np
from numpy.typing import NDArray

from camera_sim.engines import Colour, TileEngine
from camera_sim.errors import PipelineError
from camera_sim.raw.cfa import CFAPattern, unpack
from camera_sim.raw.colour import render
from camera_sim.raw.raw_image import RawImage
from camera_sim.weights import SizeRequirements
from channel.extras import to_install

Array = NDArray[np.float32]


class ClassicalEngine(TileEngine):
    """The classical pipeline, a tile at a time."""

    name = "numpy"
    # Menon's filters reach 2 pixels, its decision 2 more and its refinement 3: 16 are plenty.
    # float64 arrays of the library: about 40 of them live at a time.
    size = SizeRequirements(multiple_of=1, receptive_field=8, bytes_per_pixel=1500)

    def develop(self, packed: Array, colour: Colour, watermark: Array | None = None) -> Array:
        """Develop a tile; see `TileEngine.develop`."""
        balanced = np.clip(packed * colour.white_balance[:, None, None], 0, 1)
        camera = menon2007(unpack(balanced.transpose(1, 2, 0), CFAPattern("RGGB")))
        srgb = render(camera, colour.camera_to_srgb, colour.exposure)
        return srgb.transpose(2, 0, 1)


def develop_rggb(image: RawImage, exposure: float) -> Array:
    """Develop a whole capture.

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
    colour = Colour(
        image.packed_gains,
        image.camera_to_srgb.astype(np.float32),
        exposure,
        np.zeros(2, np.float32),
    )
    planes = image.packed().transpose(2, 0, 1)
    return ClassicalEngine().develop(planes, colour).transpose(1, 2, 0)


def menon2007(mosaic: Array) -> Array:
    """Demosaic a white-balanced (H, W) RGGB mosaic into (H, W, 3) float32 in [0, 1]."""
    with warnings.catch_warnings():
        # colour-science warns of optional plotting packages that nothing here uses.
        warnings.simplefilter("ignore")
        try:
            from colour_demosaicing import demosaicing_CFA_Bayer_Menon2007
        except ImportError as error:
            raise PipelineError(
                f"the classical pipeline needs colour-demosaicing: {to_install('camera')}"
            ) from error
    rgb = demosaicing_CFA_Bayer_Menon2007(mosaic.astype(np.float64), "RGGB")
    clipped: Array = np.clip(rgb, 0, 1).astype(np.float32)
    return clipped
