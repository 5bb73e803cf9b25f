"""What a verifier makes of an attacked picture, with the group's key, the photo's, the reference.

The judgement of edits is that of `verifier.watermark.edits`.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from camera_sim.evaluation.attacks.attack import Aim, Attempt, Target
from camera_sim.evaluation.watermark.fidelity import psnr
from camera_sim.evaluation.watermark.photos import Picture, Shot
from verifier.comparing.compare import compare
from verifier.watermark.measuring import Left, measure
from verifier.watermark.reader import WatermarkReading, read_watermark
from watermark.pattern import OCTAVES
from watermark.reference import ReferencePicture

SURE = 4.0  # standard errors
LAGGING = 0.7
"""Octaves that have less of the payload's share in the same band than this were not laid with it:
what a platform or an edit takes, it takes of both."""


@dataclass(frozen=True)
class Outcome:
    """What became of one attempt.

    Attributes
    ----------
    read
        Whether a payload of the attacked photo, or of its twin, was read.
    octaves
        Whether octaves of that photo's key are there; None where no payload was read.
    lag
        Whether they lag behind the payload, which gives a laid payload away.
    comparison
        Result against the signed reference; empty where no payload was read.
    psnr
        To what the attacker began with, dB; None where nothing was changed.
    """

    attack: str
    way: str
    aim: Aim
    photo: str
    read: bool
    octaves: bool | None
    lag: bool | None
    comparison: str
    psnr: float | None

    @property
    def forged(self) -> bool | None:
        """Whether a false statement is gained; None where it is not judged."""
        return {"forgery": self.read, "removal": False, "repair": None}[self.aim]

    @property
    def noticed(self) -> bool:
        """Whether the photo's key or the reference gives it away."""
        return bool(self.lag) or self.comparison not in ("", "same")


@dataclass(frozen=True)
class Judge:
    """A verifier that has all keys, and the reference of a photo."""

    target: Target
    reference: Picture

    @classmethod
    def of(cls, target: Target) -> "Judge":
        """Sign a photo's reference."""
        reference = ReferencePicture.of_photo(target.shot.photo).pixels()
        assert reference is not None  # it was just made
        return cls(target, reference)

    def outcome(self, attack: str, attempt: Attempt) -> Outcome:
        """Judge an attempt."""
        shot = self.target.shot
        reading = read_watermark(attempt.picture, [shot.keys.group])
        read = reading.payload in (shot.payload, self.target.twin.payload)
        octaves, lag = self._octaves(attempt.picture, reading) if read else (None, None)
        return Outcome(
            attack=attack,
            way=attempt.way,
            aim=attempt.aim,
            photo=shot.name,
            read=read,
            octaves=octaves,
            lag=lag,
            comparison=self._compared(attempt.picture, reading) if read else "",
            psnr=None if attempt.picture is attempt.start else psnr(attempt.picture, attempt.start),
        )

    def _octaves(self, picture: Picture, reading: WatermarkReading) -> tuple[bool, bool]:
        keys: Shot = self.target.shot
        assert reading.payload is not None  # it was read
        key = keys.keys.device.of_photo(reading.payload)
        left = measure(picture, reading, keys.keys.group, key)
        return are_there(left), lag_behind(left)

    def _compared(self, picture: Picture, reading: WatermarkReading) -> str:
        photo = self.target.shot.photo
        size = photo.shape[1], photo.shape[0]
        return compare(picture, self.reference, size, reading).result


def are_there(left: Sequence[Left]) -> bool:
    """Whether octaves are surely there, all together."""
    octaves = [one for one in left if one.name.startswith("octave")]
    weights = np.array([1 / max(one.error, 1e-6) ** 2 for one in octaves])
    shares = np.array([one.share for one in octaves])
    return bool((weights * shares).sum() / np.sqrt(weights.sum()) > SURE)


def lag_behind(left: Sequence[Left]) -> bool:
    """Whether the octaves of a band surely have less of what was laid than its payload has."""
    found = {one.name: one for one in left}
    pairs = (
        (found[f"payload {low}–{high}"], found[f"octave {low}–{high}"])
        for low, high in OCTAVES[:-1]
    )
    return any(
        octave.share < LAGGING * payload.share
        and payload.share - octave.share > SURE * float(np.hypot(payload.error, octave.error))
        for payload, octave in pairs
    )
