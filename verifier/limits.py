"""How much of the machine an untrusted photo may take."""

from dataclasses import dataclass, fields

from verifier.errors import SettingsError


@dataclass(frozen=True)
class Limits:
    """Bounds on what one photo may cost; beyond them it is refused, never half read.

    Parameters
    ----------
    file_bytes
        Largest file. 100 MB holds a 60-megapixel camera's finest JPEG several times.
    pixels
        Most pixels, counted from the header before anything is decoded. 100 megapixels is what
        the largest cameras sold to photographers give.
    side
        Longest side in pixels; JPEG itself ends at 65,535.
    seconds
        For reading (decoding, header, credential); the process that reads is then ended.
    memory_bytes
        Address space that a photo may take in the reading process, where the system bounds it. It
        holds the decoded pixels several times over: as the library has them, as RGB, as luma.
    workers
        Most reading processes at a time; further threads wait.
    manifest_bytes
        Largest manifest store that is read apart from its photo, as a repository gives it. Ours has
        about 100 kB with its reference picture; ingredients and thumbnails add to others'.
    """

    file_bytes: int = 100_000_000
    pixels: int = 100_000_000
    side: int = 65_535
    seconds: float = 20.0
    memory_bytes: int = 3_000_000_000
    workers: int = 2
    manifest_bytes: int = 2_000_000

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            if value <= 0:
                raise SettingsError(f"the limit {field.name} is {value}; give more than 0")
