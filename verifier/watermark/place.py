"""How a picture lies in the photo that it is of: turned, mirrored, scaled, cut."""

from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from watermark.pattern import Complex, Lines

Array = NDArray[np.float32]
Scalar = TypeVar("Scalar", bound=np.generic)


@dataclass(frozen=True)
class Turn:
    """One of the eight ways to lay a picture.

    Attributes
    ----------
    transpose, rows, columns
        What brings a received picture upright: rows and columns exchanged first, then the order
        of rows, of columns reversed.
    """

    transpose: bool = False
    rows: bool = False
    columns: bool = False

    def undo(self, picture: NDArray[Scalar]) -> NDArray[Scalar]:
        """Bring a received (H, W) or (H, W, 3) picture upright, as a view."""
        swapped = picture.swapaxes(0, 1) if self.transpose else picture
        return swapped[:: -1 if self.rows else 1, :: -1 if self.columns else 1]

    def redo(self, picture: NDArray[Scalar]) -> NDArray[Scalar]:
        """Lay an upright picture as the received one lies, as a view."""
        reversed_ = picture[:: -1 if self.rows else 1, :: -1 if self.columns else 1]
        return reversed_.swapaxes(0, 1) if self.transpose else reversed_

    @property
    def mirrored(self) -> bool:
        """Whether the received picture is the photo mirrored left to right, turned afterwards."""
        return self.transpose ^ self.rows ^ self.columns

    @property
    def degrees(self) -> int:
        """How far the received picture is turned clockwise."""
        photo = np.arange(6, dtype=np.float32).reshape(2, 3)
        for quarters in range(4):
            received = np.rot90(np.fliplr(photo) if self.mirrored else photo, -quarters)
            if np.array_equal(self.undo(received), photo):
                return 90 * quarters
        raise AssertionError("one of four quarter turns undoes each of the eight")


TURNS = tuple(Turn(t, r, c) for t in (False, True) for r in (False, True) for c in (False, True))


@dataclass(frozen=True)
class Place:
    """Where the samples of an upright picture lie in the photo.

    Attributes
    ----------
    turn
        What brought it upright.
    steps
        From a row, from a column to the next, in longer sides of the photo.
    corner
        Where its top left corner lies, down and across, in longer sides of the photo.
    """

    turn: Turn
    steps: tuple[float, float]
    corner: tuple[float, float] = (0.0, 0.0)

    def changed(self, change: NDArray[np.float64], shape: tuple[int, ...]) -> "Place":
        """Stretch a (H, W) picture about its middle, down and across, then move it so."""
        steps = [step * (1 + by) for step, by in zip(self.steps, change[:2], strict=True)]
        corner = [
            at + by + side * (before - after) / 2
            for at, by, side, before, after in zip(
                self.corner, change[2:], shape, self.steps, steps, strict=True
            )
        ]
        return Place(self.turn, (steps[0], steps[1]), (corner[0], corner[1]))

    def amplitudes(self, upright: Array, lines: Lines) -> Complex:
        """Correlate an upright (H, W) picture with lines, each by itself: (N,) complex."""
        down, across = self.waves(lines, upright.shape)
        amplitudes: Complex = np.einsum("hn,hn->n", upright @ across.T, down.T)
        return amplitudes

    def lattice_amplitudes(self, upright: Array, lines: Lines) -> Complex:
        """As `amplitudes`, for lines that share few rows and columns: by two matrix products."""
        rows, row_of = np.unique(lines.rows, return_inverse=True)
        columns, column_of = np.unique(lines.columns, return_inverse=True)
        down = self._waves(0, rows, upright.shape[0])
        across = self._waves(1, columns, upright.shape[1])
        amplitudes: Complex = (down @ (upright @ across.T))[row_of, column_of]
        return amplitudes

    def waves(
        self, lines: Lines, shape: tuple[int, ...]
    ) -> tuple[NDArray[np.complex64], NDArray[np.complex64]]:
        """Return lines' conjugate waves down and across a picture: (N, H) and (N, W)."""
        return self._waves(0, lines.rows, shape[0]), self._waves(1, lines.columns, shape[1])

    def _waves(self, axis: int, frequencies: NDArray[np.int64], side: int) -> NDArray[np.complex64]:
        """Return exp(−2πi·f·x) at every sample along an axis: (N, side)."""
        places = self.corner[axis] + (np.arange(side) + 0.5) * self.steps[axis]
        waves: NDArray[np.complex64] = np.exp(-2j * np.pi * np.outer(frequencies, places)).astype(
            np.complex64
        )
        return waves
