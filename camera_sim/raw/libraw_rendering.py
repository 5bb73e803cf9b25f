"""LibRaw's own rendering of a file, in this process: its demosaicing, and sRGB's curve."""

from typing import Literal

import rawpy

from camera_sim.raw import tag_gate
from camera_sim.raw.libraw_file import open_libraw
from camera_sim.raw.raw_file import RawFile
from camera_sim.raw.raw_image import Picture

# LibRaw's parameters for sRGB's curve: power and slope of the linear part.
SRGB_GAMMA = (2.4, 12.92)

Demosaicing = Literal["LINEAR", "VNG", "PPG", "AHD", "DCB", "DHT"]
"""LibRaw's demosaicings, by rawpy's names; AHD is its default. LINEAR is bilinear."""


def render(
    file: RawFile,
    white_balance: tuple[float, float, float],
    exposure: float,
    depth: int,
    demosaicing: Demosaicing = "AHD",
) -> Picture:
    """Render a RAW file in this process: (H, W, 3), turned as the sensor saw it."""
    red, green, blue = white_balance
    with open_libraw(tag_gate.screened(file).file) as raw:
        rendered: Picture = raw.postprocess(
            demosaic_algorithm=rawpy.DemosaicAlgorithm[demosaicing],
            user_wb=[red, green, blue, green],
            bright=exposure,
            no_auto_bright=True,
            adjust_maximum_thr=0,
            gamma=SRGB_GAMMA,
            output_bps=depth,
            user_flip=0,
        )
    return rendered
