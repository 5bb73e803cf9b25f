"""Copying: the watermark of one photo, estimated, is laid on another picture."""

from collections.abc import Iterator

import numpy as np

from camera_sim.evaluation.attacks.attack import Array, Attempt, Target
from camera_sim.evaluation.attacks.estimating import amplitudes, estimated, laid, shaped, weighed
from camera_sim.evaluation.watermark.changes import pixels
from camera_sim.evaluation.watermark.photos import Picture
from channel import transmit
from watermark.embedding import plane_of
from watermark.pattern import OPERATING_POINT, SHARES, payload_lines, pilot


def copying(target: Target) -> Iterator[Attempt]:
    """Copy all that was estimated, from the photo or a downloaded copy; or the payload's lines."""
    foreign = target.foreign
    downloaded = pixels(transmit(target.shot.file, "whatsapp"))
    own = estimated(target.shot.photo)
    estimates = {
        "what the photo's file holds": own,
        "the same, half as strong": own * np.float32(0.5),
        "what a copy from WhatsApp holds": estimated(downloaded),
    }
    for way, levels in estimates.items():
        yield Attempt(way, "forgery", foreign, laid(foreign, levels))
    lines = known_lines(target.shot.photo)
    yield Attempt("the lines of the payload alone", "forgery", foreign, laid(foreign, lines))


def known_lines(picture: Picture) -> Array:
    """Estimate the payload at its public frequencies alone, and lay the pilot as it is known."""
    levels = shaped(weighed(picture))
    lines = payload_lines()
    found = amplitudes(levels, lines)
    power = 2 * np.square(np.abs(found)).sum()
    payload = found * np.sqrt(SHARES["payload"] / power)
    parts = [(pilot()[0], pilot()[1] * SHARES["pilot"] ** 0.5), (lines, payload)]
    height, width = levels.shape
    plane = plane_of(parts, (height, width))
    whole = plane.window((height, width), slice(0, height), slice(0, width))
    return whole * np.float32(OPERATING_POINT)
