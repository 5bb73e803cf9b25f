"""What a whitened picture says of each coded bit of a payload."""

from collections.abc import Callable

import numpy as np

from verifier.watermark.place import Array, Place
from watermark.code import CODED_BITS, Soft
from watermark.keys import GroupKey
from watermark.pattern import Spreading, payload_lines


def soft_values(weighed: Array, place: Place) -> Callable[[GroupKey], Soft]:
    """Correlate a whitened picture with the payload's lines.

    Returns
    -------
    A function of a group's key that gives the (248,) soft values of its coded bits.
    """
    lines = payload_lines()
    amplitudes = place.lattice_amplitudes(place.upright(weighed), lines)
    parts = np.empty(2 * len(lines))
    parts[0::2], parts[1::2] = amplitudes.real, amplitudes.imag
    parts *= np.repeat(1 / np.sqrt(lines.radii), 2)

    def of_key(key: GroupKey) -> Soft:
        spreading = Spreading.by(key)
        soft: Soft = np.bincount(spreading.bits, parts * spreading.signs, CODED_BITS).astype(float)
        return soft

    return of_key
