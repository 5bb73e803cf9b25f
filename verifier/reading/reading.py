"""What reading a photo gives: facts, credential, channel and pixels."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict

from verifier.features.jpeg_header import jpeg_header
from verifier.reading.channel import read_channel
from verifier.reading.credentials import no_credential, read_credential
from verifier.reading.decoding import MIME_TYPES, decode, facts_of_array
from verifier.report.record import ChannelReading, Credential, InputFacts
from verifier.settings import Settings

Pixels = NDArray[np.uint8]


class Facts(BaseModel):
    """What is known of a photo beside its pixels; crosses the border between two processes.

    Attributes
    ----------
    shows_more
        Whether a viewer may show something else than the pixels: see `PictureFile.shows_more`.
    luma_steps
        64 quantisation steps of a JPEG file's luma, by rows; None for others.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    input: InputFacts
    credential: Credential
    channel: ChannelReading
    seconds: dict[str, float]
    shows_more: bool = False
    luma_steps: tuple[int, ...] | None = None


@dataclass(frozen=True)
class Reading:
    """A photo, read: its facts and its pixels, (H, W, 3), uint8, not turned.

    Attributes
    ----------
    pixels
        The values as coded: for traces of JPEG and of platforms, and for the camera's watermark;
        a conversion of colours would blur both.
    converted
        The same in sRGB where the file's colours are others: see `colours`.
    """

    facts: Facts
    pixels: Pixels
    converted: Pixels | None = None

    @property
    def colours(self) -> Pixels:
        """The pixels in sRGB: for people, and for detectors that were trained on such pictures."""
        return self.pixels if self.converted is None else self.converted


def read_file(data: bytes, settings: Settings, *, cues: bool = True) -> Reading:
    """Read a file in this process. Raises `PhotoError`; for untrusted files use `DecoderProcesses`.

    ``cues`` as in `read_channel`.
    """
    seconds: dict[str, float] = {}
    with _timed(seconds, "decoding"):
        decoded = decode(data, settings.limits)
    with _timed(seconds, "credential"):
        mime_type = MIME_TYPES.get(decoded.facts.format)
        credential = (
            read_credential(data, mime_type, *settings.pem) if mime_type else no_credential()
        )
        # The signed ones come first: a list that is cut loses what anybody can write.
        statements = (*credential.statements, *decoded.statements)
        credential = credential.model_copy(update={"statements": statements})
    with _timed(seconds, "channel"):
        header = jpeg_header(data)
        channel = read_channel(header, decoded.pixels, cues=cues)
    facts = Facts(
        input=decoded.facts,
        credential=credential,
        channel=channel,
        seconds=seconds,
        shows_more=decoded.shows_more,
        luma_steps=header.luma if header else None,
    )
    return Reading(facts, decoded.pixels, decoded.colours)


def read_pixels(pixels: Pixels) -> Reading:
    """Take (H, W, 3) uint8 pixels as a photo without a file."""
    seconds: dict[str, float] = {}
    with _timed(seconds, "channel"):
        channel = read_channel(None, pixels)
    facts = Facts(
        input=facts_of_array(pixels),
        credential=no_credential(),
        channel=channel,
        seconds=seconds,
    )
    return Reading(facts, pixels)


@contextmanager
def _timed(seconds: dict[str, float], part: str) -> Iterator[None]:
    start = time.perf_counter()
    yield
    seconds[part] = time.perf_counter() - start
