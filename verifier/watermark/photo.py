"""Reading the watermark of a photo: a path, a file's bytes, or pixels."""

from collections.abc import Sequence
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from channel.picture_file import turned
from verifier.reading.photo import Photo, load
from verifier.reading.process import DecoderProcesses
from verifier.reading.reading import Reading
from verifier.settings import Settings
from verifier.watermark import reader
from verifier.watermark.known_keys import keys_of, known_keys
from verifier.watermark.reader import WatermarkReading
from watermark.keys import GroupKey


class WatermarkReader:
    """Reads the watermarks of many photos, from any number of threads.

    Files are decoded by a process of their own, as `verifier.analysis.Verifier` does; `close` ends
    it, and so does the end of a ``with`` block.

    Parameters
    ----------
    keys
        Of the device groups whose payloads may be read, or their files; None: those of the user's
        folder.
    search
        Whether to look for a photo that a picture is cut from.
    settings
        Whose limits bound what a file may cost.

    Raises
    ------
    SettingsError
        If a key can't be read, or none is known.
    """

    def __init__(
        self,
        keys: Sequence[GroupKey | str | Path] | None = None,
        *,
        search: bool = True,
        settings: Settings | None = None,
    ) -> None:
        self._keys = known_keys().keys if keys is None else keys_of(keys)
        self._search = search
        self._settings = settings or Settings()
        self._decoders = DecoderProcesses(self._settings)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End the reading process; another photo starts it again."""
        self._decoders.close()

    def read(self, photo: Photo) -> WatermarkReading:
        """Read a photo's watermark; see `read_watermark`."""
        content = load(photo, self._settings.limits).content
        if isinstance(content, bytes):
            content = upright(self._decoders.read(content, cues=False))
        return reader.read_watermark(content, self._keys, search=self._search)


def upright(reading: Reading) -> NDArray[np.uint8]:
    """Return a picture as it is shown: (H, W, 3) sRGB, by its EXIF orientation."""
    orientation = reading.facts.input.orientation
    if orientation == 1:
        return reading.colours
    return np.asarray(turned(Image.fromarray(reading.colours), orientation))


def read_watermark(
    photo: Photo,
    keys: Sequence[GroupKey | str | Path] | None = None,
    *,
    search: bool = True,
) -> WatermarkReading:
    """Read a photo's watermark; for many photos keep a `WatermarkReader`.

    Parameters
    ----------
    photo
        A path, the bytes of a file, or pixels (H, W, 3) or (H, W), uint8, sRGB.
    keys
        Of the device groups whose payloads may be read, or their files; None: those of the user's
        folder.
    search
        Whether to look for a photo that the picture is cut from; without, only uncut ones are read,
        in any size and turn.

    Raises
    ------
    PhotoError
        If it can't be read; the subclass and the message say why.
    SettingsError
        If a key can't be read, or none is known.
    WorkerError
        If the reading process can't be started.
    """
    with WatermarkReader(keys, search=search) as reading:
        return reading.read(photo)
