"""A plane of noise that covers a photo exactly, at a resolution of its own."""

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float32]
LOBES = 3
BEYOND = 16  # samples about a part, for its edges
PIECE = 64  # pixels that are resampled at once: a kernel of more has more weights that are zero


@dataclass(frozen=True)
class Plane:
    """Samples that cover a photo, and some beyond each of its edges.

    Attributes
    ----------
    samples
        (h, w) float32.
    extent
        How many samples high and wide the photo is; no whole numbers.
    origin
        Where the photo's top left corner lies, in samples from the first one's outer corner.
    """

    samples: Array
    extent: tuple[float, float]
    origin: tuple[float, float]

    def scaled(self, factor: float) -> "Plane":
        """Make it so many times as strong."""
        return replace(self, samples=self.samples * np.float32(factor))

    def transposed(self) -> "Plane":
        """Exchange rows and columns."""
        return Plane(self.samples.T, self.extent[::-1], self.origin[::-1])

    def flipped(self, rows: bool, columns: bool) -> "Plane":
        """Mirror it: the order of its rows, of its columns, or of both, is reversed."""
        samples = self.samples[:: -1 if rows else 1, :: -1 if columns else 1]
        top, left = (
            side - extent - origin if mirrored else origin
            for side, extent, origin, mirrored in zip(
                self.samples.shape, self.extent, self.origin, (rows, columns), strict=True
            )
        )
        return Plane(samples, self.extent, (top, left))

    def window(self, size: tuple[int, int], rows: slice, columns: slice) -> Array:
        """Resample a part of it, by Lanczos' kernel.

        Parameters
        ----------
        size
            Height and width of the photo in pixels.
        rows, columns
            Pixels of the photo; those beyond an edge repeat the last one.

        Returns
        -------
        (h, w) float32, its pixels' centres where the photo's are.
        """
        across = list(self._kernels(1, size, columns))
        first, last = across[0][1], across[-1][1] + across[-1][2].shape[1]
        tall = np.empty((rows.stop - rows.start, last - first), np.float32)
        for place, top, kernel in self._kernels(0, size, rows):
            samples = self.samples[top : top + kernel.shape[1], first:last]
            np.matmul(kernel, samples, out=tall[place])
        resampled = np.empty((len(tall), columns.stop - columns.start), np.float32)
        for place, left, kernel in across:
            start = left - first
            np.matmul(tall[:, start : start + kernel.shape[1]], kernel.T, out=resampled[:, place])
        return resampled

    def _kernels(
        self, axis: int, size: tuple[int, int], whole: slice
    ) -> Iterator[tuple[slice, int, Array]]:
        """Yield the pieces of some pixels, the first sample that counts in each, and weights."""
        step = self.extent[axis] / size[axis]
        for start in range(whole.start, whole.stop, PIECE):
            pixels = range(start, min(start + PIECE, whole.stop))
            top, kernel = _lanczos(
                self.origin[axis], step, pixels, size[axis], self.samples.shape[axis]
            )
            yield slice(start - whole.start, pixels.stop - whole.start), top, kernel

    def part(self, corner: tuple[float, float], span: tuple[float, float]) -> "Plane":
        """Cut a picture's part out of a plane that covers a whole square, and repeats.

        Parameters
        ----------
        corner, span
            Top and left, height and width, in longer sides of the photo; a corner may lie outside.
        """
        indices, origin = [], []
        for start, length, side, before in zip(corner, span, self.extent, self.origin, strict=True):
            first, last = math.floor(start * side), math.ceil((start + length) * side)
            indices.append(round(before) + np.arange(first - BEYOND, last + BEYOND) % round(side))
            origin.append(start * side - first + BEYOND)
        extent = (span[0] * self.extent[0], span[1] * self.extent[1])
        return Plane(self.samples[np.ix_(*indices)], extent, (origin[0], origin[1]))


@lru_cache(maxsize=1024)
def _lanczos(
    origin: float, step: float, pixels: range, side: int, samples: int
) -> tuple[int, Array]:
    """Return the weights of samples in pixels whose centres lie at ``origin + (n + ½)·step``.

    As Pillow's Lanczos kernel: 3 lobes, widened where the photo has fewer pixels than samples, and
    weights that sum to 1. Pixels beyond a photo's side repeat its last one. Tiles of a row and of a
    column share theirs.

    Returns
    -------
    The first sample that counts, and (count, n) weights of it and those after it.
    """
    wide = max(1.0, step)
    centres = origin + step * (np.clip(pixels, 0, side - 1) + 0.5)
    nearest = np.floor(centres - LOBES * wide).astype(int)
    near = nearest[:, None] + np.arange(math.ceil(2 * LOBES * wide) + 1)
    away = (centres[:, None] - (near + 0.5)) / wide
    weights = np.sinc(away) * np.sinc(away / LOBES)
    weights[(np.abs(away) >= LOBES) | (near < 0) | (near >= samples)] = 0
    low, high = int(near[0, 0]), int(near[-1, -1]) + 1
    spread = np.zeros((len(pixels), high - low), np.float32)
    spread[np.arange(len(pixels))[:, None], near - low] = weights / weights.sum(
        axis=1, keepdims=True
    )
    first, last = max(0, low), min(samples, high)
    return first, spread[:, first - low : last - low]
