"""`channel.transmit` against what is downloaded from platforms, DCT coefficient by coefficient."""

import csv
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from io import BytesIO
from pathlib import Path
from typing import Final

import jpeglib
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from channel.errors import UnreadablePictureError
from channel.platforms import platform
from channel.profile import PlatformProfile, target_size
from channel.transmission import transmit
from channel.upload import Upload

PROFILES: Final = {  # (network, year) in networks.csv to the profile of that era
    ("facebook", "2016"): "facebook-2016",
    ("flickr", "2016"): "flickr-2016",
    ("google+", "2016"): "google+",
    ("imgur", "2016"): "imgur",
    ("instagram", "2016"): "instagram-2016",
    ("telegram", "2016"): "telegram-2016",
    ("tinypic", "2016"): "tinypic",
    ("tumblr", "2016"): "tumblr-2016",
    ("twitter", "2016"): "twitter-2016",
    ("whatsapp", "2016"): "whatsapp-2016",
    ("facebook", "2024"): "facebook",
    ("flickr", "2024"): "flickr",
    ("instagram", "2024"): "instagram-2024",
    ("linkedin", "2024"): "linkedin",
    ("tumblr", "2024"): "tumblr",
    ("twitter", "2024"): "twitter",
    ("yelp", "2024"): "yelp",
    ("telegram", "2026"): "telegram",
}
# Shares of equal non-zero coefficients that were found before, when the platforms were studied,
# on the resized photograph of 2016; the chroma ones where given.
FOUND_BEFORE: Final = {
    "facebook-2016": (0.64, None),
    "flickr-2016": (0.755, None),
    "google+": (0.860, None),
    "instagram-2016": (0.9994, 0.9999),
    "telegram-2016": (0.970, 0.995),
    "tinypic": (1.0, 1.0),
    "tumblr-2016": (1.0, 1.0),
    "twitter-2016": (0.987, 0.990),
    "whatsapp-2016": (0.909, None),
}
Coefficients = tuple[NDArray[np.int16], ...]


@dataclass(frozen=True)
class Comparison:
    """A real file and ours: shares of equal coefficients for Y, Cb and Cr.

    ``equal_nonzero`` counts those that aren't zero in either file; ``resized`` whether the platform
    changed the size. Both shares are empty where the files aren't JPEG.
    """

    file: str
    profile: str
    size: tuple[int, int]
    resized: bool
    identical: bool
    equal: tuple[float, ...]
    equal_nonzero: tuple[float, ...]


def comparisons(data: Path) -> Iterator[Comparison]:
    """Compare every pair in ``networks.csv`` under a folder.

    Raises `UnreadablePictureError` if there is no such list.
    """
    try:
        lines = (data / "networks.csv").read_text(encoding="utf-8").splitlines()
    except OSError as error:
        raise UnreadablePictureError(
            f"no networks.csv in {data}; name the folder that has it"
        ) from error
    for row in csv.DictReader(lines):
        key = row["network"], row["year"]
        if key in PROFILES:
            original = data / row["original"].split(" (")[0]
            yield compared(row["file"], (data / row["file"]).read_bytes(), original, PROFILES[key])


def compared(name: str, real: bytes, original: Path, profile: str) -> Comparison:
    """Send an original through a profile and compare with what the platform made of it."""
    upload, downloaded = Upload(original.read_bytes()), Upload(real)
    ours = transmit(upload.data, matched(platform(profile), upload, downloaded))
    resized = upload.size != downloaded.size
    equal, nonzero = (
        ((), ()) if downloaded.jpeg is None else shares(coefficients(ours), coefficients(real))
    )
    return Comparison(name, profile, downloaded.size, resized, ours == real, equal, nonzero)


def matched(profile: PlatformProfile, upload: Upload, downloaded: Upload) -> PlatformProfile:
    """Take, where a profile draws, what the real file has: its tables and its size."""
    width, height = upload.size
    wanted = downloaded.size[::-1]
    sizes = [rule for rule in profile.sizes if target_size(rule, height, width) == wanted]
    encodings = profile.encodings
    if downloaded.tables is not None:
        encodings = tuple(replace(e, tables=downloaded.tables) for e in encodings[:1])
    return replace(profile, sizes=tuple(sizes[:1]) or profile.sizes, encodings=encodings)


def shares(ours: Coefficients, real: Coefficients) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Share of equal coefficients per component: of all, and of those not zero in both."""
    if [part.shape for part in ours] != [part.shape for part in real]:
        return (0.0,) * len(real), (0.0,) * len(real)
    every, nonzero = [], []
    for first, second in zip(ours, real, strict=True):
        same = first == second
        counted = (first != 0) | (second != 0)
        every.append(float(same.mean()))
        nonzero.append(float(same[counted].mean()) if counted.any() else 1.0)
    return tuple(every), tuple(nonzero)


def coefficients(data: bytes) -> Coefficients:
    """Quantised DCT coefficients of a JPEG file, one array (rows, columns, 8, 8) a component."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "picture.jpg"
        path.write_bytes(data)
        with Image.open(BytesIO(data)) as image:
            grey = image.mode == "L"
        jpeg = jpeglib.read_dct(str(path))
        return (jpeg.Y,) if grey else (jpeg.Y, jpeg.Cb, jpeg.Cr)
