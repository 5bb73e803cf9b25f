"""Pictures of a user's folder, each as upright sRGB pixels: what is trained and measured on."""

from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from channel.errors import ChannelError, PictureError, reason_of
from channel.picture_file.opening import open_picture
from channel.regular_file import read_regular

SUFFIXES: Final = (".png", ".webp", ".tif", ".tiff", ".bmp", ".jpg", ".jpeg")


def load_picture(path: Path) -> NDArray[np.uint8]:
    """Load a picture upright, as (H, W, 3) uint8 sRGB.

    Raises
    ------
    PictureError
        If it is missing, unreadable, a RAW file, or smaller than one Bayer tile.
    """
    try:
        array = np.asarray(open_picture(read_regular(path)).srgb().convert("RGB"))
    except FileNotFoundError as error:
        raise PictureError(f"{path}: no such file") from error
    except IsADirectoryError as error:
        raise PictureError(f"{path} is a directory; name a picture in it") from error
    except (OSError, ChannelError) as error:
        raise PictureError(f"{path} cannot be read as a picture: {reason_of(error)}") from error
    if min(array.shape[:2]) < 2:
        raise PictureError(f"{path} is smaller than one 2×2 tile of the sensor")
    return array


def picture_files(folder: Path) -> list[Path]:
    """List the pictures under a folder, sorted by name.

    Raises
    ------
    PictureError
        If the folder is missing or holds none.
    """
    if not folder.is_dir():
        raise PictureError(f"{folder} is not a folder of pictures")
    files = sorted(p for p in folder.rglob("*") if p.suffix.lower() in SUFFIXES)
    if not files:
        raise PictureError(f"{folder} holds no picture ({', '.join(SUFFIXES)})")
    return files
