"""How much of a camera's watermark JPEG's rounding left in a coefficient, by maximum likelihood.

Rounding swallows a watermark that is weaker than half a step wherever the picture's own texture
doesn't lift it over the edge, so the mean of rounded coefficients says as much of the texture as of
the watermark. Here both are fitted at once to how often each level stands at each place of the
watermark's period: the texture as a Laplacian (E. Y. Lam, J. W. Goodman, *A mathematical analysis
of the DCT coefficient distributions for images*, IEEE Transactions on Image Processing 9(10), 2000)
of its own width in each of many ranges of activity, the watermark as what shifts it.
"""

from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from verifier.features.box_mean import box_mean

Array = NDArray[np.float64]
Vector = NDArray[np.float32]

_SIDE: Final = 8
# Levels that are distinguished on either side of zero.
_MOST_LEVEL: Final = 6
_LEVELS: Final = 2 * _MOST_LEVEL + 1
# A range of activity holds this share of the blocks that are as active or more, until no more than
# about so many are left, which are the last: few blocks of a smooth picture are textured, and those
# say most.
_SHARE, _LEAST_LEFT = 0.15, 400
# Of the watermark as the camera embedded it; widths of the texture in steps; spreads of its
# logarithm within a range.
_AMPLITUDES: Final = np.linspace(-0.5, 2.5, 31)
_WIDTHS: Final = np.geomspace(1 / 80, 10, 40)
_SPREADS: Final = (0.0, 0.5)
_NODES, _WEIGHTS = (np.array(rule) for rule in np.polynomial.hermite_e.hermegauss(5))
# Places of the period where the watermark is about as strong are counted together.
_STRENGTHS: Final = 6
# A step is looked for in values beyond what 8 bits of the pixels leave uncertain, of the most
# textured blocks: rounding to 8 bits makes 16 of each 18 that stands alone in its block.
_UNCERTAIN: Final = 3.0
_LEAST_VALUES: Final = 12
_MOST_VALUES: Final = 1000
_LARGEST_STEP: Final = 120
_IN_PHASE: Final = 0.6
# Finer steps than this are taken together: texture dithers them.
_FINEST_STEP: Final = 4.0
_LEAST_PROBABILITY: Final = 1e-9
# Keeps the logarithm of a share of zero finite.
_LEAST_FILLED: Final = 1e-4


@dataclass(frozen=True)
class Blocks:
    """A picture's blocks, and which of them show all of a watermark.

    Attributes
    ----------
    coefficients
        (rows · columns, 63), without the mean, in levels.
    shape
        Rows and columns of blocks.
    kept
        (rows · columns,): not those that are black or burnt out, where a watermark is cut off.
    """

    coefficients: Vector
    shape: tuple[int, int]
    kept: NDArray[np.bool_]

    @cached_property
    def sizes(self) -> Vector:
        """Of the coefficients, by coefficient: (63, rows · columns)."""
        sizes: Vector = np.abs(self.coefficients.T, order="C")
        return sizes

    @cached_property
    def busiest(self) -> NDArray[np.int64]:
        """Those kept, the most textured first."""
        places = np.flatnonzero(self.kept)
        energy = np.square(self.coefficients).sum(axis=1)[places]
        return places[np.argsort(-energy, kind="stable")]


@dataclass(frozen=True)
class Amplitude:
    """What is left of a watermark in one coefficient.

    Attributes
    ----------
    value
        1 is all of it, 0 none; -0.5 to 2.5.
    sureness
        One over its deviation.
    evidence
        Natural logarithm of the likelihood ratio to no watermark.
    width
        Of the texture in steps of ``step``: mean logarithm over the ranges of activity.
    step
        To which the coefficient was rounded, in levels; 4 and more.
    filled
        Natural logarithm of the share of blocks where the coefficient isn't zero.
    second
        Natural logarithm of how many levels of two there are to one of one.
    last
        Share of the blocks where it isn't zero that are in the most active range. These three say
        how far the texture is from a Laplacian, and so by how much ``value`` is too high or low.
    """

    value: float
    sureness: float
    evidence: float
    width: float
    step: float
    filled: float
    second: float
    last: float


def amplitude(blocks: Blocks, embedded: NDArray[np.floating], place: int) -> Amplitude:
    """Fit what is left of a watermark in one coefficient.

    Parameters
    ----------
    blocks
        Of a picture.
    embedded
        (period, period): the coefficient of the watermark as embedded at each block of its period.
    place
        Of the coefficient, 0 to 62.
    """
    step = _step(blocks.coefficients[blocks.busiest, place])
    strengths, group = _grouped(embedded)
    counts = _counts(blocks, embedded, place, step, group)
    best = max(
        (_profile(counts, step, tuple(strengths), spread) for spread in _SPREADS),
        key=lambda fit: float(fit[0].max()),
    )
    profile, width = best
    none = int(np.abs(_AMPLITUDES).argmin())
    found = int(profile.argmax()) if counts.any() else none
    middle = int(np.clip(found, 1, len(_AMPLITUDES) - 2))
    below, here, above = profile[middle - 1 : middle + 2]
    bend = min(above + below - 2 * here, -1e-9)
    apart = _AMPLITUDES[1] - _AMPLITUDES[0]
    shift = np.clip((below - above) / (2 * bend), -1, 1)
    return Amplitude(
        value=float(_AMPLITUDES[middle] + apart * shift),
        sureness=float(np.sqrt(-bend) / apart),
        evidence=float(profile.max() - profile[none]),
        width=float(width[middle]),
        step=step,
        **_shape(counts),
    )


def _shape(counts: Array) -> dict[str, float]:
    by_range = counts.reshape(len(counts), -1, _LEVELS).sum(axis=1)
    levels = by_range.sum(axis=0)
    one, two = (levels[_MOST_LEVEL - i] + levels[_MOST_LEVEL + i] for i in (1, 2))
    filled = by_range.sum(axis=1) - by_range[:, _MOST_LEVEL]
    return {
        "filled": float(np.log(filled.sum() / max(1, levels.sum()) + _LEAST_FILLED)),
        "second": float(np.log((two + 1) / (one + 1))),
        "last": float(filled[-1] / max(1, filled.sum())),
    }


def _step(values: Vector) -> float:
    """Find the largest step whose multiples the first values are; at least `_FINEST_STEP`."""
    sizes = np.abs(values[np.abs(values) > _UNCERTAIN])[:_MOST_VALUES].astype(np.float64)
    step = 1.0
    if len(sizes) >= _LEAST_VALUES:
        largest = min(_LARGEST_STEP, int(np.median(sizes)) + 4)
        steps = np.arange(3, max(5, largest))
        phase = np.cos(2 * np.pi * sizes / steps[:, None]).mean(axis=1)
        fitting = np.flatnonzero(phase > _IN_PHASE * max(float(phase.max()), 0.7))
        if len(fitting):
            best = int(fitting[-1])
            while best > 0 and phase[best - 1] >= phase[best]:
                best -= 1
            step = float(steps[best])
    together = 1  # odd, so that edges of the coarser steps are edges of the finer ones
    while together * step < _FINEST_STEP:
        together += 2
    return together * step


def _grouped(embedded: NDArray[np.floating]) -> tuple[Array, NDArray[np.int64]]:
    """Group places by the watermark's strength: each group's mean strength, each place's group."""
    strengths = np.abs(embedded).ravel()
    edges = strengths.max() * (np.arange(1, _STRENGTHS) - 0.5) / (_STRENGTHS - 1)
    _, group = np.unique(np.searchsorted(edges, strengths), return_inverse=True)
    sums = np.bincount(group, strengths)
    return np.round(sums / np.bincount(group), 3), group.reshape(embedded.shape)


def _counts(
    blocks: Blocks,
    embedded: NDArray[np.floating],
    place: int,
    step: float,
    group: NDArray[np.int64],
) -> Array:
    """Count levels, signs as the watermark's, by range of activity and strength: (ranges, …)."""
    rows, columns = (np.arange(side) % len(embedded) for side in blocks.shape)
    signs, groups = np.sign(embedded), int(group.max()) + 1
    signs = np.where(signs == 0, 1.0, signs)
    values = blocks.coefficients[:, place].reshape(blocks.shape)
    levels = values * signs[np.ix_(rows, columns)] / step
    level = np.clip(np.rint(levels), -_MOST_LEVEL, _MOST_LEVEL).astype(np.int64) + _MOST_LEVEL
    activity = _activity(blocks, place)
    edges = _edges(activity.ravel()[blocks.kept])
    of_range = np.searchsorted(edges, activity)
    cell = (of_range * groups + group[np.ix_(rows, columns)]) * _LEVELS + level
    ranges = len(edges) + 1
    counted = np.bincount(cell.ravel()[blocks.kept], minlength=ranges * groups * _LEVELS)
    return counted.reshape(ranges, -1).astype(np.float64)


def _edges(activity: Array) -> Array:
    """Return the activities between one range and the next, the least active first."""
    if not activity.size:
        return activity
    ranges = max(1, 1 + int(np.log(_LEAST_LEFT / activity.size) / np.log(1 - _SHARE)))
    edges = np.unique(np.quantile(activity, 1 - (1 - _SHARE) ** np.arange(1, ranges)))
    within: Array = edges[edges < activity.max()]  # no range is empty
    return within


def _activity(blocks: Blocks, place: int) -> Array:
    """Measure how active each block and its neighbours are about a coefficient: (rows, columns)."""
    near = blocks.sizes[_near(place)].mean(axis=0).reshape(blocks.shape)
    own = blocks.sizes[place].reshape(blocks.shape)
    around = (9 * box_mean(own, 3) - own) / 8
    activity: Array = np.log1p(near) + np.log1p(around)
    return activity


@lru_cache
def _near(place: int) -> list[int]:
    """List the coefficients at most two frequencies from one, without the mean."""
    down, across = divmod(place + 1, _SIDE)
    places = [(y, x) for y in range(_SIDE) for x in range(_SIDE) if y or x]
    return [
        _SIDE * y + x - 1 for y, x in places if 0 < abs(y - down) + abs(x - across) <= 2
    ]  # fmt: skip


def _profile(
    counts: Array, step: float, strengths: tuple[float, ...], spread: float
) -> tuple[Array, Array]:
    """Return the log likelihood of each amplitude, and the mean log width that goes with it."""
    table = _log_probabilities(step, strengths, spread)
    found = (counts @ table).reshape(len(counts), len(_WIDTHS), len(_AMPLITUDES))
    widths = np.log(_WIDTHS)[found.argmax(axis=1)].mean(axis=0)
    return found.max(axis=1).sum(axis=0), widths


@lru_cache(maxsize=256)
def _log_probabilities(step: float, strengths: tuple[float, ...], spread: float) -> Array:
    """Of each level at each strength, by width and amplitude: (strengths · levels, …)."""
    edges = (np.arange(-_MOST_LEVEL, _MOST_LEVEL) + 0.5)[None, None]
    shifts = _AMPLITUDES[:, None, None] * np.array(strengths)[:, None] / step
    below = np.zeros((len(_WIDTHS), len(_AMPLITUDES), len(strengths), edges.size))
    nodes = list(zip(_NODES, _WEIGHTS / _WEIGHTS.sum(), strict=True)) if spread else [(0.0, 1.0)]
    for node, weight in nodes:
        widths = (_WIDTHS * np.exp(spread * node))[:, None, None, None]
        tail = 0.5 * np.exp(-np.abs(edges - shifts) / widths)
        below += weight * np.where(edges < shifts, tail, 1 - tail)
    inside = np.diff(below, axis=-1, prepend=0.0, append=1.0)
    logs = np.log(np.maximum(inside, _LEAST_PROBABILITY))
    table: Array = logs.reshape(len(_WIDTHS) * len(_AMPLITUDES), -1).T
    return np.ascontiguousarray(table)
