"""Watermarks that are read and measured once: many tests ask about the same few pictures."""

import hashlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TypeVar, cast

import pytest

from tests.verifier.watermark.made import Picture
from verifier.watermark.presence import Presence, presence
from verifier.watermark.reader import WatermarkReading, read_watermark
from watermark.keys import DeviceSecret, GroupKey

_CALLED = (
    "verifier.analysis.read_watermark",
    "verifier.service.measuring.read_watermark",
    "verifier.watermark.reader.read_watermark",
)
_MOST = 100
T = TypeVar("T")


class Readings:
    """Remembers what was read of a picture by some keys, and measured by some secrets."""

    def __init__(self) -> None:
        self._known: dict[tuple[object, ...], object] = {}

    def _once(self, asked: tuple[object, ...], find: Callable[[], T]) -> T:
        if asked not in self._known:
            if len(self._known) == _MOST:
                self._known.clear()
            self._known[asked] = find()
        return cast(T, self._known[asked])

    def read(
        self, picture: Picture, keys: Sequence[GroupKey], *, search: bool = True
    ) -> WatermarkReading:
        asked = (*_picture(picture), search, *((key.name, key.secret) for key in keys))
        return self._once(asked, lambda: read_watermark(picture, keys, search=search))

    def presence(
        self,
        picture: Picture,
        reading: WatermarkReading,
        group: GroupKey,
        secrets: Sequence[DeviceSecret],
    ) -> Presence:
        by = (group.secret, *(one.secret for one in secrets))
        asked = (*_picture(picture), "presence", repr(reading), *by)
        return self._once(asked, lambda: presence(picture, reading, group, secrets))


def _picture(picture: Picture) -> tuple[bytes, tuple[int, ...]]:
    return hashlib.sha256(picture.tobytes()).digest(), picture.shape


@contextmanager
def readings_remembered() -> Iterator[None]:
    """Have verifiers and services of this process read each picture once."""
    with pytest.MonkeyPatch.context() as patch:
        readings = Readings()
        for place in _CALLED:
            patch.setattr(place, readings.read)
        patch.setattr("verifier.measuring.answering.presence", readings.presence)
        yield
