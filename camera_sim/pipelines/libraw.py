"""LibRaw's own rendering: adaptive homogeneity-directed demosaicing (AHD), for comparison.

Given the white balance and the exposure of our reading, and sRGB's curve, so that what differs is
demosaicing and colour alone.
"""

import rawpy

from camera_sim.develop import Picture
from camera_sim.libraw_file import open_libraw
from camera_sim.raw import RawImage
from camera_sim.raw_file import RawFile

# LibRaw's parameters for sRGB's curve: power and slope of the linear part.
SRGB_GAMMA = (2.4, 12.92)


def develop(image: RawImage, file: RawFile, exposure: float, depth: int) -> Picture:
    """Render a RAW file.

    Parameters
    ----------
    image
        Our reading of the file.
    file
        The file.
    exposure
        Linear gain.
    depth
        8 or 16 bits.

    Returns
    -------
    (H, W, 3) as the sensor saw it, sides even as our reading's, photosites made square.
    """
    red, green, blue = image.white_balance
    with open_libraw(file) as raw:
        rendered: Picture = raw.postprocess(
            demosaic_algorithm=rawpy.DemosaicAlgorithm.AHD,
            user_wb=[red, green, blue, green],
            bright=exposure,
            no_auto_bright=True,
            adjust_maximum_thr=0,
            gamma=SRGB_GAMMA,
            output_bps=depth,
            user_flip=0,
        )
    height, width = rendered.shape[:2]
    return rendered[: height - height % 2, : width - width % 2]
