"""From keys and a payload to the plane that a pipeline network lays into a photo."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
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

Part = tuple[Lines, Complex | NDArray[np.complex64]]
GRID = 1536
"""Samples across the longer side: the finest octave ends at three eighths of a cycle a sample."""
FINEST = OCTAVES[-1][1]  # cycles across the longer side
MARGIN = 4  # samples beyond each edge, for resampling
AT_ONCE = 2  # threads that transform; the plane is the same with any number


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
            pilot_part(),
            payload_part(Message(self.payload, max(size)), self.group),
        ]
        if self.photo:
            parts += [octave_part(octave, self.photo) for octave in range(len(OCTAVES))]
        return plane_of(parts, size)


def pilot_part() -> Part:
    """Return the public lines, at the power that they are laid with."""
    lines, coefficients = pilot()
    return lines, coefficients * SHARES["pilot"] ** 0.5


def payload_part(message: Message, group: GroupKey) -> Part:
    """Return the lines that carry a message, at the power that they are laid with."""
    coefficients = Spreading.by(group).coefficients(encode(message.to_bits()))
    return payload_lines(), coefficients * SHARES["payload"] ** 0.5


def octave_part(octave: int, photo: PhotoKey) -> Part:
    """Return a measuring octave's lines, at the power that they are laid with."""
    share = np.float32((SHARES["octaves"] / len(OCTAVES)) ** 0.5)
    return octave_lines(octave), octave_coefficients(octave, photo) * share


def plane_of(parts: Sequence[Part], size: tuple[int, int]) -> Plane:
    """Sum lines into a plane that covers a photo of (height, width) pixels.

    Sample n lies at (n + ½)/1536 of the longer side.
    """
    spectrum = np.zeros((GRID, FINEST + 1), np.complex64)  # above it there is nothing
    for lines, coefficients in parts:
        _add(spectrum, lines, coefficients)
    extent = (size[0] * GRID / max(size), size[1] * GRID / max(size))
    spectrum *= _at_centres()
    height, width = (int(np.ceil(side)) + 2 * MARGIN for side in extent)
    samples = np.empty((height, width), np.float32)
    with ThreadPoolExecutor(AT_ONCE) as pool:  # numpy's transforms run beside each other
        list(pool.map(_down, np.array_split(spectrum, AT_ONCE, axis=1)))
        kept = np.array_split(spectrum[np.arange(-MARGIN, height - MARGIN) % GRID], AT_ONCE)
        list(pool.map(_across, kept, np.array_split(samples, AT_ONCE)))
    return Plane(samples, extent, (MARGIN, MARGIN))


def _down(columns: NDArray[np.complex64]) -> None:
    """Transform a half spectrum's columns in place."""
    columns[:] = np.fft.ifft(columns, axis=0, norm="forward")


def _across(rows: NDArray[np.complex64], samples: NDArray[np.float32]) -> None:
    """Transform rows that are transformed down into samples, which begin before the photo."""
    whole = np.fft.irfft(rows, GRID, axis=1, norm="forward")
    samples[:, :MARGIN] = whole[:, -MARGIN:]
    inside = min(GRID, samples.shape[1] - MARGIN)
    samples[:, MARGIN : MARGIN + inside] = whole[:, :inside]
    samples[:, MARGIN + inside :] = whole[:, : samples.shape[1] - MARGIN - inside]


def _add(
    spectrum: NDArray[np.complex64], lines: Lines, coefficients: NDArray[np.complexfloating]
) -> None:
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
