"""A picture's watermark as a report has it: what was read, in fields and in sentences."""

from collections.abc import Iterator
from math import floor, log10
from typing import Final

from verifier.report.record import WatermarkFacts
from verifier.watermark.reader import WatermarkReading

_FULL: Final = 0.005  # a scale that lies nearer to 1 is the photo's own; it is read within 0.002
_ROUND: Final = 0.01  # of the photo's longer side: what may pass for a cut where there is none
_RAREST: Final = 12  # powers of ten that people can still say

NOT_LOOKED_FOR: Final = WatermarkFacts(
    state="not looked for",
    words=(
        "No watermark was looked for, since no key of a device group is known.",
        "An agency that gives you its key lets you read which of its photos a picture shows.",
    ),
)
_NOT_FOUND: Final = WatermarkFacts(
    state="not found",
    words=(
        "No watermark of a known key was found.",
        "That is no evidence against the picture: other cameras, and groups whose key you don't "
        "have, leave none that could be read.",
        "Copying from a screen, strong cropping and strong compression remove one.",
    ),
)


def as_facts(found: WatermarkReading, longer_side: int) -> WatermarkFacts:
    """Write what was read of a picture, whose longer side is given in pixels, as facts."""
    if found.payload is None or found.scale is None or found.offset is None:
        return _NOT_FOUND
    across, down = found.offset
    return WatermarkFacts(
        state="read",
        payload=found.payload.hex(),
        key=found.key,
        scale=round(found.scale, 6),
        offset=(round(across, 2), round(down, 2)),
        turned=found.turned,
        mirrored=found.mirrored,
        slant=None if found.slant is None else round(found.slant, 1),
        longer_side=found.longer_side,
        false_hit_rate=found.false_hit_rate,
        words=tuple(_words(found, found.payload, found.scale, found.offset, longer_side)),
    )


def _words(
    found: WatermarkReading,
    payload: bytes,
    scale: float,
    offset: tuple[float, float],
    longer_side: int,
) -> Iterator[str]:
    yield f"A watermark was read, by the group's key {found.key}."
    yield f"Its payload names the photo: {payload.hex()}."
    yield _size(scale)
    yield from _part(offset, longer_side / scale, found.longer_side or 0)
    if found.mirrored:
        yield "The picture is mirrored left to right."
    if found.turned:
        yield f"The picture is turned clockwise by {found.turned}°."
    if found.slant:
        way = "clockwise" if found.slant > 0 else "counterclockwise"
        yield f"It was straightened: the photo is turned {way} in it by {abs(found.slant):.1f}°."
    yield (
        f"Of {_one_of(found.false_hit_rate)} pictures without a watermark, fewer than one gives a "
        "payload by chance."
    )
    yield (
        "A payload names the photo to whoever keeps its record. It does not say whether the "
        "picture was edited."
    )
    yield "It is no signature either: whoever has the group's key can embed it in any picture."


def _size(scale: float) -> str:
    if abs(scale - 1) < _FULL:
        return "The picture shows the photo at its full size."
    return f"The picture shows the photo at {scale:.0%} of its size."


def _part(offset: tuple[float, float], shown: float, longer_side: int) -> Iterator[str]:
    """Say what is missing of the photo, or was added around it; all that is shown is never claimed.

    Parameters
    ----------
    shown
        Longer side of the picture, in pixels of the photo.
    """
    tolerance = _ROUND * longer_side
    across, down = offset
    if max(offset) > tolerance:
        yield (
            f"It shows a part of the photo: its top left corner lies {max(0, across):,.0f} pixels "
            f"across and {max(0, down):,.0f} pixels down the photo."
        )
    elif shown < longer_side - tolerance:
        yield "It shows a part of the photo: the right or the lower side is missing."
    if min(offset) < -tolerance or shown > longer_side + tolerance:
        yield "Something lies around the photo: a frame, a caption or another picture."


def _one_of(rate: float) -> str:
    power = floor(-log10(rate)) if rate > 0 else _RAREST
    return f"{10 ** min(_RAREST, power):,}"
