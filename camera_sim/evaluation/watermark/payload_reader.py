"""The verifier's reader, as the firmware's parity gate asks for it."""

import numpy as np
from numpy.typing import NDArray

from verifier.watermark.reader import read_watermark
from watermark.keys import GroupKey


def read_payload(picture: NDArray[np.uint8], key: GroupKey) -> tuple[bytes | None, float]:
    """Read the payload of a (H, W, 3) uint8 picture that is not cut, in whatever size.

    Returns
    -------
    The payload, or None, and its score: see `verifier.watermark.reader.WatermarkReading`.
    """
    reading = read_watermark(picture, [key], search=False)
    return reading.payload, reading.score
