"""LibRaw's own rendering: adaptive homogeneity-directed demosaicing (AHD), for comparison.

Given the white balance and the exposure of our reading, and sRGB's curve, so that what differs is
demosaicing and colour alone.
"""

import rawpy

from camera_sim.developing.tiles import Picture
from camera_sim.raw import tag_gate
from camera_sim.raw.libraw_file import open_libraw
from camera_sim.raw.process import raw_reader
from camera_sim.raw.raw_file import RawFile
from camera_sim.raw.raw_image import RawImage

# LibRaw's parameters for sRGB's curve: power and slope of the linear part.
SRGB_GAMMA = (2.4, 12.92)


def develop(image: RawImage, file: RawFile, exposure: float, depth: int) -> Picture:
    """Render a RAW file in the process that decodes such.

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
    rendered: Picture = raw_reader().render(file, image.white_balance, exposure, depth)
    height, width = rendered.shape[:2]
    return rendered[: height - height % 2, : width - width % 2]


def render(
    file: RawFile, white_balance: tuple[float, float, float], exposure: float, depth: int
) -> Picture:
    """Render a RAW file in this process: (H, W, 3), turned as the sensor saw it."""
    red, green, blue = white_balance
    with open_libraw(tag_gate.screened(file).file) as raw:
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
    return rendered
