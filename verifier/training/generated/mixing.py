"""Fakes that are partly the photograph: pixels or low frequencies of it are mixed in.

After the mixing of DDA (NeurIPS 2025): what is left of a decoder's traces is weaker than in a whole
reconstruction, so a detector that finds it can't go by whatever else a weak decoder does.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]
MOST_PIXELS: Final = 0.5
"""Of the photograph in a mixture by pixels."""
CUTS: Final = (0.05, 0.25)
"""Cycles a pixel below which a mixture by frequencies is the photograph."""
SHARE: Final = 0.2
"""Of fakes that are mixed by pixels, and of those by frequencies."""


def mixed_pixels(photograph: Pixels, fake: Pixels, share: float) -> Pixels:
    """Mix (H, W, 3) uint8: ``share`` of the photograph, 0 to 1, and the rest of the fake."""
    mixture = share * photograph.astype(np.float32) + (1 - share) * fake.astype(np.float32)
    return np.rint(mixture).astype(np.uint8)


def mixed_frequencies(photograph: Pixels, fake: Pixels, cut: float) -> Pixels:
    """Take frequencies below ``cut`` cycles a pixel from the photograph, the rest from the fake.

    Both are (H, W, 3) uint8; the border between the two is smooth (Butterworth, fourth order).
    """
    height, width = photograph.shape[:2]
    rows, columns = np.fft.fftfreq(height)[:, None], np.fft.rfftfreq(width)
    low = 1 / (1 + (np.hypot(rows, columns) / cut) ** 8)
    change = fake.astype(np.float32) - photograph.astype(np.float32)
    spectrum = np.fft.rfft2(change, axes=(0, 1)) * (1 - low)[..., None]
    kept = np.fft.irfft2(spectrum, s=(height, width), axes=(0, 1))
    return np.clip(np.rint(photograph + kept), 0, 255).astype(np.uint8)


def drawn_mixture(photograph: Pixels, fake: Pixels, rng: np.random.Generator) -> Pixels:
    """Mix as is drawn, or leave the fake whole."""
    draw = rng.random()
    if draw < SHARE:
        return mixed_pixels(photograph, fake, float(rng.uniform(0, MOST_PIXELS)))
    if draw < 2 * SHARE:
        return mixed_frequencies(photograph, fake, float(rng.uniform(*CUTS)))
    return fake
