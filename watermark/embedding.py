"""From keys and a payload to the plane that a pipeline network lays into a photo."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from watermark.code import encode
from watermark.keys import GroupKey, PhotoKey
from watermark.pattern import (
    OCTAVES,
    SHARES,
    Complex,
    Lines,
    Spreading,
    octave_coefficients,
    octave_lines,
    payload_lines,
    pilot,
)
from watermark.payload import Message
from watermark.plane import Plane

GRID = 1536
"""Samples across the longer side: the finest octave ends at three eighths of a cycle a sample."""
MARGIN = 4  # samples beyond each edge, for resampling


@dataclass(frozen=True)
class Watermark:
    """What one photo is to carry.

    Attributes
    ----------
    payload
        8 bytes that name it.
    group
        Key of its device group.
    photo
        Its own key; None lays no measuring octaves.
    """

    payload: bytes
    group: GroupKey
    photo: PhotoKey | None = None

    def plane(self, size: tuple[int, int]) -> Plane:
        """Return the plane for an upright photo of (height, width) pixels; of variance 1.

        Without a photo's own key the octaves' part is missing, and the variance less.
        """
        message = Message(self.payload, max(size))
        codeword = encode(message.to_bits())
        parts = [
            (pilot()[0], pilot()[1] * SHARES["pilot"] ** 0.5),
            (
                payload_lines(),
                Spreading.by(self.group).coefficients(codeword) * SHARES["payload"] ** 0.5,
            ),
        ]
        if self.photo:
            share = (SHARES["octaves"] / len(OCTAVES)) ** 0.5
            parts += [
                (octave_lines(octave), octave_coefficients(octave, self.photo) * share)
                for octave in range(len(OCTAVES))
            ]
        return plane_of(parts, size)


def plane_of(parts: list[tuple[Lines, Complex]], size: tuple[int, int]) -> Plane:
    """Sum lines into a plane that covers a photo of (height, width) pixels.

    Sample n lies at (n + ½)/1536 of the longer side.
    """
    spectrum = np.zeros((GRID, GRID // 2 + 1), np.complex64)
    for lines, coefficients in parts:
        _add(spectrum, lines, coefficients)
    extent = (size[0] * GRID / max(size), size[1] * GRID / max(size))
    rows, columns = (np.arange(-MARGIN, int(np.ceil(side)) + MARGIN) % GRID for side in extent)
    down = np.fft.ifft(spectrum, axis=0)[rows]
    samples = np.fft.irfft(down, GRID, axis=1)[:, columns] * np.float32(GRID**2)
    return Plane(samples.astype(np.float32), extent, (MARGIN, MARGIN))


def _add(spectrum: NDArray[np.complex64], lines: Lines, coefficients: Complex) -> None:
    """Put lines into a half spectrum, whose first column also holds their mirror image."""
    at_centres = np.exp(1j * np.pi / GRID * (lines.rows + lines.columns))
    values = coefficients * at_centres
    spectrum[lines.rows % GRID, lines.columns] += values
    first = lines.columns == 0
    spectrum[-lines.rows[first] % GRID, 0] += np.conj(values[first])
