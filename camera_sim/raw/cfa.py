"""The 2×2 Bayer colour filter array: where each colour sits, and packing a mosaic into planes.

All four orders are served by one table of positions. Turning a mosaic so that its red site comes
first (a flip, as a view) makes every order an RGGB one without losing or inventing a sample:
networks see one geometry only, and the developed picture is flipped back.
"""

from dataclasses import dataclass
from typing import Literal, TypeVar, get_args

import numpy as np
from numpy.typing import NDArray

S = TypeVar("S", bound=np.generic)
CFAOrder = Literal["RGGB", "BGGR", "GRBG", "GBRG"]
CFA_ORDERS: tuple[CFAOrder, ...] = get_args(CFAOrder)

# The standard channel order of a packed mosaic: red, green in red's row, green in blue's row, blue.
PACKED_CHANNELS = ("R", "G1", "G2", "B")
# Which of red, green, blue each packed channel records.
PACKED_RGB = (0, 1, 1, 2)


@dataclass(frozen=True)
class CFAPattern:
    """A 2×2 Bayer order, such as ``CFAPattern("GRBG")``.

    Raises
    ------
    ValueError
        If the order is not one of the four.
    """

    order: CFAOrder

    def __post_init__(self) -> None:
        if self.order not in CFA_ORDERS:
            raise ValueError(
                f"unknown Bayer order {self.order!r}; known are {', '.join(CFA_ORDERS)}"
            )

    @property
    def red_site(self) -> tuple[int, int]:
        """Row and column, each 0 or 1, of red in the 2×2 tile."""
        index = self.order.index("R")
        return index // 2, index % 2

    @property
    def sites(self) -> tuple[tuple[int, int], ...]:
        """Row and column of R, G1, G2 and B in the 2×2 tile."""
        row, column = self.red_site
        return (row, column), (row, 1 - column), (1 - row, column), (1 - row, 1 - column)

    def colour_indices(self) -> NDArray[np.intp]:
        """Return (2, 2) indices, 0 red, 1 green, 2 blue, of the tile."""
        return np.array(["RGB".index(c) for c in self.order]).reshape(2, 2)


def to_rggb(array: NDArray[S], pattern: CFAPattern) -> NDArray[S]:
    """Flip a (H, W, …) array, H and W even, so that red comes first; its own inverse. A view."""
    row, column = pattern.red_site
    return array[:: 1 - 2 * row, :: 1 - 2 * column]


def pack(mosaic: NDArray[S], pattern: CFAPattern) -> NDArray[S]:
    """Reshape a mosaic into four planes, R, G1, G2, B (Korus & Memon 2019, section 3.1).

    Parameters
    ----------
    mosaic
        (H, W), H and W even.
    pattern
        Its Bayer order.

    Returns
    -------
    (H/2, W/2, 4), same dtype. Planes keep their place: nothing is flipped.

    Raises
    ------
    ValueError
        If a side is odd.
    """
    height, width = mosaic.shape
    if height % 2 or width % 2:
        raise ValueError(f"a mosaic to pack must have even sides, got {height}×{width}")
    return np.stack([mosaic[row::2, column::2] for row, column in pattern.sites], axis=-1)


def unpack(planes: NDArray[S], pattern: CFAPattern) -> NDArray[S]:
    """Undo `pack`: (h, w, 4) planes to a (2h, 2w) mosaic of the given order."""
    height, width, _ = planes.shape
    mosaic = np.empty((2 * height, 2 * width), planes.dtype)
    for channel, (row, column) in enumerate(pattern.sites):
        mosaic[row::2, column::2] = planes[..., channel]
    return mosaic


def sample(rgb: NDArray[S], pattern: CFAPattern) -> NDArray[S]:
    """Sample a (H, W, 3) picture through the array: (H, W), one colour a site."""
    height, width, _ = rgb.shape
    mosaic = np.empty((height, width), rgb.dtype)
    for (row, column), colour in zip(pattern.sites, PACKED_RGB, strict=True):
        mosaic[row::2, column::2] = rgb[row::2, column::2, colour]
    return mosaic
