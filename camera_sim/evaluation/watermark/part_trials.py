"""Photos of which a part was changed: whether what is left of the watermark says where.

Without any reference: by the group's key, as a newsroom has it, and by the photo's own.
"""

import zlib
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass

import numpy as np
from numpy.typing import NDArray

from camera_sim.evaluation.recovery.local_edits import EDITS
from camera_sim.evaluation.recovery.parts import Mask, Picture, drawn_part
from camera_sim.evaluation.recovery.tables import area_under_curve
from camera_sim.evaluation.watermark.changes import pixels
from camera_sim.evaluation.watermark.edited import sent
from camera_sim.evaluation.watermark.photos import Shot, as_jpeg
from verifier.detectors.edits import placed_exactly
from verifier.detectors.missing_parts import missing_parts
from verifier.features.even_border import even_borders
from verifier.features.jpeg_header import jpeg_header
from verifier.watermark.reader import read_watermark
from verifier.watermark.regions import SURE, WatermarkRegions, regions_of
from verifier.watermark.transfer import measure_transfer

UNTOUCHED = "none"
SHARES = (0.02, 0.05, 0.2)
"""Of the area; a photo gets as many edits, in turn from one photo to the next."""
COVERED = 0.5  # of a square, from which it counts as edited
MET = 0.25  # of a square, from which an outline meets the edited part
COVERAGE = 16  # places a side of a square at which it is asked whether they are edited


@dataclass(frozen=True)
class PartTrial:
    """What is said of one copy.

    Attributes
    ----------
    change, share
        What was done to which share of the area; `UNTOUCHED` and 0 for nothing.
    way
        The platforms that it went through.
    read
        Whether the payload was.
    said
        Whether a report says that parts lack the watermark.
    met
        Whether a square that lacks it lies in the part that was edited.
    auc, keyed_auc
        How often an edited square has more evidence than an untouched one, by the group's key and
        by the photo's own; None without squares of both kinds.
    flagged
        Untouched squares, clear of the edited part, that are said to lack it.
    untouched
        How many such squares there are.
    """

    photo: str
    change: str
    share: float
    way: tuple[str, ...]
    read: bool = False
    said: bool = False
    met: bool = False
    auc: float | None = None
    keyed_auc: float | None = None
    flagged: int = 0
    untouched: int = 0

    def row(self) -> dict[str, object]:
        """Return it as a row of a file of JSON lines."""
        return asdict(self)


def part_trials(
    shot: Shot, other: Picture, ways: Sequence[Sequence[str]], number: int
) -> Iterator[PartTrial]:
    """Send a photo through each way, as it is and with a part of each share changed.

    Parameters
    ----------
    other
        Of which parts are put into it.
    number
        Of the photo: says which edits are its turn.
    """
    photo = shot.photo
    rng = np.random.default_rng(zlib.crc32(shot.name.encode()))
    names = list(EDITS)
    turns = [names[(number + index) % len(names)] for index in range(0, len(names), 3)]
    changed = [(UNTOUCHED, 0.0, photo)]
    for name, share in zip(turns, SHARES, strict=True):
        part = drawn_part(photo, share, rng)
        changed.append((name, share, EDITS[name](photo, part, other, rng)))
    for name, share, picture in changed:
        file, mask = as_jpeg(picture), (picture != photo).any(axis=-1)
        for way in ways:
            received = sent(file, way)
            yield tried(shot, PartTrial(shot.name, name, share, tuple(way)), received, mask)


def tried(
    shot: Shot, trial: PartTrial, file: bytes, mask: Mask, *, keyed: bool = True
) -> PartTrial:
    """Say what the watermark shows in a copy's file as it was received.

    Parameters
    ----------
    trial
        What was done, and how the copy came.
    mask
        (H, W), where the photo was changed.
    keyed
        Whether squares are judged by the photo's own key, too.
    """
    picture = pixels(file)
    reading = read_watermark(picture, [shot.keys.group])
    if reading.payload != shot.payload:
        return trial
    reading, unmeasured = placed_exactly(reading, shot.keys.group)
    header = jpeg_header(file)
    steps = header.luma if header else None
    blind, *own = (
        regions_of(measure_transfer(picture, reading, shot.keys.group, key, steps)).inside_of(
            even_borders(picture), picture.shape
        )
        for key in (None, *([shot.keys.device.of_photo(shot.payload)] if keyed else []))
    )
    covered = coverage(mask, blind)
    clear = covered == 0
    return PartTrial(
        trial.photo,
        trial.change,
        trial.share,
        trial.way,
        read=True,
        said=missing_parts(blind, picture.shape, 1) is not None and unmeasured is None,
        met=bool((blind.lacking & (covered >= MET)).any()),
        auc=_auc(blind.evidence, covered),
        keyed_auc=_auc(own[0].evidence, covered) if own else None,
        flagged=int(np.count_nonzero(blind.evidence[clear] >= SURE)),
        untouched=int(np.count_nonzero(clear)),
    )


def coverage(mask: Mask, regions: WatermarkRegions) -> NDArray[np.floating]:
    """Return which share of each part a mask of the photo covers, where the copy shows all of it.

    Parameters
    ----------
    mask
        (H, W), of the photo.
    """
    height, width = mask.shape
    half = regions.side * max(height, width) / 2
    offsets = np.linspace(-half, half, COVERAGE)
    down = regions.middles[..., 0, None] * height + offsets
    across = regions.middles[..., 1, None] * width + offsets
    rows = np.clip(down, 0, height - 1).astype(int)[..., :, None]
    columns = np.clip(across, 0, width - 1).astype(int)[..., None, :]
    share: NDArray[np.floating] = mask[rows, columns].mean((-2, -1))
    return share


def _auc(evidence: NDArray[np.floating], covered: NDArray[np.floating]) -> float | None:
    inside, outside = evidence[covered >= COVERED], evidence[covered == 0]
    return area_under_curve(inside, outside) if len(inside) and len(outside) else None
