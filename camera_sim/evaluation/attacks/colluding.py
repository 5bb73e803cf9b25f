"""Collusion: two photos of one scene, whose difference is their watermarks and nothing else.

One capture is developed with two payloads, so the scenes are the same to a pixel: more than two
photos in a row give an attacker.
"""

from collections.abc import Iterator

import numpy as np

from camera_sim.evaluation.attacks.attack import Attempt, Target
from camera_sim.evaluation.watermark.photos import Picture


def colluding(target: Target) -> Iterator[Attempt]:
    """Take the mean of both; and lay their difference on a foreign picture."""
    photo, twin, foreign = target.shot.photo, target.twin.photo, target.foreign
    mean = (photo.astype(np.float32) + twin) / 2
    difference = photo.astype(np.float32) - twin
    yield Attempt("mean of both", "removal", photo, _levels(mean))
    for name, gain in (("difference", 1), ("difference, doubled", 2)):
        yield Attempt(f"{name}, added to a foreign picture", "forgery", foreign,
                      _levels(foreign + gain * difference))  # fmt: skip


def _levels(values: np.ndarray) -> Picture:
    levels: Picture = np.clip(np.rint(values), 0, 255).astype(np.uint8)
    return levels
