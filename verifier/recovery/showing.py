"""The signed reference picture, laid as the received one lies, for a page that shows both."""

from io import BytesIO
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from verifier.report.reference import SignedPicture
from verifier.watermark.place import Turn
from verifier.watermark.reader import WatermarkReading

Pixels = NDArray[np.uint8]

QUALITY: Final = 85
LONGEST_SIDE: Final = 1024
"""Of what is laid over the received picture: twice the reference's own."""
_AROUND: Final = (225, 225, 221)  # where the received picture shows what isn't of the photo


def signed_picture(
    reference: Pixels,
    photo_size: tuple[int, int],
    watermark: WatermarkReading,
    received: tuple[int, ...],
    *,
    lies_straight: bool,
) -> SignedPicture:
    """Draw a reference picture, whole and as the received picture shows it.

    Parameters
    ----------
    reference
        (h, w, 3) sRGB.
    photo_size
        Width and height of the signed photo.
    received
        Height and width of the picture, upright by its EXIF orientation.
    lies_straight
        Whether the watermark's place is all that lies between the two.
    """
    laid = None
    if lies_straight and watermark.place and watermark.scale and watermark.offset:
        # From the photo's pixels to those of the reference.
        by = max(reference.shape[:2]) / max(photo_size)
        left, top = (by * at for at in watermark.offset)
        turn = watermark.place.turn
        upright = received[::-1] if turn.transpose else received
        drawn = _cut(reference, (left, top), by / watermark.scale, upright)
        laid = _jpeg(Image.fromarray(_turned(drawn, turn)))
    return SignedPicture(_jpeg(Image.fromarray(reference)), laid)


def _cut(
    reference: Pixels, corner: tuple[float, float], step: float, size: tuple[int, ...]
) -> Pixels:
    """Cut a reference picture as a received one is, and enlarge it, up to `LONGEST_SIDE`.

    Parameters
    ----------
    corner
        Where the received picture's top left corner lies, across and down the reference.
    step
        Pixels of the reference to one of the received picture.
    size
        Height and width of that.
    """
    drawn = [max(1, round(side * min(1.0, LONGEST_SIDE / max(size)))) for side in size]
    down, across = (step * side / of for side, of in zip(size, drawn, strict=True))
    cut = Image.fromarray(reference).transform(
        (drawn[1], drawn[0]),
        Image.Transform.AFFINE,
        (across, 0, corner[0], 0, down, corner[1]),
        Image.Resampling.BICUBIC,
        fillcolor=_AROUND,
    )
    return np.asarray(cut)


def _turned(upright: Pixels, turn: Turn) -> Pixels:
    """Turn a picture as the received one is: what `Turn.undo` takes back."""
    rows, columns = (-1 if turned else 1 for turned in (turn.rows, turn.columns))
    laid = upright[::rows, ::columns]
    return np.ascontiguousarray(laid.transpose(1, 0, 2) if turn.transpose else laid)


def _jpeg(image: Image.Image) -> bytes:
    file = BytesIO()
    image.save(file, "JPEG", quality=QUALITY)
    return file.getvalue()
