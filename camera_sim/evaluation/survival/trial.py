"""One photo through one platform: what is left of it, by what the verifier says."""

import zlib
from collections.abc import Sequence
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
from camera_sim.evaluation.watermark.edited import STANDARD, measured
from camera_sim.evaluation.watermark.photos import Shot, as_jpeg
from channel import transmit
from channel.platforms import platform
from verifier.analysis import Verifier
from verifier.comparing.compare import compare
from verifier.features.platform_marks import META, META_SERVICES
from verifier.watermark.measuring import BLOCK, Left, measure
from verifier.watermark.reader import WatermarkReading, read_watermark
from verifier.watermark.whitening import reduced
from watermark.reference import ReferencePicture

__all__ = [
    "EditJudge",
    "PhotoTrial",
    "Survived",
    "Verifier",
    "covered_regions",
    "present",
    "verifier_of",
]

SHARE = 0.05  # of the area, that is replaced for the map
EDITED = 0.5  # of a region, from which it counts as edited
EDITS = STANDARD[:4]
"""Unedited, sharpened, smoothed, resized down and up."""
BANDS = ("72–144", "144–288")
"""Octaves by which a region's watermark is looked for: coarser ones have too few lines in it."""


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
    blocks, regions
        How often an edited block has the higher value than another (AUC): by the reference; by the
        photo's key. None where nothing could be measured.
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
    regions: float | None
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
        edited = pixels(transmit(as_jpeg(self._spliced[0], self.quality), name))
        hit, blocks = self._compared(edited, found) if payload else (None, None)
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
            regions=self._by_octaves(edited, found) if payload else None,
            platform_named=named,
            named_right=_is_right(named, name),
            edits=self._edits(name),
        )

    def _edits(self, name: str) -> dict[str, str]:
        """Edit the photo in each way, send it, and name what was done to it."""
        rows = [row for edit in EDITS for row in measured(self.shot, edit, [(name,)], self.quality)]
        return {one.row.kind: one.answer for one in self.judge(rows, keyed=True)}

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

    def _by_octaves(self, edited: Picture, reading: WatermarkReading) -> float | None:
        """Look where the photo's own octaves are missing."""
        key = self.shot.keys.device.of_photo(self.shot.payload)
        missing = -present(measure(edited, reading, self.shot.keys.group, key))
        covered = covered_regions(self._spliced[1], reduced(edited).shape)
        return _auc(missing[covered >= EDITED], missing[covered == 0])


def present(left: Sequence[Left]) -> NDArray[np.floating]:
    """Return how much of the octaves each region has: (rows, columns), 1 is all, and noisy."""
    regions = [one.regions for one in left if one.name in {f"octave {band}" for band in BANDS}]
    mean: NDArray[np.floating] = np.mean(regions, axis=0)
    return mean


def covered_regions(mask: Mask, shape: tuple[int, ...]) -> NDArray[np.floating]:
    """Return which share of each region of (h, w) samples a mask covers."""
    rows, columns = (
        (np.arange(length) * side / length).astype(int)
        for length, side in zip(shape, mask.shape, strict=True)
    )
    samples = mask[np.ix_(rows, columns)].astype(np.float32)
    tops, lefts = (np.arange(0, side, BLOCK) for side in shape)
    sums, areas = (
        np.add.reduceat(np.add.reduceat(values, tops, 0), lefts, 1)
        for values in (samples, np.ones_like(samples))
    )
    share: NDArray[np.floating] = sums / areas
    return share


def _auc(inside: NDArray[np.floating], outside: NDArray[np.floating]) -> float | None:
    return area_under_curve(inside, outside) if len(inside) and len(outside) else None


def _is_right(named: str | None, profile: str) -> bool:
    service = platform(profile).platform
    return named == service or (named == META and service in META_SERVICES)
