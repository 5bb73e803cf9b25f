"""Pictures as users send them, and what platforms serve of them: all classes of the same upload."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from channel import transmit
from channel.errors import ChannelError
from channel.picture_file import open_picture
from verifier.errors import ScoresError
from verifier.evaluation.platform.classes import EDITOR, PlatformClass
from verifier.features.dct_histogram import PATCH

Pixels = NDArray[np.uint8]

SUFFIXES: Final = {".jpg", ".jpeg", ".png", ".webp", ".tif", ".tiff"}
# Qualities of Amerini et al. 2017, section IV (UCID-social).
QUALITIES: Final = tuple(range(50, 96))
PAPER_QUALITIES: Final = tuple(range(50, 96, 5))
# Longer sides of an upload, drawn evenly by ratio: from a thumbnail to what a phone takes.
LONG_SIDES: Final = (480, 4096)
_ASPECTS: Final = (4 / 3, 3 / 2, 16 / 9, 1.0)
# How much a source may be shrunk first, so that its detail differs from upload to upload.
_LEAST_SHRINKING: Final = 0.5
_EDITOR_QUALITIES: Final = (60, 98)
_EDITOR_SCALES: Final = (0.3, 1.2)
_FILTERS: Final = (
    Image.Resampling.BOX, Image.Resampling.BILINEAR, Image.Resampling.BICUBIC,
    Image.Resampling.LANCZOS,
)  # fmt: skip


@dataclass(frozen=True)
class Downloaded:
    """What came back.

    Attributes
    ----------
    data
        The file; ``pixels`` are (H, W, 3), uint8, sRGB.
    profile
        That it went through last.
    untouched
        Whether it is the upload, or was coded again at the same size by the upload's own luma
        table, which leaves the coefficients as they are: luma can't distinguish it from the upload.
    """

    data: bytes
    pixels: Pixels
    profile: str
    untouched: bool


def source_files(folder: Path) -> list[Path]:
    """List the pictures under a folder, sorted. Raises `ScoresError` if there are none."""
    files = sorted(path for path in folder.rglob("*") if path.suffix.lower() in SUFFIXES)
    if not files:
        raise ScoresError(f"{folder} holds no pictures ({', '.join(sorted(SUFFIXES))})")
    return files


def pixels_of(photo: Path | bytes) -> Pixels:
    """Decode a picture upright to (H, W, 3), uint8, sRGB. Raises `ScoresError` if it can't be."""
    try:
        data = photo if isinstance(photo, bytes) else photo.read_bytes()
        return np.asarray(open_picture(data).srgb().convert("RGB"))
    except (OSError, ChannelError) as error:
        raise ScoresError(f"a picture can't be read: {error}") from error


def drawn_upload(
    source: Pixels,
    rng: np.random.Generator,
    long_sides: tuple[int, int] = LONG_SIDES,
    qualities: Sequence[int] = QUALITIES,
) -> bytes:
    """Make an upload of a picture: any size, JPEG of quality 50–95.

    The source is shrunk a little, and cropped or continued by its mirror images to the size that
    was drawn, so that large uploads have the detail of large photographs and no enlargement.

    Parameters
    ----------
    source
        (H, W, 3), uint8, sRGB, at least 64 pixels a side.
    long_sides
        Least and largest longer side.
    qualities
        To draw from.
    """
    long = round(float(np.exp(rng.uniform(*np.log(long_sides)))))
    short = round(long / _ASPECTS[rng.integers(len(_ASPECTS))])
    height, width = (short, long) if rng.random() < 0.6 else (long, short)
    image = Image.fromarray(source)
    shrinking = rng.uniform(_LEAST_SHRINKING, 1)
    shrunk = np.asarray(image.resize(_scaled(image, shrinking), Image.Resampling.LANCZOS))
    quality = int(rng.integers(qualities[0], qualities[-1] + 1))
    if quality not in qualities:
        quality = qualities[int(rng.integers(len(qualities)))]
    subsampling = ("4:2:0", "4:4:4")[rng.integers(2)]
    file = BytesIO()
    Image.fromarray(_framed(shrunk, height, width, rng)).save(
        file, "JPEG", quality=quality, subsampling=subsampling
    )
    return file.getvalue()


def _scaled(image: Image.Image, scale: float) -> tuple[int, int]:
    width, height = (max(PATCH, round(side * scale)) for side in image.size)
    return width, height


def _framed(pixels: Pixels, height: int, width: int, rng: np.random.Generator) -> Pixels:
    """Cut out a place, or continue by mirror images, to (height, width)."""
    missing = [
        max(0, want - have) for want, have in zip((height, width), pixels.shape, strict=False)
    ]
    pads = [(0, missing[0]), (0, missing[1]), (0, 0)]
    padded = np.pad(pixels, pads, mode="symmetric") if any(missing) else pixels
    top, left = (
        int(rng.integers(have - want + 1))
        for have, want in zip(padded.shape[:2], (height, width), strict=True)
    )
    return np.ascontiguousarray(padded[top : top + height, left : left + width])


def downloaded(
    upload: bytes, profile: str, seed: int, original: Pixels | None = None
) -> Downloaded:
    """Send an upload through one profile, or through an editor.

    Parameters
    ----------
    original
        The upload's pixels, if they are at hand.

    Raises
    ------
    ChannelError
        If the platform wouldn't take it.
    """
    data = (
        edited(upload, np.random.default_rng(seed))
        if profile == EDITOR
        else transmit(upload, profile, seed=seed)
    )
    if data == upload:
        return Downloaded(data, pixels_of(upload) if original is None else original, profile, True)
    return Downloaded(data, pixels_of(data), profile, is_untouched(upload, data))


def edited(upload: bytes, rng: np.random.Generator) -> bytes:
    """Resize a picture, or not, and save it as JPEG once more, as any program would."""
    picture = open_picture(upload).srgb()
    if rng.random() < 0.5:
        scale = rng.uniform(*_EDITOR_SCALES)
        picture = picture.resize(_scaled(picture, scale), _FILTERS[rng.integers(len(_FILTERS))])
    file = BytesIO()
    quality = int(rng.integers(*_EDITOR_QUALITIES, endpoint=True))
    picture.save(file, "JPEG", quality=quality, subsampling=("4:2:0", "4:4:4")[rng.integers(2)])
    return file.getvalue()


def is_untouched(upload: bytes, data: bytes) -> bool:
    """Whether a downloaded file has the upload's luma: passed through, or by the same table."""
    if data == upload:
        return True
    with Image.open(BytesIO(upload)) as before, Image.open(BytesIO(data)) as after:
        tables = [getattr(image, "quantization", {}).get(0) for image in (before, after)]
        return before.size == after.size and tables[0] is not None and tables[0] == tables[1]


def drawn_classes(
    upload: bytes, classes: Sequence[PlatformClass], seed: int
) -> Iterator[tuple[int, Downloaded]]:
    """Serve one upload by every class, each by one of its profiles, drawn.

    Yields
    ------
    The place of the class, and what was downloaded. A platform that wouldn't take the picture is
    left out; the class of originals gives the upload itself.
    """
    original = pixels_of(upload)
    for place, one in enumerate(classes):
        rng = np.random.default_rng([seed, place])
        profile = one.profiles[rng.integers(len(one.profiles))]
        try:
            yield place, downloaded(upload, profile, int(rng.integers(2**31)), original)
        except ChannelError:
            continue
