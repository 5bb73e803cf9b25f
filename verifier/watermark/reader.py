"""Reading a watermark: where the picture lies in its photo, which photo that is, how surely."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from verifier.watermark.finding import Found, searched, straightened, uncut
from verifier.watermark.payload_place import placed_by_payload
from verifier.watermark.place import Array, Place
from verifier.watermark.soft_bits import soft_values
from verifier.watermark.spectrum import Spectrum
from verifier.watermark.whitening import pitch_of, reduced, whitened
from watermark.code import decode
from watermark.keys import GroupKey
from watermark.payload import Message

LEAST_SIDE = 64  # samples, under which there is no room for a payload
MOST_FALSE_HITS = 1e-8
"""A payload is reported where noise alone would seem to hold one this rarely, or less."""


@dataclass(frozen=True)
class WatermarkReading:
    """What was read.

    Attributes
    ----------
    found
        Whether a payload was read. A watermark of a group whose key isn't given is not found.
    payload
        8 bytes that name the photo; None where none was decoded.
    key
        Name of the group's key that read it.
    false_hit_rate
        How probable such a payload is in a picture without a watermark; 1 where none was read.
    score
        Correlation of the payload's soft values with its codeword, in deviations of noise; 0 where
        none was read. Some 10.3 are needed, and √248 = 15.7 are a payload without any noise.
    pilot
        The pilot's correlation, in deviations of noise, where a picture lies likeliest. It says
        how well the place is known, and proves nothing: pictures have lines of their own.
    place
        Where the picture lies in the photo; None where nothing was found.
    longer_side
        Of the photo as it was developed, in pixels, within 2.
    scale
        Received pixels to one of the photo.
    offset
        Where the received picture's top left corner, once it is turned back about its middle, lies
        in the photo: pixels across and down.
    weighed
        (h, w) samples of the picture as it was received, whitened: what it was read from, for who
        looks closer. None where nothing was found.
    """

    found: bool
    payload: bytes | None = None
    key: str | None = None
    false_hit_rate: float = 1.0
    score: float = 0.0
    pilot: float = 0.0
    place: Place | None = None
    longer_side: int | None = None
    scale: float | None = None
    offset: tuple[float, float] | None = None
    weighed: Array | None = field(default=None, repr=False, compare=False)

    @property
    def turned(self) -> int | None:
        """How far the received picture is turned clockwise, in degrees."""
        return self.place.turn.degrees if self.place else None

    @property
    def mirrored(self) -> bool | None:
        """Whether the received picture is mirrored left to right, before it was turned."""
        return self.place.turn.mirrored if self.place else None

    @property
    def slant(self) -> float | None:
        """How far the photo is turned clockwise in it beside that, in degrees, within 0.05."""
        if self.place is None:
            return None
        return -self.place.slant if self.place.turn.mirrored else self.place.slant


def read_watermark(
    picture: NDArray[np.uint8], keys: Sequence[GroupKey], *, search: bool = True
) -> WatermarkReading:
    """Read a picture's watermark.

    Parameters
    ----------
    picture
        (H, W, 3) uint8 sRGB, in whatever size, cut or turned.
    keys
        Of the device groups whose payloads may be read; each is tried.
    search
        Whether to look for a photo that the picture is cut from; without, only uncut ones are read,
        in any size and turn.
    """
    luma = reduced(picture)
    if min(luma.shape) < LEAST_SIDE:
        return WatermarkReading(found=False)
    weighed = whitened(luma)
    tries, pilot = 0, 0.0
    spectrum = Spectrum(weighed, pitch_of(luma.shape, picture.shape))
    for found, readable in _places(weighed, spectrum, keys, search=search):
        pilot = max(pilot, found.score)
        soft_by = soft_values(weighed, found.place)
        for key in readable:
            tries += 1
            decoded = decode(soft_by(key))
            rate = min(1.0, decoded.false_hit_rate * tries)
            message = Message.from_bits(decoded.message)
            if message and rate <= MOST_FALSE_HITS:
                reading = _named(message, key, found, luma.shape, picture.shape)
                return replace(reading, false_hit_rate=rate, score=decoded.score, weighed=weighed)
    return WatermarkReading(found=False, pilot=pilot)


def _places(
    weighed: Array, spectrum: Spectrum, keys: Sequence[GroupKey], *, search: bool
) -> Iterator[tuple[Found, Sequence[GroupKey]]]:
    """Yield where a picture may lie, likeliest first, and by which keys it is to be read there."""
    for found in uncut(weighed, spectrum):
        yield found, keys
    if not search:
        return
    for found in searched(weighed, spectrum):
        yield found, keys
    for key in keys:
        for found in placed_by_payload(weighed, spectrum, key):
            yield found, [key]
    for found in straightened(weighed, spectrum):
        yield found, keys


def _named(
    message: Message,
    key: GroupKey,
    found: Found,
    samples: tuple[int, ...],
    received: tuple[int, ...],
) -> WatermarkReading:
    place = found.place
    # Samples to a longer side of the photo, then received pixels to a sample.
    scale = max(received[:2]) / max(samples) / (sum(place.steps) / 2) / message.longer_side
    top, left = (at * message.longer_side for at in place.corner)
    return WatermarkReading(
        found=True,
        payload=message.payload,
        key=key.name,
        pilot=found.score,
        place=place,
        longer_side=message.longer_side,
        scale=scale,
        offset=(left, top),
    )
