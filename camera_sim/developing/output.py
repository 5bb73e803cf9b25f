"""Developed pictures out: JPEG, PNG and 16-bit TIFF with ICC profile and EXIF, written whole."""

import io
import os
import re
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal

import numpy as np
import tifffile
from PIL import ExifTags, Image, ImageCms

from camera_sim.developing.tiff_exif import append_directories, described_tags, directory_tags
from camera_sim.device import durable
from camera_sim.errors import OutputError
from camera_sim.raw.exif_block import ExifBlock
from camera_sim.raw.raw_image import Picture
from channel.file_names import fitting_name

Format = Literal["jpeg", "png", "tiff"]
Subsampling = Literal["4:4:4", "4:2:2", "4:2:0"]
SUFFIXES: dict[Format, str] = {"jpeg": ".jpg", "png": ".png", "tiff": ".tif"}
FORMATS: dict[str, Format] = {
    ".jpg": "jpeg", ".jpeg": "jpeg", ".png": "png", ".tif": "tiff", ".tiff": "tiff",
}  # fmt: skip

IMAGE_DESCRIPTION = ExifTags.Base.ImageDescription
PICTURE_MODE = 0o666  # less the user's mask, as of any new file
EXIF_MOMENT = re.compile(r"\d{4}:\d\d:\d\d \d\d:\d\d:\d\d")


@dataclass(frozen=True)
class Encoding:
    """How a picture is written.

    Attributes
    ----------
    quality
        JPEG quality, 1 to 100.
    subsampling
        JPEG chroma subsampling.
    """

    format: Format = "jpeg"
    quality: int = 95
    subsampling: Subsampling = "4:4:4"

    def __post_init__(self) -> None:
        if not 1 <= self.quality <= 100:
            raise OutputError(f"JPEG quality is 1 to 100, not {self.quality}")


def write_picture(
    path: Path,
    picture: Picture,
    encoding: Encoding,
    exif: bytes,
    *,
    force: bool,
) -> None:
    """Write an upright (H, W, 3) sRGB picture, uint8, or uint16 for TIFF.

    Raises
    ------
    OutputError
        If the file exists and ``force`` is not given, or it cannot be written.
    """
    write_file(path, picture_file(picture, encoding, exif), force=force)


def picture_file(picture: Picture, encoding: Encoding, exif: bytes) -> bytes:
    """Return an upright (H, W, 3) sRGB picture as a file: uint8, or uint16 for TIFF."""
    if encoding.format == "tiff":
        return _tiff(picture, exif)
    return encode(picture, encoding, exif)


def write_file(path: Path, content: bytes, *, force: bool, temporary: Path | None = None) -> None:
    """Write a whole file, or none; see `whole_file`."""
    with whole_file(path, force=force, temporary=temporary) as part:
        durable.write_new(part, content, PICTURE_MODE)


def encode(picture: Picture, encoding: Encoding, exif: bytes = b"") -> bytes:
    """Return a (H, W, 3) uint8 picture as JPEG or PNG bytes."""
    pil, buffer = Image.fromarray(np.ascontiguousarray(picture)), io.BytesIO()
    about: dict[str, bytes] = {"icc_profile": srgb_profile()} | ({"exif": exif} if exif else {})
    if encoding.format == "jpeg":
        pil.save(
            buffer, "JPEG", quality=encoding.quality, subsampling=encoding.subsampling, **about
        )
    else:
        pil.save(buffer, "PNG", compress_level=4, **about)
    return buffer.getvalue()


@contextmanager
def whole_file(path: Path, *, force: bool, temporary: Path | None = None) -> Iterator[Path]:
    """Yield a temporary name beside ``path``, renamed to it at the end: never half a file.

    Content and name are flushed to the disk, so a power cut afterwards takes neither.
    """
    check_absent(path, force=force)
    temporary = temporary or path.with_name(fitting_name(f".{path.name}", f".{os.getpid()}.part"))
    try:
        durable.make_folder(path.parent)
        try:
            yield temporary
            durable.sync_file(temporary)
            _name(temporary, path, force=force)
        finally:
            temporary.unlink(missing_ok=True)
        durable.sync_folder(path.parent)
    except OSError as error:
        raise OutputError(f"{path} cannot be written: {error.strerror or error}") from error


def _name(temporary: Path, path: Path, *, force: bool) -> None:
    """Give a written file its name; without ``force`` never that of a file that came meanwhile."""
    if not force:
        try:
            os.link(temporary, path)  # unlike a rename, it fails where the name is taken
            return
        except FileExistsError:
            check_absent(path, force=False)
        except OSError:  # a memory card's file system knows no links
            check_absent(path, force=False)
    temporary.replace(path)


def check_absent(path: Path, *, force: bool) -> None:
    """Refuse to overwrite.

    Raises
    ------
    OutputError
        If the file exists and ``force`` is not given, or the path is a directory.
    """
    if path.is_dir():
        raise OutputError(f"{path} is a directory; name a file")
    if path.exists() and not force:
        raise OutputError(f"{path} exists; name another --out, or overwrite it with --force")


@cache
def srgb_profile() -> bytes:
    """Return LittleCMS's sRGB profile, dated as the standard so that files are reproducible."""
    profile = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    profile[24:36] = struct.pack(">6H", 1999, 10, 1, 0, 0, 0)  # IEC 61966-2-1:1999-10
    return bytes(profile)


def _tiff(picture: Picture, exif: bytes) -> bytes:
    file = io.BytesIO()
    block = ExifBlock.parsed(exif)
    moment, described = block.find(ExifTags.Base.DateTime), block.find(IMAGE_DESCRIPTION)
    tifffile.imwrite(
        file,
        np.ascontiguousarray(picture),
        byteorder=block.order,
        photometric="rgb",
        compression="adobe_deflate",
        predictor=True,
        iccprofile=srgb_profile(),
        datetime=moment.text() if moment and EXIF_MOMENT.fullmatch(moment.text()) else None,
        description=bytes(described.data or b"") if described else None,
        software="camsim",
        metadata=None,
        extratags=[*described_tags(block), *directory_tags(block)],
    )
    append_directories(file, block)
    return file.getvalue()
