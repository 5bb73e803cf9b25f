"""Where a trained pipeline's watermark lies: on the 8×8 blocks of the upright picture.

A network that was trained together with its FAN (`camsim train joint`) embeds what the FAN knows
aligned with the squares of JPEG, which start at the upright picture's top left corner. So a capture
is turned upright before it is developed, not after, and its far edges are mirrored on to whole
squares. A mosaic that does not start with red is developed from its far edge. There the sides are
such that what repeats after 32 pixels, symmetric in each half, comes to lie the same.
"""

from dataclasses import replace

import numpy as np

from camera_sim.developing.upright import UPRIGHT
from camera_sim.raw.cfa import CFA_ORDERS, CFAPattern
from camera_sim.raw.raw_image import RawImage

GRID = 8
PERIOD = 32


def grid_aligned(image: RawImage) -> RawImage:
    """Turn a capture upright and widen it to multiples of `GRID`.

    A side that is developed backwards becomes an odd number of half periods.
    """
    transpose, rows, columns = UPRIGHT[image.orientation]
    samples, (row, column) = image.samples, image.pattern.red_site
    red, first, second, blue = image.black
    if transpose:
        samples, (row, column) = samples.T, (column, row)
        first, second = second, first  # green of red's row is now that of blue's
    samples = samples[:: -1 if rows else 1, :: -1 if columns else 1]
    backwards = (row ^ rows, column ^ columns)
    beyond = [
        (0, (PERIOD // 2 - side) % PERIOD if turned else -side % GRID)
        for side, turned in zip(samples.shape, backwards, strict=True)
    ]
    site = 2 * backwards[0] + backwards[1]
    order = next(order for order in CFA_ORDERS if order.index("R") == site)
    if any(after for _, after in beyond):
        samples = np.pad(samples, beyond, mode="reflect")  # keeps the Bayer order
    return replace(
        image,
        samples=samples,
        pattern=CFAPattern(order),
        black=(red, first, second, blue),
        orientation=1,
    )
