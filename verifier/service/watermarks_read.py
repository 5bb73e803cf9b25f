"""Reading the watermark of a picture that is looked up by its content, a few at a time."""

from verifier.analysis import Verifier
from verifier.service.fetches import Fetches
from verifier.service.problems import NoKeyKnownError
from verifier.watermark.photo import WatermarkReader
from watermark.payload import ALGORITHM


class WatermarksRead:
    """Reads payloads by the keys that a verifier knows.

    Parameters
    ----------
    most
        Pictures at a time; beyond them 503.
    """

    def __init__(self, verifier: Verifier, most: int) -> None:
        self._verifier = verifier
        self._threads = Fetches(most)
        self._reader: WatermarkReader | None = None

    @property
    def can_read(self) -> bool:
        """Whether any key is known."""
        return bool(self._verifier.watermark_keys)

    def check(self) -> None:
        """Raise `NoKeyKnownError` where no picture can be read."""
        if not self.can_read:
            raise NoKeyKnownError(
                "pictures aren't read here: the service knows no watermark key; look up by the "
                "binding, or have its operator give one by --watermark-key"
            )

    async def value(self, photo: bytes, alg: str | None) -> bytes | None:
        """Return the payload of a picture; None where none is found, or another is wanted.

        Raises
        ------
        PhotoError
            If it can't be read.
        BusyError
            If as many as allowed are being read.
        """
        if alg not in (None, ALGORITHM):
            return None
        return (await self._threads.run(self._opened().read, photo)).payload

    def close(self) -> None:
        """End what reads."""
        self._threads.close()
        if self._reader:
            self._reader.close()

    def _opened(self) -> WatermarkReader:
        if self._reader is None:
            keys = self._verifier.watermark_keys
            self._reader = WatermarkReader(keys, settings=self._verifier.settings)
        return self._reader
