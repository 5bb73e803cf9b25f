"""How a picture lies in the photo that it is of: turned, mirrored, scaled, cut."""

from dataclasses import dataclass, replace
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from watermark.pattern import Complex, Lines

Array = NDArray[np.float32]
Floats = NDArray[np.floating]
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

    def of_upright(self, down: Floats, across: Floats) -> tuple[Floats, Floats]:
        """Turn frequencies of an upright picture into those of the received one."""
        down, across = down * (-1 if self.rows else 1), across * (-1 if self.columns else 1)
        return (across, down) if self.transpose else (down, across)

    def half_turned(self) -> "Turn":
        """Return what brings the same picture upright where it lies upside down."""
        return replace(self, rows=not self.rows, columns=not self.columns)

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
    slant
        Degrees by which the photo is turned clockwise in it, beside quarter turns: of a picture
        that somebody straightened. Steps and corner are those of the picture turned back.
    """

    turn: Turn
    steps: tuple[float, float]
    corner: tuple[float, float] = (0.0, 0.0)
    slant: float = 0.0

    def sized(self, step: float, pitch: tuple[float, float]) -> "Place":
        """Set the steps: so many longer sides a sample, times the pitch of received samples."""
        down, across = reversed(pitch) if self.turn.transpose else pitch
        return replace(self, steps=(step * down, step * across))

    def upright(self, plane: Array) -> Array:
        """Bring a received (H, W) plane upright, and level where it is slanted."""
        return levelled(np.ascontiguousarray(self.turn.undo(plane)), self.slant)

    def received(self, down: Floats, across: Floats) -> tuple[Floats, Floats]:
        """Turn frequencies of the upright, level picture into those of the received one."""
        return self.turn.of_upright(*slanted(down, across, self.slant))

    def changed(self, change: NDArray[np.float64], shape: tuple[int, ...]) -> "Place":
        """Stretch a (H, W) picture about its middle, down and across, then move it so."""
        steps = [step * (1 + by) for step, by in zip(self.steps, change[:2], strict=True)]
        corner = [
            at + by + side * (before - after) / 2
            for at, by, side, before, after in zip(
                self.corner, change[2:], shape, self.steps, steps, strict=True
            )
        ]
        return replace(self, steps=(steps[0], steps[1]), corner=(corner[0], corner[1]))

    def amplitudes(self, upright: Array, lines: Lines) -> Complex:
        """Correlate an upright (H, W) picture, slanted or not, with lines: (N,) complex."""
        down, across = self.waves(lines, upright.shape)
        amplitudes: Complex = np.einsum("hn,nh->n", products(upright, across), down)
        return amplitudes

    def lattice_amplitudes(self, level: Array, lines: Lines) -> Complex:
        """As `amplitudes`, of a level picture, for lines that share few rows and columns.

        It takes two matrix products.
        """
        rows, row_of = np.unique(lines.rows, return_inverse=True)
        columns, column_of = np.unique(lines.columns, return_inverse=True)
        down, across = self.level_waves(rows, columns, level.shape)
        amplitudes: Complex = (down @ products(level, across))[row_of, column_of]
        return amplitudes

    def waves(
        self, lines: Lines, shape: tuple[int, ...]
    ) -> tuple[NDArray[np.complex64], NDArray[np.complex64]]:
        """Return lines' conjugate waves down and across an upright picture: (N, H) and (N, W).

        The wave of a slanted line is a product of two, too: of other frequencies, whose phases are
        the same in the picture's middle.
        """
        if self.slant == 0:
            return self.level_waves(lines.rows, lines.columns, shape)
        steps = self.steps
        turned = slanted(lines.rows * steps[0], lines.columns * steps[1], self.slant)
        down, across = (
            _waves(frequency * (np.arange(side) + 0.5 - side / 2)[:, None] + line * middle).T
            for frequency, line, side, middle in zip(
                turned, (lines.rows, lines.columns), shape, self._middle(shape), strict=True
            )
        )
        return down, across

    def level_waves(
        self, rows: NDArray[np.int64], columns: NDArray[np.int64], shape: tuple[int, ...]
    ) -> tuple[NDArray[np.complex64], NDArray[np.complex64]]:
        """Return conjugate waves of so many cycles down and across a level picture, as `waves`."""
        return self._waves(0, rows, shape[0]), self._waves(1, columns, shape[1])

    def _middle(self, shape: tuple[int, ...]) -> tuple[float, float]:
        """Return where the middle of a (H, W) picture lies, in longer sides of the photo."""
        (top, left), (down, across) = self.corner, self.steps
        return top + shape[0] / 2 * down, left + shape[1] / 2 * across

    def _waves(self, axis: int, frequencies: NDArray[np.int64], side: int) -> NDArray[np.complex64]:
        """Return exp(−2πi·f·x) at every sample along an axis: (N, side)."""
        places = self.corner[axis] + (np.arange(side) + 0.5) * self.steps[axis]
        return _waves(np.outer(frequencies, places))


def _waves(turns: Floats) -> NDArray[np.complex64]:
    waves: NDArray[np.complex64] = np.exp(-2j * np.pi * turns).astype(np.complex64)
    return waves


def products(plane: Array, waves: NDArray[np.complex64]) -> Complex:
    """Multiply a real (H, W) plane by (N, W) waves: (H, N), in half the work of complex numbers."""
    both = plane @ np.concatenate([waves.real, waves.imag]).T
    product: Complex = both[:, : len(waves)] + 1j * both[:, len(waves) :]
    return product


def levelled(plane: Array, slant: float) -> Array:
    """Turn a (H, W) plane back about its middle by so many degrees; its shape stays.

    What was outside of it gets its mean.
    """
    if slant == 0:
        return plane
    image = Image.fromarray(plane)
    return np.asarray(image.rotate(slant, Image.Resampling.BICUBIC, fillcolor=float(plane.mean())))


def slanted(down: Floats, across: Floats, slant: float) -> tuple[Floats, Floats]:
    """Turn a level plane's frequencies into those of the slanted one."""
    sine, cosine = np.sin(np.deg2rad(slant)), np.cos(np.deg2rad(slant))
    return down * cosine + across * sine, across * cosine - down * sine
