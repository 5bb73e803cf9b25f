"""What readers of pictures raise on damaged files, as errors of the channel."""

import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from PIL import Image, UnidentifiedImageError

from channel.errors import ChannelError, PictureTooLargeError, UnreadablePictureError
from channel.printable import printable

# What newsrooms get. Formats whose readers run programs (EPS) or that nobody sends stay shut.
FORMATS: Final[tuple[str, ...]] = (
    "JPEG", "MPO", "PNG", "WEBP", "TIFF", "GIF", "BMP", "AVIF", "HEIF", "JXL", "PPM",
)  # fmt: skip
_LONGEST: Final = 200  # characters of another library's words


# What Pillow logs of damage goes to whoever set logging up, and by itself to no terminal.
logging.getLogger("PIL").addHandler(logging.NullHandler())


@contextmanager
def damage_told() -> Iterator[None]:
    """Wrap what Pillow's readers raise, which on damaged files is nearly anything."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Pillow's size warning: limits are checked elsewhere
            yield
    except (ChannelError, MemoryError):
        raise
    except Image.DecompressionBombError as error:
        raise PictureTooLargeError(f"the picture is a decompression bomb: {error}") from error
    except UnidentifiedImageError as error:
        raise UnreadablePictureError(
            f"the file is in no format that is read ({', '.join(FORMATS)}), or its header is "
            "damaged; get it again"
        ) from error
    except Exception as error:
        kind, words = type(error).__name__, printable(str(error))[:_LONGEST]
        raise UnreadablePictureError(
            f"the picture is damaged ({kind}: {words}); get it again"
        ) from error
