"""Where a picture carries its photo's watermark, and where it lacks it.

A watermark that was read is known in every part of the photo. What a part of the picture holds of
it lies about what is expected there, or about zero where something else was put over it, painted or
blurred: the likelihood ratio of the two says which (Neyman & Pearson, Phil. Trans. A 231, 1933).
What is expected is learnt from the picture itself, from parts of like texture: an earlier
compression, which nobody knows, took as much of theirs. So where no part of such a texture has any
left, nothing is said.
"""

from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from verifier.features.even_border import LEAST, Borders
from verifier.watermark.place import Turn
from verifier.watermark.transfer import Transfer
from verifier.watermark.whitening import STEP

Floats = NDArray[np.float64]

SURE: Final = 5.0
"""Logarithm of the likelihood ratio from which a part is said to have the watermark, or to lack
it."""
BY_CHANCE: Final = 1.35
"""Deviation of what a window without the watermark seems to hold of it, over the root of what would
be laid there. Measured on design photographs with keys that were not theirs: 1.3 to 1.4."""
BY_CHANCE_AROUND: Final = 0.7
"""The same of a window and a part of those around it: 0.3 to 0.9."""
BELOW: Final = 1.0
"""Deviations under nothing down to which less of it speaks the more for its being missing. Where a
picture's own waves run against the watermark, in a part or two of a thousand, there is far less
than nothing, and that is as strange of a part that lacks it: an untouched photo of the sea was said
to be changed where the sun glitters."""
MIRRORED: Final = 2**0.5
UNEVEN: Final = 0.25
"""Of what is expected in a part, its deviation from one part to another of like texture."""
ALIKE: Final = 0.25
"""Share of the parts that are taken to be of like texture."""
LEAST_ALIKE: Final = 24
AROUND: Final = 0.005
"""Longer sides of the photo by which something lies around it."""
LEAST_EXPECTED: Final = 2.0
"""Deviations that a part would have, from which it helps to learn what is expected."""


@dataclass(frozen=True)
class WatermarkRegions:
    """What is known of each part of an upright picture.

    Attributes
    ----------
    evidence
        (rows, columns) logarithm of the likelihood ratio that the watermark is missing there: the
        higher, the surer. 0 where nothing is known.
    middles
        (rows, columns, 2) where a part's middle lies in the received picture: down and across, as
        shares of its height and width.
    side
        Of a part, as a share of the received picture's longer side.
    """

    evidence: NDArray[np.float32]
    middles: Floats
    side: float

    @property
    def lacking(self) -> NDArray[np.bool_]:
        """Which parts lack it."""
        return self.evidence >= SURE

    @property
    def having(self) -> NDArray[np.bool_]:
        """Which parts have it."""
        return self.evidence <= -SURE

    def inside_of(self, borders: Borders, shape: tuple[int, ...]) -> "WatermarkRegions":
        """Take back what is said of borders of one colour, of a received (H, W) picture."""
        height, width = shape[:2]
        reach = self.side * max(height, width)
        down, across = self.middles[..., 0] * height, self.middles[..., 1] * width
        covered = np.zeros(self.evidence.shape, np.bool_)
        for count, away in zip(borders, (down, height - down, across, width - across), strict=True):
            if count >= LEAST:
                covered |= away < count + reach
        return replace(self, evidence=np.where(covered, 0, self.evidence))


def regions_of(transfer: Transfer) -> WatermarkRegions:
    """Tell parts that have the watermark from parts that lack it.

    A part is a window, or a window and some of what stands around it: whichever says more. Of what
    may lie around the photo nothing is said.
    """
    found, laid, kept = (
        values.sum(-1, dtype=np.float64)
        for values in (transfer.found, transfer.laid, transfer.kept)
    )
    texture = transfer.texture
    alone = _evidence(found, laid, kept, BY_CHANCE, texture)
    wide = (_around(found), _around(laid), _around(kept))
    around = _evidence(*wide, BY_CHANCE_AROUND, texture)
    surer = np.where(np.abs(alone) > np.abs(around), alone, around)
    known = np.logical_and.outer(*_within_photo(transfer, surer.shape))
    side = STEP / max(transfer.samples)
    middles = _middles(surer.shape, transfer.samples, transfer.place.turn)
    return WatermarkRegions(np.where(known, surer, 0).astype(np.float32), middles, side)


def _within_photo(
    transfer: Transfer, windows: tuple[int, ...]
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Return which rows and which columns of windows surely lie within the photo.

    How long the photo's shorter side is isn't known, so what lies beyond one end of a side is taken
    to lie beyond the other, too.
    """
    place = transfer.place
    within = []
    for count, corner, step, samples in zip(
        windows, place.corner, place.steps, transfer.samples, strict=True
    ):
        end = corner + step * samples
        beyond = max(-corner, end - 1)
        at = corner + STEP * step * np.arange(count)
        reach = STEP * step
        inside = (at >= corner + beyond + reach) & (at <= end - beyond - reach)
        within.append(inside if beyond > AROUND else np.ones(count, np.bool_))
    return within[0], within[1]


def _middles(parts: tuple[int, ...], samples: tuple[int, int], turn: Turn) -> Floats:
    """Return where the middles of windows lie in the received picture."""
    down, across = (
        np.minimum(STEP * np.arange(count) / side, 1)
        for count, side in zip(parts, samples, strict=True)
    )
    down, across = 1 - down if turn.rows else down, 1 - across if turn.columns else across
    middles = np.stack(np.meshgrid(down, across, indexing="ij"), axis=-1)
    return middles[..., ::-1] if turn.transpose else middles


def _evidence(
    found: Floats, laid: Floats, kept: Floats, by_chance: float, texture: NDArray[np.floating]
) -> Floats:
    """Return the logarithms of the likelihood ratios that nothing is there."""
    chance = by_chance * _mirrored(laid.shape) * np.sqrt(np.maximum(laid, 1e-9))
    measured, whole = found / chance, np.maximum(kept, 0) / chance
    expected = whole * _shares(measured, whole, texture)
    measured = np.maximum(measured, -BELOW)
    spread = 1 + np.square(UNEVEN * expected)
    ratio = np.square(measured - expected) / spread + np.log(spread) - np.square(measured)
    evidence: Floats = np.where(expected > 0, ratio / 2, 0)
    return evidence


def _mirrored(windows: tuple[int, ...]) -> Floats:
    """Return by how much more chance does in each window: those at the edges are half a mirror.

    What they hold counts twice, so its deviation is twice that of a half and not its root.
    """
    down, across = (np.ones(count) for count in windows)
    down[[0, -1]], across[[0, -1]] = MIRRORED, MIRRORED
    return np.outer(down, across)


def _shares(measured: Floats, whole: Floats, texture: NDArray[np.floating]) -> Floats:
    """Return which share of the watermark parts of like texture have left, of each: 0 to 1."""
    known = (whole >= LEAST_EXPECTED).ravel()
    shares = np.zeros(whole.size)
    if np.count_nonzero(known) >= LEAST_ALIKE:
        order = np.flatnonzero(known)[np.argsort(texture.ravel()[known], kind="stable")]
        ratios = (measured / np.maximum(whole, 1e-9)).ravel()[order]
        span = max(LEAST_ALIKE, round(ALIKE * len(order)))
        starts = np.clip(np.arange(len(order)) - span // 2, 0, len(order) - span)
        alike = np.lib.stride_tricks.sliding_window_view(ratios, span)
        shares[order] = np.median(alike, axis=-1)[starts]
    return np.clip(shares, 0, 1.5).reshape(whole.shape)


def _around(values: Floats) -> Floats:
    """Average with the eight neighbours, nearer ones more."""
    padded = np.pad(values, 1, mode="edge")
    down = padded[:-2] + 2 * padded[1:-1] + padded[2:]
    mean: Floats = (down[:, :-2] + 2 * down[:, 1:-1] + down[:, 2:]) / 16
    return mean
