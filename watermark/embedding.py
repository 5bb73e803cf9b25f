"""From keys and a payload to the plane that a pipeline network lays into a photo."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

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

Part = tuple[Lines, Complex]
GRID = 1536
"""Samples across the longer side: the finest octave ends at three eighths of a cycle a sample."""
FINEST = OCTAVES[-1][1]  # cycles across the longer side
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
        parts = [
            (pilot()[0], pilot()[1] * SHARES["pilot"] ** 0.5),
            payload_part(Message(self.payload, max(size)), self.group),
        ]
        if self.photo:
            parts += [octave_part(octave, self.photo) for octave in range(len(OCTAVES))]
        return plane_of(parts, size)


def payload_part(message: Message, group: GroupKey) -> Part:
    """Return the lines that carry a message, at the power that they are laid with."""
    coefficients = Spreading.by(group).coefficients(encode(message.to_bits()))
    return payload_lines(), coefficients * SHARES["payload"] ** 0.5


def octave_part(octave: int, photo: PhotoKey) -> Part:
    """Return a measuring octave's lines, at the power that they are laid with."""
    share = (SHARES["octaves"] / len(OCTAVES)) ** 0.5
    return octave_lines(octave), octave_coefficients(octave, photo) * share


def plane_of(parts: Sequence[Part], size: tuple[int, int]) -> Plane:
    """Sum lines into a plane that covers a photo of (height, width) pixels.

    Sample n lies at (n + ½)/1536 of the longer side.
    """
    spectrum = np.zeros((GRID, FINEST + 1), np.complex64)  # above it there is nothing
    for lines, coefficients in parts:
        _add(spectrum, lines, coefficients)
    extent = (size[0] * GRID / max(size), size[1] * GRID / max(size))
    rows, columns = (np.arange(-MARGIN, int(np.ceil(side)) + MARGIN) % GRID for side in extent)
    spectrum *= _at_centres()
    down = np.fft.ifft(spectrum, axis=0, norm="forward")[rows]
    samples = np.fft.irfft(down, GRID, axis=1, norm="forward")[:, columns]
    return Plane(samples.astype(np.float32, copy=False), extent, (MARGIN, MARGIN))


def _add(spectrum: NDArray[np.complex64], lines: Lines, coefficients: Complex) -> None:
    """Put lines into a half spectrum, whose first column also holds their mirror image.

    Parts share no line.
    """
    spectrum[lines.rows, lines.columns] = coefficients  # rows under 0 count from the end
    first = lines.columns == 0
    spectrum[-lines.rows[first], 0] = np.conj(coefficients[first])


@cache
def _at_centres() -> NDArray[np.complex64]:
    """Return what moves a half spectrum from samples' corners to their centres."""
    cycles = np.fft.fftfreq(GRID, 1 / GRID)
    rows, columns = (np.exp(1j * np.pi / GRID * one) for one in (cycles, np.arange(FINEST + 1)))
    return np.outer(rows, columns).astype(np.complex64)
