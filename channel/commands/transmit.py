"""``camsim transmit``: pictures through social platforms."""

from dataclasses import KW_ONLY, dataclass
from pathlib import Path

from channel.commands.for_each import OutputOptions
from channel.jpeg_file import is_jpeg
from channel.options import Whole
from channel.platforms import platform as find_platform
from channel.transmission import transmit


@dataclass(frozen=True)
class Transmit(OutputOptions):
    """Send pictures through social platforms.

    Parameters
    ----------
    pictures
        Files to read: JPEG, PNG, TIFF, WebP…
    platform
        See camsim platforms; give it again for a chain of shares.
    seed
        Of what a profile draws.
    """

    pictures: tuple[Path, ...]
    _: KW_ONLY
    platform: tuple[str, ...]
    seed: Whole = 0

    def __call__(self) -> int:
        """Write what each platform would serve."""
        profiles = [find_platform(name) for name in self.platform]

        def send(path: Path) -> tuple[bytes, str]:
            data = transmit(path, profiles, seed=self.seed)
            return data, ".jpg" if is_jpeg(data) else path.suffix

        return self.for_each(self.pictures, send)
