"""Measuring photos by keys that never leave: register, limits, and what is answered of a picture.

Who may ask about versions of a picture again and again could repair one until its octaves read
present. So clients are known by their keys, each may ask about one photo so many times a day,
answers are coarse, and each leaves a line in the log.
"""

import hashlib
import logging
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from verifier.detectors.edits import WatermarkEdits
from verifier.errors import SettingsError
from verifier.measuring.answer import Measurement
from verifier.measuring.answering import answered
from verifier.reading.process import DecoderProcesses
from verifier.service.access import Access
from verifier.service.fetches import Fetches
from verifier.service.metrics import Metrics
from verifier.service.problems import TooManyRequestsError
from verifier.service.rate import RateLimit
from verifier.service.reloaded import Reloaded
from verifier.settings import Settings
from verifier.watermark.photo import upright
from verifier.watermark.reader import read_watermark
from watermark.errors import WatermarkError
from watermark.key_register import KeyRegister, key_paths

_log = logging.getLogger(__name__)
_DAY: Final = 86_400.0  # seconds


class Measuring:
    """Measures pictures, a few at a time.

    Parameters
    ----------
    places
        Files and folders of group keys and devices' secrets; read anew when they change.
    settings
        What photos are read by.
    access
        Who may ask, and how often.
    each
        Times a day that one client may ask about one photo; 0: no limit.
    most
        Pictures at a time; beyond them 503.

    Raises
    ------
    SettingsError
        If the keys can't be read.
    """

    def __init__(
        self,
        places: Sequence[Path],
        settings: Settings,
        access: Access,
        metrics: Metrics,
        *,
        each: int,
        most: int,
    ) -> None:
        self.access = access
        self.threads = Fetches(most, "photos are being measured")
        self._metrics = metrics
        self._register = Reloaded(lambda: _read(places), lambda: key_paths(places))
        self._each = RateLimit(each, seconds=_DAY)
        self._decoders = DecoderProcesses(settings)
        self._edits = WatermarkEdits.from_weights(threads=1)

    def measured(self, photo: bytes, owner: str) -> Measurement:
        """Measure a photo for the owner of a key.

        Raises
        ------
        PhotoError
            If it can't be read.
        TooManyRequestsError
            If that key asked too often about this photo.
        """
        register = self._register.current()
        content = self._decoders.read(photo)
        picture = upright(content)
        keys = [one.key for one in register.groups]
        reading = read_watermark(picture, keys)
        edits = self._edits.by(keys)
        if reading.payload:
            self._count(owner, reading.payload)
        found = answered(
            picture, reading, register, datetime.now(UTC).date(),
            lambda key: edits.judge(content, picture, reading, key),
        )  # fmt: skip
        self._metrics.measured(found.answer)
        digest = hashlib.sha256(photo).hexdigest()[:16]
        _log.info(
            "measured for %s: picture %s, photo %s, group %s: %s",
            owner, digest, found.payload, found.group, found.answer,
        )  # fmt: skip
        return found

    def close(self) -> None:
        """Let go of threads and processes."""
        self.threads.close()
        self._decoders.close()

    def _count(self, owner: str, payload: bytes) -> None:
        wait = self._each.wait(f"{owner} {payload.hex()}")
        if wait:
            _log.warning("%s asked too often about the photo %s", owner, payload.hex())
            raise TooManyRequestsError(
                f"that were too many pictures of one photo in a day; ask again in {wait:.0f} s",
                wait,
            )


def _read(places: Sequence[Path]) -> KeyRegister:
    try:
        return KeyRegister.read(places)
    except WatermarkError as error:
        raise SettingsError(str(error)) from error
