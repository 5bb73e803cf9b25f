"""Repairing: what an edit took of a watermark is put back, so that the edit no longer shows.

The edits are linear, nearly: what they take of a pattern is the pattern less its edited self.
"""

from collections.abc import Iterator

import numpy as np

from camera_sim.evaluation.attacks.attack import Array, Attempt, Target
from camera_sim.evaluation.attacks.estimating import calibrated, laid, part_for, resized_to, shaped
from camera_sim.evaluation.watermark.photos import Picture
from channel.manipulations import GAUSSIAN, RESAMPLE, SHARPEN, Manipulation
from watermark.embedding import payload_part, plane_of
from watermark.pattern import OPERATING_POINT, SHARES, pilot
from watermark.payload import Message

EDITS = {"smoothed": GAUSSIAN, "sharpened": SHARPEN, "resampled": RESAMPLE}
FINENESS = 16.0  # steps a level at which a faint pattern is edited in 8 bits


def repairing(target: Target) -> Iterator[Attempt]:
    """Put back what averages lost; and, with the group's key, what pilot and payload lost."""
    photo = target.shot.photo
    for name, edit in EDITS.items():
        edited = edit(photo)
        yield Attempt(f"{name}, nothing put back", "repair", edited, edited)
        for count, mean in target.attacker.means.items():
            common = resized_to(part_for(calibrated(shaped(mean)), photo), photo)
            yield Attempt(f"{name}, the mean of {count:,} photos put back", "repair", edited,
                          laid(edited, lost(common, edit)))  # fmt: skip
        known = payload_levels(target)
        yield Attempt(f"{name}, pilot and payload put back by who has the group's key", "repair",
                      edited, laid(edited, lost(known, edit)))  # fmt: skip


def lost(levels: Array, edit: Manipulation) -> Array:
    """Return what an edit takes of (H, W) levels."""
    shown = np.clip(np.rint(128 + FINENESS * levels), 0, 255).astype(np.uint8)
    edited = edit(np.repeat(shown[..., None], 3, axis=-1))[..., 0]
    taken: Array = (shown.astype(np.float32) - edited) / np.float32(FINENESS)
    return taken


def payload_levels(target: Target) -> Array:
    """Return pilot and payload as the camera laid them, but for its masking."""
    photo: Picture = target.shot.photo
    height, width = photo.shape[:2]
    message = Message(target.shot.payload, max(height, width))
    known = (pilot()[0], pilot()[1] * SHARES["pilot"] ** 0.5)
    plane = plane_of([known, payload_part(message, target.shot.keys.group)], (height, width))
    whole = plane.window((height, width), slice(0, height), slice(0, width))
    return whole * np.float32(OPERATING_POINT)
