"""Resizing as platforms do it, exact at 8 bits.

The filters of Pillow are Pillow's own code; the others are sums over the neighbours that
`channel.resampling_filters` lists.
"""

from collections.abc import Iterator
from typing import Final, get_args

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from channel.errors import ChannelValueError
from channel.resampling_filters import Resampling, Taps, taps

Pixels = NDArray[np.uint8]
Levels = NDArray[np.float64]

PILLOW_FILTERS: Final = {
    "lanczos": Image.Resampling.LANCZOS,
    "bicubic": Image.Resampling.BICUBIC,
    "hamming": Image.Resampling.HAMMING,
    "bilinear": Image.Resampling.BILINEAR,
    "box": Image.Resampling.BOX,
}
_STRIP: Final = 64  # output rows worked on at once: floating-point levels of all would fill memory


def resized(pixels: Pixels, size: tuple[int, int], resampling: Resampling) -> Pixels:
    """Resize 8-bit pixels as the platforms with that filter do.

    Parameters
    ----------
    pixels
        (H, W, 3) or (H, W), uint8.
    size
        Height and width of the result, at least 1.
    resampling
        One of `Resampling`.

    Raises
    ------
    ChannelValueError
        For an unknown filter or a size below 1.
    """
    return np.asarray(resized_image(Image.fromarray(pixels), size, resampling))


def resized_image(image: Image.Image, size: tuple[int, int], resampling: Resampling) -> Image.Image:
    """Do what `resized` does, on a picture of Pillow in mode RGB or L."""
    if resampling not in get_args(Resampling):
        raise ChannelValueError(
            f"resampling is {resampling!r}; choose one of {', '.join(get_args(Resampling))}"
        )
    height, width = size
    if min(size) < 1:
        raise ChannelValueError(f"size is {size}; give a height and a width of at least 1")
    if image.size == (width, height):
        return image
    if resampling in PILLOW_FILTERS:
        # Pass by pass: from version 13 on, Pillow itself may take the vertical one first.
        kernel = PILLOW_FILTERS[resampling]
        return image.resize((width, image.height), kernel).resize((width, height), kernel)
    if resampling == "unweighted-box" and _pillow_has_this_box(image, size):
        return _box_averaged(image, size)
    rounded = np.floor if resampling == "supersampled-bilinear" else _rounded  # as measured
    strips = _strips(np.asarray(image), size, resampling)
    return Image.fromarray(
        np.concatenate([np.clip(rounded(strip), 0, 255).astype(np.uint8) for strip in strips])
    )


def unrounded(pixels: Pixels, size: tuple[int, int], resampling: Resampling) -> Levels:
    """Resize without the last rounding: fractions of levels, not clamped; vertical pass first.

    Between the passes the box of Telegram rounds to 8 bits, halves up, and the filter of Facebook
    cuts fractions off; the others keep them (measured, see docs/channel.md).
    """
    return np.concatenate(list(_strips(pixels, size, resampling)))


def _strips(pixels: Pixels, size: tuple[int, int], resampling: Resampling) -> Iterator[Levels]:
    rows, row_weights = taps(pixels.shape[0], size[0], resampling)
    columns = taps(pixels.shape[1], size[1], resampling)
    for start in range(0, size[0], _STRIP):
        strip = slice(start, start + _STRIP)
        down = _filtered(pixels, (rows[strip], row_weights[strip]), 0)
        if resampling == "unweighted-box":
            down = _rounded(down)
        elif resampling == "supersampled-bilinear":
            down = np.floor(down)
        yield _filtered(down, columns, 1)


def _filtered(values: NDArray[np.generic], taps_: Taps, axis: int) -> Levels:
    neighbours, weights = taps_
    spread = [-1 if dim == axis else 1 for dim in range(values.ndim)]
    return sum(
        (
            weight.reshape(spread) * values.take(neighbour, axis)
            for neighbour, weight in zip(neighbours.T, weights.T, strict=True)
        ),
        start=np.zeros(1),
    )


def _rounded(values: Levels) -> Levels:
    halves_up: Levels = np.floor(values + 0.5 + 1e-9)  # however sums were rounded
    return halves_up


def _pillow_has_this_box(image: Image.Image, size: tuple[int, int]) -> bool:
    """Whether both sides shrink, by 9 at most: from 10 on, Pillow's weights cut some halves off."""
    ratios = image.height / size[0], image.width / size[1]
    return min(ratios) >= 1 and max(ratios) <= 9


def _box_averaged(image: Image.Image, size: tuple[int, int]) -> Image.Image:
    """Average by Pillow's box filter, vertically first.

    It counts pixels on the upper edge of their footprint, not on the lower one, as the platform
    does; the tiny shift decides so where its floating point wouldn't.
    """
    height, width = size
    box = Image.Resampling.BOX
    before, tiny = image.size, 2.0**-36
    image = image.resize((before[0], height), box, (0, before[1] * tiny, *before))
    return image.resize((width, height), box, (before[0] * tiny, 0, before[0], height))
