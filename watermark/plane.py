"""A plane of noise that covers a photo exactly, at a resolution of its own."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

Array = NDArray[np.float32]


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
        spans = [
            (max(part.start, 0), min(part.stop, side))
            for part, side in zip((rows, columns), size, strict=True)
        ]
        (top, bottom), (left, right) = (
            (origin + span[0] * extent / side, origin + span[1] * extent / side)
            for origin, extent, side, span in zip(
                self.origin, self.extent, size, spans, strict=True
            )
        )
        inside = (spans[1][1] - spans[1][0], spans[0][1] - spans[0][0])
        image = Image.fromarray(np.ascontiguousarray(self.samples))
        part = image.resize(inside, Image.Resampling.LANCZOS, (left, top, right, bottom))
        beyond = [
            (span[0] - whole.start, whole.stop - span[1])
            for whole, span in zip((rows, columns), spans, strict=True)
        ]
        resampled: Array = np.asarray(part)
        return np.pad(resampled, beyond, mode="edge") if any(map(any, beyond)) else resampled
