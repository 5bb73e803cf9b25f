"""What a measuring service answers: of photos, of copied payloads, of pictures pasted into."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

import numpy as np
from PIL import Image

from camera_sim.developing.tiles import develop
from camera_sim.developing.upright import upright_size
from camera_sim.evaluation.watermark.changes import pixels
from camera_sim.evaluation.watermark.photos import Keys, Picture, Shot, as_jpeg
from channel import transmit
from channel.evaluation.table import Table
from verifier.judging.calibration import upper_bound
from verifier.measuring.answering import answered
from verifier.watermark.reader import read_watermark
from watermark.embedding import Watermark
from watermark.key_register import KeyRegister, Registered
from watermark.key_validity import Validity
from watermark.keys import DeviceSecret

OTHERS: Final = 19
"""Secrets of devices that took none of the photos, beside the one that did."""
SENT: Final = ("", "facebook", "twitter", "whatsapp", "instagram")
UNTOUCHED, PASTED, COPIED = "the photo", "a quarter of another photo pasted in", "payload copied"
ANSWERS: Final = ("present", "in parts", "absent", "not known", "no watermark")


@dataclass(frozen=True)
class Measured:
    """What was answered of a picture.

    Attributes
    ----------
    made
        `UNTOUCHED`, `PASTED` or `COPIED`.
    sent
        Through which platform; "": none.
    """

    photo: str
    made: str
    sent: str
    answer: str


def measurements(shots: Iterable[Shot]) -> Iterator[Measured]:
    """Measure each photo, itself with a quarter of the one before, and its payload alone."""
    before: Picture | None = None
    devices = [DeviceSecret.draw() for _ in range(OTHERS)]
    for shot in shots:
        register = _register(shot.keys, devices)
        made = {UNTOUCHED: shot.photo, COPIED: _copied(shot)}
        if before is not None:
            made[PASTED] = _pasted(shot.photo, before)
        for name, picture in made.items():
            for platform in SENT:
                file = as_jpeg(picture)
                received = pixels(transmit(file, platform) if platform else file)
                reading = read_watermark(received, [shot.keys.group])
                found = answered(received, reading, register, datetime.now(UTC).date())
                yield Measured(shot.name, name, platform, found.answer)
        before = shot.photo


def measured_table(found: Sequence[Measured]) -> Table:
    """Count the answers; the share of those that would accuse or clear wrongly, with a bound."""
    rows = []
    for made in (UNTOUCHED, PASTED, COPIED):
        for sent in SENT:
            answers = [one.answer for one in found if (one.made, one.sent) == (made, sent)]
            if not answers:
                continue
            counts = Counter(answers)
            wrong = sum(counts[answer] for answer in _wrong_answers(made))
            bound = upper_bound(wrong, len(answers))
            cells = [counts[answer] for answer in ANSWERS]
            name = sent or "as the camera wrote it"
            rows.append((made, name, *cells, f"{wrong} of {len(answers)}", f"{bound:.1%}"))
    columns = ("picture", "after", *ANSWERS, "wrong", "wrong at most (95%)")
    return Table(columns, rows, "What a measuring service answers")


def _wrong_answers(made: str) -> tuple[str, ...]:
    return {UNTOUCHED: ("absent", "in parts"), PASTED: ("absent", "present")}.get(
        made, ("present", "in parts")
    )


def _register(keys: Keys, others: Sequence[DeviceSecret]) -> KeyRegister:
    devices = [Registered(secret, Validity()) for secret in (*others, keys.device)]
    return KeyRegister((Registered(keys.group, Validity()),), tuple(devices))


def _copied(shot: Shot) -> Picture:
    """Develop the same scene with the payload alone, as whoever has the group's key could."""
    watermark = Watermark(shot.payload, shot.keys.group)
    plane = watermark.plane(upright_size(shot.capture))
    return develop(shot.capture, shot.engine, exposure=shot.exposure, watermark=plane)


def _pasted(picture: Picture, other: Picture) -> Picture:
    """Put another photo of the same camera, at its own scale or smaller, over the last quarter."""
    height, width = (side // 2 for side in picture.shape[:2])
    part = other[: min(height, other.shape[0]), : min(width, other.shape[1])]
    if part.shape[:2] != (height, width):
        part = np.asarray(Image.fromarray(part).resize((width, height)))
    pasted = picture.copy()
    pasted[-height:, -width:] = part
    return pasted
