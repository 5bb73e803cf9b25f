"""What a patch's pixels are like, whatever it shows: statistics by which its origin is classified.

Two families, each of luma and both colour differences, so that a few hundred pictures are enough to
weigh them (docs/decisions/016):

- *residual co-occurrences*: J. Fridrich, J. Kodovský, *Rich Models for Steganalysis of Digital
  Images*, IEEE TIFS 2012: differences of neighbours, rounded and cut off, three in a row;
- *wavelets*: moments of a Haar pyramid (S. Lyu, H. Farid, *How Realistic is Photorealistic?*, IEEE
  TSP 2005).

A patch is first compressed as every other: statistics that see how strongly a file was compressed
show that, and little else.
"""

from collections.abc import Iterator
from io import BytesIO
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from verifier.features.patches import Patches, cut_patch

Plane = NDArray[np.floating]
Pixels = NDArray[np.uint8]

# Luma, and blue and red difference: ITU-R BT.601, as JFIF has it, in parts of 10,000. Residuals of
# whole numbers are exact in float64, so that none falls on the other side of a step on another
# processor.
_UNIT: Final = 10_000.0
_PLANES: Final = np.array(
    [[2990, 5870, 1140], [-1687, -3313, 5000], [5000, -4187, -813]], np.float64
)
# Residuals are divided by each step, rounded, and cut off at ±2.
_STEPS: Final = (1.0, 2.0)
_CUT: Final = 2
_LEVELS: Final = 2 * _CUT + 1
_CUBE: Final = np.arange(_LEVELS**3).reshape(_LEVELS, _LEVELS, _LEVELS)
# A triple, its negative, and both read backwards count as one.
_BACK: Final = _CUBE.transpose(2, 1, 0)
_SAME: Final = np.minimum.reduce(
    [_CUBE, _CUBE[::-1, ::-1, ::-1], _BACK, _BACK[::-1, ::-1, ::-1]]
).ravel()
_KINDS: Final = np.unique(_SAME, return_inverse=True)[1]
_SQUARE: Final = np.array(
    [
        [-1, 2, -2, 2, -1],
        [2, -6, 8, -6, 2],
        [-2, 8, -12, 8, -2],
        [2, -6, 8, -6, 2],
        [-1, 2, -2, 2, -1],
    ],
    np.float64,
)
_SQUARE_SUM: Final = 12.0
_SCALES: Final = 4  # of the pyramid
LEAST_SIDE: Final = 64
# Of the JPEG, 4:2:0, that every patch gets: as coarse as what most platforms serve.
_QUALITY: Final = 80
# Of each plane ten residuals and steps of 39 kinds, and six moments of twelve subbands.
COUNT: Final = 3 * (10 * 39 + 72)


def forensic_statistics(pixels: Pixels) -> NDArray[np.float32]:
    """Compress a patch as every other, and describe it by `COUNT` statistics.

    Parameters
    ----------
    pixels
        (H, W, 3), uint8, sRGB, at least `LEAST_SIDE` a side.

    Returns
    -------
    (`COUNT`,), float32: square roots of shares, and logarithms of magnitudes in levels of 255.
    """
    return described(_levelled(pixels))


def described(pixels: Pixels) -> NDArray[np.float32]:
    """Describe a patch as it is; see `forensic_statistics`."""
    planes = np.moveaxis(pixels.astype(np.float64) @ _PLANES.T, 2, 0)
    parts = [part for plane in planes for part in _co_occurrences(plane)]
    levels = (planes / _UNIT).astype(np.float32)
    return np.concatenate([*parts, *(_wavelets(plane) for plane in levels)]).astype(np.float32)


def statistics_of(pixels: Pixels, patches: Patches) -> Iterator[NDArray[np.float32]]:
    """Describe the patches of a picture, one at a time: (1, `COUNT`)."""
    for place in patches.places:
        yield forensic_statistics(cut_patch(pixels, place, patches.side))[None]


def _levelled(pixels: Pixels) -> Pixels:
    """Compress a patch as all are compressed, and decode it."""
    file = BytesIO()
    Image.fromarray(np.ascontiguousarray(pixels)).save(file, "JPEG", quality=_QUALITY)
    with Image.open(file) as image:
        return np.asarray(image.convert("RGB"))


def _co_occurrences(plane: Plane) -> Iterator[Plane]:
    """Count triples of five residuals, along rows and columns together: 39 kinds a step."""
    for order in (1, 2, 3):
        along, down = (np.diff(plane, order, axis=axis) for axis in (1, 0))
        for step in _STEPS:
            unit = step * order * _UNIT
            yield _shares(_triples(along, unit) + _triples(down, unit))
    for residual, total in ((_laplacian(plane), 4.0), (_fifth(plane), _SQUARE_SUM)):
        for step in _STEPS:
            yield _shares(_triples(residual, step * total * _UNIT))


def _laplacian(plane: Plane) -> Plane:
    """Return four times the residual of Ker and Böhme's 3×3: second differences both ways."""
    found: Plane = -np.diff(np.diff(plane, 2, axis=0), 2, axis=1)
    return found


def _fifth(plane: Plane) -> Plane:
    """Return twelve times the residual of the 5×5 "square" kernel of the rich models."""
    height, width = plane.shape[0] - 4, plane.shape[1] - 4
    found = np.zeros((height, width))
    for down, row in enumerate(_SQUARE):
        for along, weight in enumerate(row):
            found += weight * plane[down : down + height, along : along + width]
    return found


def _triples(residual: Plane, step: float) -> NDArray[np.intp]:
    """Count three in a row, along rows and columns: (125,)."""
    levels = np.clip(np.rint(residual / step), -_CUT, _CUT).astype(np.intp) + _CUT
    along = (levels[:, :-2] * _LEVELS + levels[:, 1:-1]) * _LEVELS + levels[:, 2:]
    down = (levels[:-2] * _LEVELS + levels[1:-1]) * _LEVELS + levels[2:]
    both = np.concatenate([along.ravel(), down.ravel()])
    return np.bincount(both, minlength=_LEVELS**3)


def _shares(counts: NDArray[np.intp]) -> Plane:
    """Add up the counts of each kind; square roots of their shares."""
    found = np.bincount(_KINDS, weights=counts)
    shares: Plane = np.sqrt(found / found.sum())
    return shares


def _wavelets(plane: Plane) -> Plane:
    """Return six moments of each subband of a Haar pyramid: (72,)."""
    found: list[float] = []
    low = plane
    for _ in range(_SCALES):
        height, width = (size // 2 * 2 for size in low.shape)
        a, b, c, d = (low[i:height:2, j:width:2] for i in (0, 1) for j in (0, 1))
        for band in ((a - b + c - d) / 2, (a + b - c - d) / 2, (a - b - c + d) / 2):
            found += _moments(band)
        low = (a + b + c + d) / 4
    return np.array(found, np.float32)


def _moments(band: Plane) -> list[float]:
    """Return spread, skewness, kurtosis, peakedness, and how sizes go along and down."""
    spread = float(band.std()) + 0.1
    normal = (band - band.mean()) / spread
    sizes = np.abs(band)
    return [
        float(np.log(spread)),
        float(np.clip((normal**3).mean(), -3, 3)),
        float(np.log((normal**4).mean() + 0.5)),
        float(np.log((sizes.mean() + 0.1) / spread)),
        _correlation(sizes[:, 1:], sizes[:, :-1]),
        _correlation(sizes[1:], sizes[:-1]),
    ]


def _correlation(first: Plane, second: Plane) -> float:
    a, b = first - first.mean(), second - second.mean()
    return float((a * b).mean() / (np.sqrt((a * a).mean() * (b * b).mean()) + 1e-3))
