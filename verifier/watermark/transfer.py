"""How much of a known watermark is left, by place and frequency: the transfer of what was done.

A mark that is known measures what happened to it (Kundur & Hatzinakos, IEEE Trans. Multimedia
2001). The pattern is laid as the camera would have laid it. In windows, its spectrum is compared
with the picture's, weighed by what the picture itself holds there. What the received file's own
JPEG took of it is measured with a second pattern, and so is known as well.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from verifier.features.box_mean import box_mean
from verifier.watermark.jpeg_loss import left_by_rounding
from verifier.watermark.place import Array, Place
from verifier.watermark.reader import WatermarkReading
from verifier.watermark.whitening import LONGER_SIDE as READ_SIDE
from verifier.watermark.whitening import (
    WINDOW,
    floor,
    luma_of,
    scaled_down,
    smoothed_power,
    window_means,
    window_spectra,
)
from watermark.embedding import Part, octave_part, payload_part, pilot_part, plane_of
from watermark.keys import KEY_BYTES, GroupKey, PhotoKey
from watermark.pattern import OCTAVES, OPERATING_POINT
from watermark.payload import Message

LONGER_SIDE = 1600
"""Samples of a picture's longer side while its watermark is measured; smaller ones stay."""
FINE_SIDE = 2600
"""Pixels of a picture's longer side from which JPEG takes next to nothing of the watermark."""
EDGES = (36, 51, 72, 88, 102, 123, 144, 173, 204, 245, 288, 340, 400, 480, 576)
"""Of the bands, cycles across the photo's longer side."""
BANDS = tuple(pairwise(EDGES))
BLIND_BANDS = 12
"""So many of the bands, the coarser ones, hold lines of the payload."""
# The camera's strength, in units of its operating point, by how much fine detail lies around a
# place. Gradients and blurred edges don't count: taken for texture, they make patterns of their own
# of what is laid, and fine lines seem fainter than coarse ones, by photo.
LEAST, MOST, FLAT, RISE = 0.6, 2.5, 0.5, 0.28
FINE, AROUND = 3, 5  # samples, of what is no detail, and of what lies around
DARKEST, BRIGHTEST = 3, 252  # levels beyond which a pattern is cut off
EXTREME = 0.005  # of a picture, what is darkest and brightest: cut off if it was faded later
AT_ONE = 3  # levels beside them that count as cut off, too
OTHER = bytes(KEY_BYTES)  # the key of the second pattern, which no camera lays


Spectra = tuple[NDArray[np.complexfloating], ...]
"""Of windows: (columns, 128, 65) for each row of them."""


@dataclass(frozen=True)
class Transfer:
    """What was found of a watermark, in overlapping windows of 128 samples, upright.

    Attributes
    ----------
    found
        (rows, columns, bands) float32, the picture's correlation with what was laid.
    laid
        The same if all of it were left; the larger, the surer. 0 where nothing known was laid.
    kept
        The same less what the received file's JPEG took of it, and what lay where it is black or
        white, or what became of them by a change of tone, and nothing can be added.
    left
        (bands,) what the received file's JPEG leaves of it, from 0 to 1.
    texture
        (rows, columns) how strongly it was laid, on average, which rises with the texture there.
    received
        Pixels of the received picture to a longer side of the photo.
    longer_side
        Of the photo as it was developed, pixels.
    place
        Of the samples that were measured.
    samples
        How many rows and columns of them there are, upright.
    """

    found: Array
    laid: Array
    kept: Array
    left: Array
    texture: Array
    received: float
    longer_side: int
    place: Place
    samples: tuple[int, int]

    @property
    def shares(self) -> NDArray[np.floating]:
        """(bands,) what is left of the whole picture's watermark; 1 is all, NaN is not known."""
        found, laid = self.found.sum((0, 1)), self.laid.sum((0, 1))
        unknown = np.full(len(laid), np.nan)
        shares: NDArray[np.floating] = np.divide(found, laid, out=unknown, where=laid > 0)
        return shares


def measure_transfer(
    picture: NDArray[np.uint8],
    reading: WatermarkReading,
    group: GroupKey,
    photo: PhotoKey | None = None,
    steps: Sequence[int] | None = None,
) -> Transfer:
    """Measure what is left of a watermark that was read.

    Parameters
    ----------
    picture
        (H, W, 3) uint8, that of the reading.
    group
        The key that read it.
    photo
        The photo's own key; without it the payload alone is measured.
    steps
        64 quantisation steps of luma, by rows, of the JPEG file that was decoded; None: another
        file, of whose losses nothing is known.

    Raises
    ------
    ValueError
        If no payload was read.
    """
    if reading.payload is None or reading.place is None or reading.longer_side is None:
        raise ValueError("what is left is measured of a watermark that was read")
    message = Message(reading.payload, reading.longer_side)
    luma = luma_of(picture)
    seen = _Seen.of(luma, reading.place)
    bands = len(BANDS) if photo else BLIND_BANDS
    found, laid = seen.compared(seen.spectra, _parts(message, group, photo), bands)
    left, kept = np.ones(len(BANDS), np.float32), laid
    if steps and max(luma.shape) < FINE_SIDE:
        other = _parts(message, GroupKey(OTHER), PhotoKey(OTHER) if photo else None)
        after = left_by_rounding(luma, steps, seen.as_received(other, luma))
        kept, whole = seen.compared(_of_noise(seen.upright(after)), other, bands)
        left[:bands] = (kept.sum((0, 1)) / np.maximum(whole.sum((0, 1)), 1e-9))[:bands]
    clipped = window_means(_cut_off(seen.sampled).astype(np.float32))
    kept = kept * (1 - clipped)[..., None]
    texture = window_means(seen.strength)
    steps_ = sum(seen.place.steps) / 2 * max(seen.sampled.shape) / max(luma.shape)
    height, width = seen.sampled.shape
    return Transfer(
        found, laid, kept, left, texture, 1 / steps_, reading.longer_side, seen.place,
        (height, width),
    )  # fmt: skip


def _cut_off(luma: Array) -> NDArray[np.bool_]:
    """Return where (H, W) levels are black or white: of a picture that was faded, its own."""
    darkest, brightest = np.quantile(luma, (EXTREME, 1 - EXTREME))
    least, most = max(DARKEST, darkest + AT_ONE), min(BRIGHTEST, brightest - AT_ONE)
    cut_off: NDArray[np.bool_] = (luma < least) | (luma > most)
    return cut_off


def _parts(message: Message, group: GroupKey, photo: PhotoKey | None) -> list[Part]:
    parts = [payload_part(message, group)]
    if photo:
        parts += [pilot_part(), *(octave_part(number, photo) for number in range(len(OCTAVES)))]
    return parts


@dataclass(frozen=True)
class _Seen:
    """A received picture, upright and at so many samples, and where they lie in the photo.

    Attributes
    ----------
    spectra
        Of its windows, a row of them at a time.
    gains
        What weighs them: the less the picture itself holds, the more.
    """

    sampled: Array
    place: Place
    strength: Array
    spectra: Spectra
    gains: tuple[Array, ...]

    @classmethod
    def of(cls, luma: Array, place: Place) -> "_Seen":
        sampled = np.ascontiguousarray(place.turn.undo(scaled_down(luma, LONGER_SIDE)))
        read = place.turn.undo(luma).shape
        factor = min(1.0, READ_SIDE / max(read))  # the place is that of samples that were read
        down, across = (
            max(1, round(side * factor)) / samples
            for side, samples in zip(read, sampled.shape, strict=True)
        )
        steps = (place.steps[0] * down, place.steps[1] * across)
        spectra = tuple(row for _, row in window_spectra(sampled))
        gains = tuple(np.float32(1) / (smoothed_power(row) + floor()) for row in spectra)
        placed = replace(place, steps=steps)
        return cls(sampled, placed, camera_strength(sampled), spectra, gains)

    def upright(self, received: Array) -> Array:
        """Turn a received (H, W) plane upright, and reduce it to the samples."""
        turned = self.place.turn.undo(scaled_down(received, LONGER_SIDE))
        return np.ascontiguousarray(turned)

    def as_received(self, parts: Sequence[Part], luma: Array) -> Array:
        """Lay parts into the received picture: (H, W) levels, as it lies."""
        shape = self.place.turn.undo(luma).shape
        down, across = (a / b for a, b in zip(self.sampled.shape, shape, strict=True))
        steps = (self.place.steps[0] * down, self.place.steps[1] * across)
        lines = laid_at(parts, replace(self.place, steps=steps), shape)
        size = (shape[1], shape[0])
        strength = Image.fromarray(self.strength).resize(size, Image.Resampling.BILINEAR)
        return self.place.turn.redo(lines * np.asarray(strength))

    def compared(self, seen: Spectra, parts: Sequence[Part], bands: int) -> tuple[Array, Array]:
        """Compare windows with parts as laid: found and laid, of the first so many bands."""
        laid = _of_noise(self.strength * laid_at(parts, self.place, self.sampled.shape))
        sums = np.stack(list(self._sums(seen, laid)))
        sums[..., bands:, :] = 0
        return sums[..., 0], sums[..., 1]

    def _sums(self, seen: Spectra, laid: Spectra) -> Iterator[Array]:
        """Yield (columns, bands, 2) found and laid, by rows of windows."""
        members = _members(self.place.steps)
        for row, pattern, gains in zip(seen, laid, self.gains, strict=True):
            found = (row.real * pattern.real + row.imag * pattern.imag) * gains
            expected = (pattern.real**2 + pattern.imag**2) * gains
            sums = [values.reshape(len(values), -1) @ members for values in (found, expected)]
            yield np.stack(sums, -1).astype(np.float32)


def _of_noise(plane: Array) -> Spectra:
    """Return the spectra of a (H, W) plane's windows that holds nothing coarse."""
    return tuple(row for _, row in window_spectra(plane, steep=False))


def laid_at(parts: Sequence[Part], place: Place, shape: tuple[int, ...]) -> Array:
    """Return lines at the samples of an upright (H, W) picture that lies somewhere in its photo."""
    height, width = shape
    span = (height * place.steps[0], width * place.steps[1])
    plane = plane_of(parts, (1, 1)).part(place.corner, span)
    return plane.window((height, width), slice(0, height), slice(0, width))


def camera_strength(luma: Array) -> Array:
    """Estimate how strongly the camera laid it at each place, in levels of 255."""
    detail = luma - box_mean(luma, FINE)
    texture = np.sqrt(box_mean(detail * detail, AROUND))
    strength = box_mean(np.clip(FLAT + RISE * texture, LEAST, MOST), AROUND)
    return np.float32(OPERATING_POINT) * strength


@lru_cache(maxsize=16)
def _members(steps: tuple[float, float]) -> Array:
    """Return which of a window's frequencies belong to which band: (N, bands) of 0 and 1."""
    down = np.fft.fftfreq(WINDOW)[:, None] / steps[0]
    across = np.fft.rfftfreq(WINDOW)[None] / steps[1]
    bands = np.digitize(np.hypot(down, across).ravel(), EDGES) - 1
    members: Array = (bands[:, None] == np.arange(len(BANDS))).astype(np.float32)
    return members
