"""What a verifier makes of an attacked picture, with all keys and the signed reference."""

from dataclasses import dataclass

from camera_sim.evaluation.attacks.attack import Aim, Attempt, Target
from camera_sim.evaluation.watermark.fidelity import psnr
from camera_sim.evaluation.watermark.photos import Picture
from verifier.comparing.compare import compare
from verifier.watermark.presence import presence
from verifier.watermark.reader import WatermarkReading, read_watermark
from watermark.reference import ReferencePicture


@dataclass(frozen=True)
class Outcome:
    """What became of one attempt.

    Attributes
    ----------
    read
        Whether a payload of the attacked photo, or of its twin, was read.
    octaves
        Whether octaves of the device that states that payload are there; None without a payload.
    missing
        Whether they lack in the picture or a region of it, where the payload says that they would
        be seen.
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
    missing: bool | None
    comparison: str
    psnr: float | None

    @property
    def forged(self) -> bool | None:
        """Whether a false statement is gained; None where it is not judged."""
        return {"forgery": self.read, "removal": False, "repair": None}[self.aim]

    @property
    def noticed(self) -> bool:
        """Whether the photo's key or the reference gives it away."""
        return bool(self.missing) or self.comparison not in ("", "same")


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
        octaves, missing = self._octaves(attempt.picture, reading) if read else (None, None)
        return Outcome(
            attack=attack,
            way=attempt.way,
            aim=attempt.aim,
            photo=shot.name,
            read=read,
            octaves=octaves,
            missing=missing,
            comparison=self._compared(attempt.picture, reading) if read else "",
            psnr=None if attempt.picture is attempt.start else psnr(attempt.picture, attempt.start),
        )

    def _octaves(self, picture: Picture, reading: WatermarkReading) -> tuple[bool, bool]:
        """Ask what a vendor's measuring service answers."""
        keys = self.target.shot.keys
        found = presence(picture, reading, keys.group, [keys.device])
        there = found.device is not None
        return there, bool((found.would_show and not there) or (found.regions < 0).any())

    def _compared(self, picture: Picture, reading: WatermarkReading) -> str:
        photo = self.target.shot.photo
        size = photo.shape[1], photo.shape[0]
        return compare(picture, self.reference, size, reading).result
