"""Averaging: what many photos of a device group have in common, taken away or laid elsewhere."""

from collections.abc import Iterator

from camera_sim.evaluation.attacks.attack import Attempt, Target
from camera_sim.evaluation.attacks.estimating import calibrated, laid, part_for, shaped


def averaging(target: Target) -> Iterator[Attempt]:
    """Subtract the mean from the photo, and add it to a foreign picture."""
    photo, foreign = target.shot.photo, target.foreign
    for count, mean in target.attacker.means.items():
        common = part_for(calibrated(shaped(mean)), photo)
        name = f"mean of {count:,} photos"
        yield Attempt(f"{name}, subtracted", "removal", photo, laid(photo, common, -1))
        yield Attempt(f"{name}, added to a foreign picture", "forgery", foreign,
                      laid(foreign, common))  # fmt: skip
