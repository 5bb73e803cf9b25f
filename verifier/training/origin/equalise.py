"""The same history for every class, so that a class can't be read from container, size or JPEG.

In collections the class goes with all three: photographs are camera JPEGs of many megapixels,
generated pictures PNGs of 512 pixels. Here every picture goes one way: JPEG at a drawn quality on a
drawn grid (so that all have one, whether they came with one or not) or WebP, resampling by a drawn
ratio from a drawn place, a crop of one size, and JPEG again, with nothing else in the file.
"""

from dataclasses import dataclass
from io import BytesIO
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from verifier.errors import PicturesError

Pixels = NDArray[np.uint8]
Filter = Literal["box", "bilinear", "bicubic", "lanczos"]

FILTERS: Final[dict[Filter, Image.Resampling]] = {
    "box": Image.Resampling.BOX,
    "bilinear": Image.Resampling.BILINEAR,
    "bicubic": Image.Resampling.BICUBIC,
    "lanczos": Image.Resampling.LANCZOS,
}
BLOCK: Final = 8  # of JPEG
# Source pixels around the part that is kept, for the filters to read from.
_MARGIN: Final = 16


@dataclass(frozen=True)
class Ranges:
    """What histories are drawn from.

    Attributes
    ----------
    scale
        Of the resampling, drawn evenly by ratio; above 1 enlarges. A picture that the smaller end
        would shrink below the crop is shrunk less.
    first_quality, quality
        Of JPEG (Pillow's, which is libjpeg's) before and after, both ends included.
    webp
        Share of pictures whose first compression is WebP's, 0 to 1.
    """

    scale: tuple[float, float] = (0.5, 1.4)
    first_quality: tuple[int, int] = (80, 98)
    quality: tuple[int, int] = (65, 98)
    webp: float = 0.0

    def __post_init__(self) -> None:
        if not 0 <= self.webp <= 1:
            raise PicturesError(f"a share of {self.webp:g} of WebP can't be drawn; give 0 to 1")
        if not 0 < self.scale[0] <= self.scale[1]:
            raise PicturesError(f"scales of {self.scale} can't be drawn; give two, rising, above 0")
        for low, high in (self.first_quality, self.quality):
            if not 1 <= low <= high <= 100:
                raise PicturesError(f"qualities of {low}–{high} can't be drawn; give 1 to 100")


@dataclass(frozen=True)
class History:
    """What happens to one picture; see `equalise`.

    Attributes
    ----------
    left, top
        Of the part that is kept, in pixels of the source, with fractions.
    grid
        Columns and rows, 0–7, by which the first JPEG's grid begins before that part.
    first_subsampling, subsampling
        Of chroma, as Pillow has it: 0 is 4:4:4, 2 is 4:2:0.
    webp
        The first compression is WebP, which is always 4:2:0.
    """

    scale: float
    left: float
    top: float
    grid: tuple[int, int]
    filter: Filter
    first_quality: int
    first_subsampling: int
    quality: int
    subsampling: int
    webp: bool = False


def least_scale(height: int, width: int, side: int) -> float:
    """Return the least scale at which a picture still covers a crop of ``side`` pixels."""
    return side / min(height, width)


def draw_history(
    rng: np.random.Generator,
    height: int,
    width: int,
    side: int,
    ranges: Ranges | None = None,
    centre: tuple[float, float] | None = None,
) -> History | None:
    """Draw a history for a picture of (height, width).

    Parameters
    ----------
    side
        Of the crop that comes out, pixels.
    centre
        Of the part that is kept, x and y in pixels of the source, as nearly as the picture's edges
        let it; None: anywhere.

    Returns
    -------
    None if the picture is too small for the crop at any scale of the ranges.
    """
    ranges = ranges or Ranges()
    least = max(ranges.scale[0], least_scale(height, width, side))
    u_scale, u_left, u_top = rng.random(3)
    first, last = (int(rng.integers(low, high + 1))
                   for low, high in (ranges.first_quality, ranges.quality))  # fmt: skip
    grid = (int(rng.integers(BLOCK)), int(rng.integers(BLOCK)))
    filters = tuple(FILTERS)
    chosen = filters[int(rng.integers(len(filters)))]
    chroma = tuple(int(value) for value in rng.choice((0, 2), size=2))
    if least > ranges.scale[1]:
        return None
    scale = float(least * (ranges.scale[1] / least) ** u_scale)
    room_x, room_y = width - side / scale, height - side / scale
    if centre is not None:
        half = side / scale / 2
        u_left = (centre[0] - half + rng.uniform(-BLOCK, BLOCK)) / max(room_x, 1e-9)
        u_top = (centre[1] - half + rng.uniform(-BLOCK, BLOCK)) / max(room_y, 1e-9)
    left, top = (max(0.0, room) * min(1.0, max(0.0, float(u)))
                 for room, u in ((room_x, u_left), (room_y, u_top)))  # fmt: skip
    webp = bool(ranges.webp) and bool(rng.random() < ranges.webp)
    return History(scale, left, top, grid, chosen, first, chroma[0], last, chroma[1], webp)


def equalise(pixels: Pixels, history: History, side: int) -> bytes:
    """Give a picture a history.

    Parameters
    ----------
    pixels
        (H, W, 3), uint8, sRGB.
    side
        Of the crop, pixels: that which the history was drawn for.

    Returns
    -------
    A baseline JPEG file of side × side without metadata.
    """
    reach = side / history.scale
    left = max(0, int(history.left) - _MARGIN - history.grid[0])
    top = max(0, int(history.top) - _MARGIN - history.grid[1])
    right, bottom = (int(np.ceil(start + reach)) + _MARGIN for start in (history.left, history.top))
    part = Image.fromarray(np.ascontiguousarray(pixels[top:bottom, left:right]))
    if history.webp:
        coded = encode_webp(part, history.first_quality)
    else:
        coded = encode(part, history.first_quality, history.first_subsampling)
    first = decode(coded)
    x, y = history.left - left, history.top - top
    # Rounding mustn't reach past the part by a fraction of a pixel.
    box = (x, y, min(x + reach, float(first.width)), min(y + reach, float(first.height)))
    resized = first.resize((side, side), FILTERS[history.filter], box=box)
    return encode(resized, history.quality, history.subsampling)


def equalised_pixels(pixels: Pixels, history: History, side: int) -> Pixels:
    """As `equalise`, decoded again: (side, side, 3), uint8."""
    return np.asarray(decode(equalise(pixels, history, side)))


def encode(image: Image.Image, quality: int, subsampling: int) -> bytes:
    """Write a JPEG file without metadata."""
    file = BytesIO()
    image.save(file, "JPEG", quality=quality, subsampling=subsampling)
    return file.getvalue()


def encode_webp(image: Image.Image, quality: int) -> bytes:
    """Write a lossy WebP file without metadata."""
    file = BytesIO()
    image.save(file, "WEBP", quality=quality, method=2)
    return file.getvalue()


def decode(data: bytes) -> Image.Image:
    """Decode a file that was written here."""
    image = Image.open(BytesIO(data))
    image.load()
    return image
