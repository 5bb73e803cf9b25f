"""How a received picture lies on the reference picture, and bringing it there."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from verifier.watermark.place import Place
from verifier.watermark.whitening import LONGER_SIDE

Array = NDArray[np.floating]
Matrix = NDArray[np.float64]
STRAIGHT = 0.06
"""Pixels of the reference by which a lay may be slanted to count as straight."""
MIXED = 2  # pixels of the reference
MANY = 4  # samples a side of a reference pixel, of what lies slanted


@dataclass(frozen=True)
class Lay:
    """Where the reference's places lie in the received picture, once that is turned upright.

    Attributes
    ----------
    matrix
        (2, 3). Times (x, y, 1) of the reference it gives (x, y) of the received picture, upright.
        Both count in pixels from the left and upper edges, so a pixel's middle lies at ½.
    """

    matrix: Matrix

    @classmethod
    def of_place(
        cls, place: Place, upright: tuple[int, int], reference: tuple[int, int], photo_side: float
    ) -> "Lay":
        """Take it from a watermark's place.

        Parameters
        ----------
        upright
            Height and width of the received picture, turned upright.
        reference
            Height and width of the reference.
        photo_side
            The reference's longer side in its pixels, not rounded as its shorter one is: what
            lengths in longer sides of the photo are multiplied with.
        """
        factor = min(1.0, LONGER_SIDE / max(upright))
        scales, offsets = [], []
        for axis in (1, 0):
            samples = max(1, round(upright[axis] * factor))
            step = place.steps[axis] * samples / upright[axis]  # longer sides to a received pixel
            scales.append(1 / (step * photo_side))
            offsets.append(-place.corner[axis] / step)
        level = np.array([[scales[0], 0, offsets[0]], [0, scales[1], offsets[1]], [0, 0, 1]])
        return cls(_turned(place.slant, upright) @ level)

    @property
    def scale(self) -> float:
        """Received pixels to one of the reference."""
        return float(np.sqrt(abs(np.linalg.det(self.matrix[:, :2]))))

    @property
    def degrees(self) -> float:
        """How far the received picture is turned clockwise, beside its quarter turns."""
        return float(np.degrees(np.arctan2(self.matrix[1, 0], self.matrix[0, 0])))

    def slant(self, shape: tuple[int, int]) -> float:
        """Return by how many pixels of a (h, w) reference rows and columns run askew, at most."""
        (_, b, _), (d, _, _) = self.matrix
        return float(max(abs(b) * shape[0], abs(d) * shape[1])) / 2 / self.scale

    def after(self, change: Matrix) -> "Lay":
        """Lay it so that (2, 3) ``change`` is done to the reference's places first."""
        return Lay(self.matrix @ np.vstack([change, [0, 0, 1]]))

    def reduced(self, received: float, reference: float) -> "Lay":
        """Lay pictures that are so many times smaller."""
        matrix = self.matrix / received
        matrix[:, :2] *= reference
        return Lay(matrix)

    def seen(self, shape: tuple[int, int], received: tuple[int, int]) -> NDArray[np.bool_]:
        """Return which pixels of a (h, w) reference lie wholly within a received picture.

        Where a frame was laid around the photo, its resampling has mixed it into the photo's
        border: `MIXED` pixels of the reference count as not seen there.
        """
        inside = self._within(shape, received, self.scale / 2 + 1)
        framed = self._within((shape[0] + 2, shape[1] + 2), received, 0, start=-1)
        inside[:MIXED] &= ~framed[0, 1:-1]
        inside[-MIXED:] &= ~framed[-1, 1:-1]
        inside[:, :MIXED] &= ~framed[1:-1, :1]
        inside[:, -MIXED:] &= ~framed[1:-1, -1:]
        return inside

    def _within(
        self, shape: tuple[int, int], received: tuple[int, int], margin: float, start: int = 0
    ) -> NDArray[np.bool_]:
        """Return which pixels, from row and column ``start`` on, have their middle inside."""
        x, y = np.arange(shape[1]) + start + 0.5, np.arange(shape[0])[:, None] + start + 0.5
        (a, b, c), (d, e, f) = self.matrix
        rows, columns = d * x + e * y + f, a * x + b * y + c
        within: NDArray[np.bool_] = (rows > margin) & (rows < received[0] - margin)
        within &= (columns > margin) & (columns < received[1] - margin)
        return within


def _turned(slant: float, shape: tuple[int, int]) -> Matrix:
    """Return what turns a (h, w) picture's places clockwise about its middle, (2, 3)."""
    sine, cosine = np.sin(np.deg2rad(slant)), np.cos(np.deg2rad(slant))
    rotation = np.array([[cosine, -sine], [sine, cosine]])
    middle = np.array([shape[1], shape[0]]) / 2
    return np.column_stack([rotation, middle - rotation @ middle])


def laid(received: Image.Image, lay: Lay, shape: tuple[int, int], samples: int) -> Array:
    """Bring a received picture onto a (h, w) reference's grid, by samples.

    Parameters
    ----------
    samples
        Samples a side of a reference pixel, which are averaged.

    Returns
    -------
    (h, w, 3) or (h, w) float32; what lies outside is black.
    """
    (a, b, c), (d, e, f) = lay.matrix
    size = shape[1] * samples, shape[0] * samples
    data = (a / samples, b / samples, c, d / samples, e / samples, f)
    sampled = received.transform(
        size, Image.Transform.AFFINE, data, resample=Image.Resampling.BILINEAR
    )
    values = np.asarray(sampled, np.float32)
    split = values.reshape(shape[0], samples, shape[1], samples, -1)
    mean: Array = split.mean(axis=(1, 3))
    return mean[..., 0] if values.ndim == 2 else mean


def laid_by_area(received: Image.Image, lay: Lay, shape: tuple[int, int]) -> Array:
    """Bring a received picture onto a (h, w) reference's grid: the mean over each pixel's area.

    Exact where the picture isn't turned by more than `STRAIGHT` pixels; else by many samples.
    """
    if lay.slant(shape) > STRAIGHT:
        return laid(received, lay, shape, MANY)
    values = np.asarray(received, np.float32)
    centre = lay.matrix @ np.array([shape[1] / 2, shape[0] / 2, 1])
    shares = []
    for side, along in zip(shape, (1, 0), strict=True):
        edges = centre[along] + (np.arange(side + 1) - side / 2) * lay.matrix[along, along]
        shares.append(_shares(edges, values.shape[1 - along]))
    return _averaged(values, *shares)


def shrunk(picture: Array, shape: tuple[int, int]) -> Array:
    """Average a (H, W) or (H, W, 3) picture over areas to a smaller (h, w)."""
    edges = [np.arange(to + 1) * side / to for side, to in zip(picture.shape, shape, strict=False)]
    return _averaged(picture, *map(_shares, edges, picture.shape))


def _averaged(values: Array, rows: Array, columns: Array) -> Array:
    """Average rows, columns by (h, H) and (w, W) shares."""
    if values.ndim == 2:
        mean: Array = rows @ values @ columns.T
        return mean
    planes = (np.ascontiguousarray(values[..., c]) for c in range(values.shape[2]))
    return np.stack([rows @ plane @ columns.T for plane in planes], axis=-1)


def _shares(edges: NDArray[np.float64], side: int) -> Array:
    """Return how much of the way between edges each of a side's pixels makes up: (n, side)."""
    pixels = np.arange(side)
    covered = np.minimum(edges[1:, None], pixels + 1) - np.maximum(edges[:-1, None], pixels)
    shares = np.clip(covered, 0, None) / (edges[1] - edges[0])
    shared: Array = shares.astype(np.float32)
    return shared
