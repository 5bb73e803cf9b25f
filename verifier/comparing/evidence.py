"""How improbable a difference is at each place, given the noise that untouched copies have.

The difference of received and predicted picture is split into three bands, in luma and in both
colour differences. In each its energy around a pixel is held against the noise there: what
compression, the reference's own compression, resampling and a registration a little off leave. This
noise grows with the texture around, and is taken from the picture itself, most of which is
untouched; but never much above what copies of other photographs had.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from verifier.comparing.laying import Array
from verifier.features.box_mean import box_mean

FINE, COARSE = 3, 9  # pixels: sides of the means that part the bands
AROUND = 9  # pixels: side of the square over which energy is averaged
LEAST_SEEN = 0.6  # of such a square
QUIETEST = 0.05  # levels²
EACH = 2  # pixels: energies are averaged over more, so one in so many says what noise is
BINS = 14  # of texture, in each of which the median energy is noise
TEXTURES = np.array([-0.5, 1.3, 3.7, 4.9, 5.9, 6.8])
"""Logarithm of the texture's energy in levels², for `USUAL`."""
MOST_ABOVE, MOST_BELOW = 1.6, 0.5
"""Noise is within such a factor's logarithm of the usual one."""

UNSURE = 0.2
"""Of what tone and sharpness changed: so much of it a fitted curve may miss at a place."""
COARSE_BAND = 2
CAREFUL, STRONG = 0.5, 5.0
"""Limits are so much higher where filters moved the picture by so many levels, or more."""
FILTERED, UNLIKE, UNSEEN = 0.3, 0.3, 0.9
"""Of `STRONG`: from there a part differs only where its structure does, by so much of SSIM's."""
STRUCTURE = 58.5  # levels², SSIM's second constant (Wang et al. 2004)
CLIPPED, CLIPPED_FROM, NEAR_CLIP = 0.15, 4.0, 3.0
"""Of the texture's deviation, where tone moved a place by so many levels near black or white."""

RGB_TO_YCBCR = np.array(
    [[0.299, 0.587, 0.114], [-0.168736, -0.331264, 0.5], [0.5, -0.418688, -0.081312]], np.float32
)


@dataclass(frozen=True)
class Band:
    """A band of a channel.

    Attributes
    ----------
    channel
        0 luma, 1 blue difference, 2 red difference.
    number
        0 fine, 1 middle, 2 coarse.
    usual
        Logarithm of the noise at `TEXTURES`: the median over untouched copies.
    limit
        Logarithm of energy over noise that no place of untouched copies reached.
    """

    channel: int
    number: int
    usual: tuple[float, ...]
    limit: float


# Measured on untouched copies of design photographs after platforms and chains of two.
BANDS = (
    Band(0, 0, (-1.28, -0.86, 0.13, 0.72, 1.1, 1.5), 3.2),
    Band(0, 1, (-2.1, -2.05, -1.84, -1.54, -1.43, -1.26), 3.0),
    Band(0, 2, (-2.7, -2.7, -2.65, -2.61, -2.6, -2.58), 3.4),
    Band(1, 1, (-2.27, -1.1, -0.24, 0.34, 0.63, 0.7), 3.7),
    Band(1, 2, (-2.61, -2.34, -2.13, -1.54, -1.49, -1.49), 3.7),
    Band(2, 1, (-2.06, -1.26, -0.57, -0.11, 0.26, 0.45), 3.7),
    Band(2, 2, (-2.44, -2.31, -2.18, -1.74, -1.67, -1.64), 3.7),
)


@dataclass(frozen=True)
class Evidence:
    """What speaks for a difference.

    Attributes
    ----------
    score
        (h, w): 1 and more where untouched copies never are; 0 is the usual noise.
    compared
        (h, w), whether a place could be compared.
    texture
        (h, w): energy of luma's detail that the prediction has, levels².
    """

    score: Array
    compared: NDArray[np.bool_]
    texture: Array


def evidence_of(
    received: Array, predicted: Array, reference: Array, seen: NDArray[np.bool_]
) -> Evidence:
    """Hold a received picture against its prediction.

    Parameters
    ----------
    received, predicted, reference
        (h, w, 3) levels on one grid. How far the prediction is from the reference says how much
        tone and sharpness were changed, and how unsure the prediction is.
    seen
        (h, w), where there is a received picture.
    """
    part = box_mean(seen.astype(np.float32), AROUND)
    compared = part > LEAST_SEEN
    difference = np.where(seen[..., None], (received - predicted) @ RGB_TO_YCBCR.T, 0)
    shown = predicted @ RGB_TO_YCBCR.T
    weight = np.maximum(part, LEAST_SEEN / 2)

    def energy(values: Array) -> Array:
        return box_mean(np.where(seen, values * values, 0), AROUND) / weight

    detail = [[energy(band) for band in _bands(shown[..., c])[:2]] for c in range(3)]
    luma = detail[0][0] + detail[0][1]
    textures = [np.log(luma + 0.5), np.log(luma + detail[1][1] + detail[2][1] + 0.5)]
    parts = [_bands(difference[..., c]) for c in range(3)]
    moved = (predicted - reference) @ RGB_TO_YCBCR.T
    clipped = _clipped(predicted, moved)
    unsure = [[energy(band) for band in _bands(moved[..., c])] for c in range(3)]
    score = np.zeros(seen.shape, np.float32)
    if compared.any():
        for band in BANDS:
            found = np.log(energy(parts[band.channel][band.number]) + QUIETEST)
            noise = _noise(found, textures[min(band.channel, 1)], compared, band)
            fine, middle, coarse = unsure[band.channel]
            error = (coarse + middle if band.number == COARSE_BAND else middle + fine) * UNSURE**2
            above = found - np.log(np.exp(noise) + error + clipped)
            score = np.maximum(score, above / band.limit)
    strong = min(1.0, float(np.abs(moved[seen]).mean()) / STRONG) if seen.any() else 0.0
    score /= 1 + CAREFUL * strong
    if strong > FILTERED:
        other = _unlike(received @ RGB_TO_YCBCR[0], predicted @ RGB_TO_YCBCR[0]) > UNLIKE
        score = np.where(other, score, np.minimum(score, UNSEEN))
    return Evidence(np.where(compared, score, 0).astype(np.float32), compared, luma)


def _bands(values: Array) -> tuple[Array, Array, Array]:
    fine, coarse = box_mean(values, FINE), box_mean(values, COARSE)
    return values - fine, fine - coarse, coarse


def _unlike(one: Array, other: Array) -> Array:
    """Return 1 less SSIM's term of contrast and structure: 0 where two pictures have the same."""
    means = box_mean(one, AROUND), box_mean(other, AROUND)
    powers = box_mean(one * one, AROUND) + box_mean(other * other, AROUND)
    variances = powers - means[0] ** 2 - means[1] ** 2
    covariance = box_mean(one * other, AROUND) - means[0] * means[1]
    unlike: Array = 1 - (2 * covariance + STRUCTURE) / (variances + STRUCTURE)
    return unlike


def _clipped(predicted: Array, moved: Array) -> Array:
    """Return how unsure a mean is that tone has pushed against black or white, levels².

    Texture is clipped before it is averaged, so its mean is not what the mean's curve gives.
    """
    spread = np.zeros(predicted.shape[:2], np.float32)
    for c in range(3):
        values = predicted[..., c]
        mean = box_mean(values, COARSE)
        variance = np.maximum(box_mean(values * values, COARSE) - mean * mean, 0)
        deviation = np.sqrt(variance) + NEAR_CLIP
        near = (mean + 2 * deviation > 255) | (mean - 2 * deviation < 0)
        spread = np.maximum(spread, np.where(near, deviation, 0))
    changed = np.abs(box_mean(moved[..., 0], COARSE)) > CLIPPED_FROM
    error: Array = np.where(changed, np.square(CLIPPED * spread), 0)
    return error


def _noise(
    found: Array, texture: Array, compared: NDArray[np.bool_], band: Band
) -> NDArray[np.floating]:
    """Return the logarithm of a band's noise by texture: the median among places alike."""
    some = compared[::EACH, ::EACH]
    textures, values = texture[::EACH, ::EACH][some], found[::EACH, ::EACH][some]
    if not len(values):
        textures, values = texture[compared], found[compared]
    edges = np.quantile(textures, np.linspace(0, 1, BINS + 1))
    number = np.clip(np.searchsorted(edges, textures, side="right") - 1, 0, BINS - 1)
    medians = [
        float(np.median(values[number == n])) if (number == n).any() else -np.inf
        for n in range(BINS)
    ]
    rising = np.maximum.accumulate(np.maximum(medians, np.log(QUIETEST)))
    own = np.interp(texture, (edges[1:] + edges[:-1]) / 2, rising)
    usual = np.interp(texture, TEXTURES, band.usual)
    noise: NDArray[np.floating] = np.clip(own, usual - MOST_BELOW, usual + MOST_ABOVE)
    return noise
