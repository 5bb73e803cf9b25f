"""One photo through one platform: what is left of it, by what the verifier says."""

import zlib
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from camera_sim.evaluation.recovery.local_edits import splice
from camera_sim.evaluation.recovery.parts import Mask, Picture, drawn_part
from camera_sim.evaluation.recovery.tables import area_under_curve
from camera_sim.evaluation.recovery.trials import map_values, meets
from camera_sim.evaluation.watermark.changes import pixels
from camera_sim.evaluation.watermark.edit_judging import EditJudge
from camera_sim.evaluation.watermark.edited import STANDARD, Edit, measured_copy
from camera_sim.evaluation.watermark.part_trials import UNTOUCHED, PartTrial, tried
from camera_sim.evaluation.watermark.photos import Shot, as_jpeg
from channel import transmit
from channel.platforms import platform
from verifier.analysis import Verifier
from verifier.comparing.compare import compare
from verifier.features.platform_marks import META, META_SERVICES
from verifier.watermark.reader import WatermarkReading, read_watermark
from watermark.reference import ReferencePicture

__all__ = [
    "EditJudge",
    "PhotoTrial",
    "Survived",
    "Verifier",
    "verifier_of",
]

SHARE = 0.05  # of the area, that is replaced for the map
EDITS = STANDARD[:4]
"""Unedited, sharpened, smoothed, resized down and up."""
SPLICE = "splice of another photo"


@dataclass(frozen=True)
class Survived:
    """What is left of a photo.

    Attributes
    ----------
    credential
        State of the C2PA manifest's integrity, as `verifier.report.record.Integrity` has it.
    payload
        Whether the photo's own payload is read.
    found
        Whether the comparison outlines a part of the replaced one; None without a payload.
    blocks
        How often an edited block of the reference has the higher value than another (AUC); None
        where nothing could be compared.
    part_found
        Whether a report says by the group's key alone that a part lacks the watermark, and one
        that is said to lies in the replaced one; None where that copy's payload isn't read.
    accused
        Whether a report says so of the copy in which nothing was replaced; None without a payload.
    squares, keyed_squares
        How often a replaced square has more evidence than an untouched one (AUC): by the group's
        key, and by the photo's own. None where nothing could be measured.
    platform_named
        As the platform detector has it; None where it abstains.
    named_right
        Whether that is the platform, or Meta of one of its services.
    edits
        What the copies of each of `EDITS` are called by the photo's own key, as
        `camera_sim.evaluation.watermark.edit_tables.Judged` has it.
    """

    photo: str
    megapixels: float
    quality: int
    platform: str
    size: tuple[int, int]
    credential: str
    payload: bool
    found: bool | None
    blocks: float | None
    part_found: bool | None
    accused: bool | None
    squares: float | None
    keyed_squares: float | None
    platform_named: str | None
    named_right: bool
    edits: dict[str, str] = field(default_factory=dict)


def verifier_of(anchor: Path) -> Verifier:
    """Return what reads files, credentials and headers, and trusts one authority."""
    return Verifier.facts_only(trust_anchors=anchor)


@dataclass
class PhotoTrial:
    """The trials of a photo at one size and quality.

    Parameters
    ----------
    file
        As the camera published it.
    other
        A picture of which a part is put into it.
    judge
        Of edits.
    """

    shot: Shot
    file: bytes
    other: Picture
    megapixels: float
    quality: int
    verifier: Verifier = field(repr=False)
    judge: EditJudge = field(repr=False)

    def through(self, name: str) -> Survived:
        """Send it through a platform, as it is and with a part replaced."""
        sent = transmit(self.file, name)
        reading = self.verifier.read(sent)
        received = reading.pixels
        named = reading.facts.channel.platform
        found = read_watermark(received, [self.shot.keys.group])
        payload = found.payload == self.shot.payload
        changed = transmit(self._spliced_file, name)
        hit, blocks = self._compared(pixels(changed), found) if payload else (None, None)
        mask = self._spliced[1]
        part = tried(self.shot, PartTrial(self.shot.name, SPLICE, SHARE, (name,)), changed, mask)
        none = PartTrial(self.shot.name, UNTOUCHED, 0.0, (name,))
        untouched = tried(self.shot, none, sent, np.zeros_like(mask), keyed=False)
        return Survived(
            photo=self.shot.name,
            megapixels=self.megapixels,
            quality=self.quality,
            platform=name,
            size=(received.shape[1], received.shape[0]),
            credential=reading.facts.credential.integrity.state,
            payload=payload,
            found=hit,
            blocks=blocks,
            part_found=part.said and part.met if part.read else None,
            accused=untouched.said if untouched.read else None,
            squares=part.auc,
            keyed_squares=part.keyed_auc,
            platform_named=named,
            named_right=_is_right(named, name),
            edits=self._edits(name),
        )

    def _edits(self, name: str) -> dict[str, str]:
        """Send each edited copy, and name what was done to it."""
        rows = [
            measured_copy(self.shot, *copy, (name,), blind=False) for copy in self._edited_files
        ]
        return {one.row.kind: one.answer for one in self.judge(rows, keyed=True)}

    @cached_property
    def _edited_files(self) -> list[tuple[Edit, bytes]]:
        """Files, since pictures of all edits take several times the memory."""
        return [(edit, as_jpeg(edit(self.shot.photo), self.quality)) for edit in EDITS]

    @cached_property
    def _spliced_file(self) -> bytes:
        return as_jpeg(self._spliced[0], self.quality)

    @cached_property
    def _spliced(self) -> tuple[Picture, Mask]:
        photo = self.shot.photo
        rng = np.random.default_rng(zlib.crc32(self.shot.name.encode()))
        changed = splice(photo, drawn_part(photo, SHARE, rng), self.other, rng)
        return changed, (changed != photo).any(axis=-1)

    @cached_property
    def _reference(self) -> Picture:
        reference = ReferencePicture.of_photo(self.shot.photo).pixels()
        assert reference is not None  # it was just made
        return reference

    def _compared(
        self, edited: Picture, reading: WatermarkReading
    ) -> tuple[bool | None, float | None]:
        """Compare with the reference; the place is that of the copy that was not edited."""
        height, width = self.shot.photo.shape[:2]
        found = compare(edited, self._reference, (width, height), reading)
        mask = self._spliced[1]
        inside, outside, _ = map_values(found, mask)
        hit = meets(found, mask, edited.shape) or found.result == "another picture"
        return hit, _auc(inside, outside)


def _auc(inside: NDArray[np.floating], outside: NDArray[np.floating]) -> float | None:
    return area_under_curve(inside, outside) if len(inside) and len(outside) else None


def _is_right(named: str | None, profile: str) -> bool:
    service = platform(profile).platform
    return named == service or (named == META and service in META_SERVICES)
