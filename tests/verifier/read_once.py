"""Watermarks that are read once: many tests ask about the same few pictures."""

import hashlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import pytest

from tests.verifier.watermark.made import Picture
from verifier.watermark.reader import WatermarkReading, read_watermark
from watermark.keys import GroupKey

_CALLED = (
    "verifier.analysis.read_watermark",
    "verifier.service.measuring.read_watermark",
    "verifier.watermark.reader.read_watermark",
)
_MOST = 100


class Readings:
    """Remembers what was read of a picture by some keys."""

    def __init__(self) -> None:
        self._known: dict[tuple[object, ...], WatermarkReading] = {}

    def read(
        self, picture: Picture, keys: Sequence[GroupKey], *, search: bool = True
    ) -> WatermarkReading:
        digest = hashlib.sha256(picture.tobytes()).digest()
        asked = (digest, picture.shape, search, *((key.name, key.secret) for key in keys))
        if asked not in self._known:
            if len(self._known) == _MOST:
                self._known.clear()
            self._known[asked] = read_watermark(picture, keys, search=search)
        return self._known[asked]


@contextmanager
def readings_remembered() -> Iterator[None]:
    """Have verifiers and services of this process read each picture once."""
    with pytest.MonkeyPatch.context() as patch:
        readings = Readings()
        for place in _CALLED:
            patch.setattr(place, readings.read)
        yield
