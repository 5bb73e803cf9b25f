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
    spectrum = np.zeros((GRID, GRID // 2 + 1), np.complex64)
    for lines, coefficients in parts:
        _add(spectrum, lines, coefficients)
    spectrum *= _at_centres()
    extent = (size[0] * GRID / max(size), size[1] * GRID / max(size))
    rows, columns = (np.arange(-MARGIN, int(np.ceil(side)) + MARGIN) % GRID for side in extent)
    down = np.fft.ifft(spectrum, axis=0)[rows]
    samples = np.fft.irfft(down, GRID, axis=1)[:, columns] * np.float32(GRID**2)
    return Plane(samples.astype(np.float32), extent, (MARGIN, MARGIN))


def _add(spectrum: NDArray[np.complex64], lines: Lines, coefficients: Complex) -> None:
    """Put lines into a half spectrum, whose first column also holds their mirror image."""
    spectrum[lines.rows % GRID, lines.columns] += coefficients
    first = lines.columns == 0
    spectrum[-lines.rows[first] % GRID, 0] += np.conj(coefficients[first])


@cache
def _at_centres() -> NDArray[np.complex64]:
    """Return by what a half spectrum is turned so that samples lie at the middle of their cell."""
    rows, columns = np.fft.fftfreq(GRID, 1 / GRID), np.arange(GRID // 2 + 1)
    phase = np.pi / GRID * (rows[:, None] + columns)
    turns: NDArray[np.complex64] = np.exp(1j * phase).astype(np.complex64)
    return turns
