"""What a verifier makes of an attacked picture, with all keys and the signed reference."""

from dataclasses import dataclass

from camera_sim.evaluation.attacks.attack import Aim, Attempt, Target
from camera_sim.evaluation.watermark.changes import pixels
from camera_sim.evaluation.watermark.edit_judging import EditJudge
from camera_sim.evaluation.watermark.edited import NATIVE, Measured, described
from camera_sim.evaluation.watermark.fidelity import psnr
from camera_sim.evaluation.watermark.photos import Picture, as_jpeg
from verifier.comparing.compare import compare
from verifier.detectors.edits import LEAST_WHOLE
from verifier.training.edits.train import EDITS
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
    edits, edits_keyed
        What the network of edits calls a repaired picture by the group's key, and by the photo's:
        `NATIVE`, an edit, or undecided; None of other attempts, and of photos that are too small.
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
    edits: str | None = None
    edits_keyed: str | None = None

    @property
    def forged(self) -> bool | None:
        """Whether a false statement is gained; None where it is not judged."""
        if self.aim == "repair":
            return None if self.edits is None else NATIVE in (self.edits, self.edits_keyed)
        return self.aim == "forgery" and self.read

    @property
    def noticed(self) -> bool:
        """Whether the photo's key or the reference gives it away."""
        return self.noticed_by_key or self.comparison not in ("", "same")

    @property
    def noticed_by_key(self) -> bool:
        """Whether octaves are missing, or an edit is named by what is left of them."""
        return bool(self.missing) or self.edits_keyed in EDITS


@dataclass(frozen=True)
class Judge:
    """A verifier that has all keys, and the reference of a photo."""

    target: Target
    reference: Picture
    edits: EditJudge

    @classmethod
    def of(cls, target: Target) -> "Judge":
        """Sign a photo's reference. Raises `WeightsError` without a model of edits."""
        reference = ReferencePicture.of_photo(target.shot.photo).pixels()
        assert reference is not None  # it was just made
        return cls(target, reference, EditJudge())

    def outcome(self, attack: str, attempt: Attempt) -> Outcome:
        """Judge an attempt."""
        shot = self.target.shot
        reading = read_watermark(attempt.picture, [shot.keys.group])
        read = reading.payload in (shot.payload, self.target.twin.payload)
        blind, keyed = self._edits(attempt, reading) if read else (None, None)
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
            edits=blind,
            edits_keyed=keyed,
        )

    def _octaves(self, picture: Picture, reading: WatermarkReading) -> tuple[bool, bool]:
        """Ask what a vendor's measuring service answers."""
        keys = self.target.shot.keys
        found = presence(picture, reading, keys.group, [keys.device])
        there = found.device is not None
        return there, bool((found.would_show and not there) or (found.regions < 0).any())

    def _edits(
        self, attempt: Attempt, reading: WatermarkReading
    ) -> tuple[str, str] | tuple[None, None]:
        """Ask what was done to a repaired picture, as the file that its maker saves."""
        if attempt.aim != "repair" or (reading.longer_side or 0) < LEAST_WHOLE:
            return None, None
        file, shot = as_jpeg(attempt.picture), self.target.shot
        left = described(file, pixels(file), reading, shot)
        row = Measured(shot.name, attempt.aim, 0.0, (), *left)
        blind, keyed = (self.edits([row], keyed=way)[0].answer for way in (False, True))
        return blind, keyed

    def _compared(self, picture: Picture, reading: WatermarkReading) -> str:
        photo = self.target.shot.photo
        size = photo.shape[1], photo.shape[0]
        return compare(picture, self.reference, size, reading).result
