"""How often a photograph would be claimed by cameras whose watermarks have the same lines as ours.

So rare a claim can't be counted on some hundred photographs. But any watermark with the same lines,
and other phases, would be looked for at the same scale and have lines as high, and none of those
lies in the photograph: each is one more try. Signs of lines are drawn, those that mirror each other
together, as symmetric structures have their signs, too.
"""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from verifier.features.watermark_proof import Lines, WatermarkProof, lines_of, proof_of
from verifier.features.watermark_sync import MeasuredPattern, Sync

_FINER = 2  # places to a pixel where a period may begin


def claimed_by_others(
    brought_back: NDArray[np.uint8],
    pattern: MeasuredPattern,
    sync: Sync,
    size: tuple[int, int],
    count: int,
    seed: int = 0,
) -> int:
    """Return how many of so many drawn watermarks are said to lie in a picture.

    Each from the picture's corner, and from where it fits best. Parameters as `prove_watermark`
    has.
    """
    lines = lines_of(brought_back, pattern, sync, size)
    if lines is None:
        return 0
    rng = np.random.default_rng(seed)
    mirrored = np.stack([np.abs(lines.down), np.abs(lines.across)])
    kinds, kind = np.unique(mirrored, axis=1, return_inverse=True)
    steps = np.arange(0, lines.side, 1 / _FINER) / lines.side
    waves = (
        np.exp(2j * np.pi * np.outer(lines.down, steps)),
        np.exp(2j * np.pi * np.outer(lines.across, steps)),
    )
    found = 0
    for _ in range(count):
        signed = _turned(lines, rng.choice([-1.0, 1.0], kinds.shape[1])[kind.ravel()])
        weighed = signed.weights * signed.found[0]
        fit = np.einsum("l,la,lb->ab", weighed, *waves, optimize=True).real
        down, across = np.unravel_index(int(fit.argmax()), fit.shape)
        there = _turned(signed, waves[0][:, down] * waves[1][:, across])
        at_corner = proof_of(signed, replace(sync, offset=(0.0, 0.0), match=0.0))
        elsewhere = proof_of(there, replace(sync, offset=(1.0, 1.0), match=0.0))
        found += _any(at_corner, elsewhere)
    return found


def _any(*proofs: WatermarkProof) -> bool:
    return any(proof.holds for proof in proofs)


def _turned(lines: Lines, by: NDArray[np.complexfloating] | NDArray[np.floating]) -> Lines:
    return replace(lines, found=lines.found * by)
