"""From a picture and the keys of a register to what a measuring service answers."""

from collections.abc import Callable
from datetime import date
from math import ceil
from typing import Final

import numpy as np
from numpy.typing import NDArray

from verifier.measuring.answer import STEP, Answer, Edited, Level, Measurement, OctaveLeft, Regions
from verifier.measuring.wording import (
    EDITED,
    MEANINGS,
    UNSEEN,
    ended_words,
    regions_words,
    withdrawn_words,
)
from verifier.report.record import DetectorResult
from verifier.watermark.measuring import Left
from verifier.watermark.presence import MOST_FALSE_ALARMS, Presence, presence
from verifier.watermark.reader import WatermarkReading
from watermark.key_register import KeyRegister, Registered
from watermark.key_validity import Validity
from watermark.keys import DeviceSecret, GroupKey, PhotoKey

_LEVELS: Final[dict[int, Level]] = {1: "present", 0: "not known", -1: "absent"}


Judge = Callable[[PhotoKey], DetectorResult | None]
"""Names a picture's edits by the photo's own key."""


def answered(
    picture: NDArray[np.uint8],
    reading: WatermarkReading,
    register: KeyRegister,
    today: date,
    judge: Judge = lambda _: None,
) -> Measurement:
    """Answer for a picture whose watermark was looked for.

    Parameters
    ----------
    picture
        (H, W, 3) uint8, that of the reading.
    today
        In UTC.
    """
    if reading.payload is None:
        return _answer("no watermark", None, None, MEANINGS["no watermark"])
    group = next(one for one in register.groups if one.key.name == reading.key)
    if refused := _refused("group's key", group.validity, today):
        return _answer(refused[0], reading, group, refused[1])
    secrets = [one.key for one in register.devices]
    found = presence(picture, reading, group.key, secrets)
    device = None if found.device is None else register.devices[found.device]
    if device and (refused := _refused("device's secret", device.validity, today)):
        return _answer(refused[0], reading, group, refused[1])
    regions = _regions(found) if device else None
    answer = _word(found)
    edits = _edited(judge(device.key.of_photo(reading.payload)) if device else None)
    words = [MEANINGS[answer], *regions_words(regions), *_ended(group, device, today)]
    words += [EDITED[edits]] if edits else []
    return _answer(answer, reading, group, *words, *([UNSEEN] if device else [])).model_copy(
        update={
            "octaves": tuple(map(_rounded, found.octaves)),
            "regions": regions,
            "false_alarm_rate": MOST_FALSE_ALARMS,
            "edits": edits,
        }
    )


def _edited(result: DetectorResult | None) -> Edited | None:
    """Return what was done, where the network of edits is sure."""
    return next((kind for kind in EDITED if result and result.answer == kind), None)


def _word(found: Presence) -> Answer:
    if found.device is None:
        return "absent" if found.would_show else "not known"
    return "in parts" if (found.regions < 0).any() else "present"


def _refused(what: str, validity: Validity, today: date) -> tuple[Answer, str] | None:
    """Return what is to be said of a key that counts for nothing now."""
    state = validity.state(today)
    if state == "withdrawn" and validity.withdrawn:
        return "withdrawn", withdrawn_words(what, validity.withdrawn)
    if state == "not in use yet":
        return "not in use yet", MEANINGS["not in use yet"]
    return None


def _ended(
    group: Registered[GroupKey], device: Registered[DeviceSecret] | None, today: date
) -> list[str]:
    known = [("group's key", group.validity), ("device's secret", device and device.validity)]
    return [
        ended_words(what, validity.until)
        for what, validity in known
        if validity and validity.until and validity.state(today) == "ended"
    ]


def _answer(
    answer: Answer,
    reading: WatermarkReading | None,
    group: Registered[GroupKey] | None,
    *words: str,
) -> Measurement:
    return Measurement(
        answer=answer,
        payload=reading.payload.hex() if reading and reading.payload else None,
        group=group.key.name if group else None,
        words=words,
    )


def _rounded(left: Left) -> OctaveLeft:
    low, high = left.band
    share, error = round(left.share / STEP) * STEP, ceil(left.error / STEP) * STEP
    return OctaveLeft(
        low=low, high=high,
        share=float(np.clip(round(share, 2), -10, 10)), error=min(10.0, round(error, 2)),
    )  # fmt: skip


def _regions(found: Presence) -> Regions:
    rows, columns = found.regions.shape
    levels = tuple(_LEVELS[int(level)] for level in found.regions.ravel())
    return Regions(rows=rows, columns=columns, levels=levels)
