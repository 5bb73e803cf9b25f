"""What a RAW file says of the shot: camera, exposure, and the EXIF that the picture keeps."""

import io
import re
import warnings
from dataclasses import dataclass, replace
from typing import Any

from PIL import ExifTags, Image

from camera_sim.raw_file import RawFile

Base = ExifTags.Base
# IFD0 tags worth keeping (CIPA DC-008-2023, table 4); the others describe the RAW file's layout.
KEPT_TAGS = (
    Base.Make, Base.Model, Base.DateTime, Base.Artist, Base.Copyright, Base.ImageDescription,
)  # fmt: skip
# Exif tags that speak of the RAW file itself, or cannot survive a move.
DROPPED_EXIF_TAGS = (
    Base.MakerNote, Base.ExifImageWidth, Base.ExifImageHeight, Base.ComponentsConfiguration,
    Base.CompressedBitsPerPixel, Base.ExifInteroperabilityOffset, Base.CFAPattern, Base.ColorSpace,
)  # fmt: skip
# A CIFF (Canon CRW) heap names the camera in record 0x080A, as two NUL-terminated strings.
CIFF_CAMERA = re.compile(rb"(Canon)\x00(Canon [ -~]{2,40})\x00")


@dataclass(frozen=True)
class CaptureInfo:
    """Camera and exposure; None or "" where the file does not say.

    Attributes
    ----------
    exposure_time
        Seconds.
    focal_length
        Millimetres.
    captured_at
        ``YYYY:MM:DD HH:MM:SS``, as EXIF writes it.
    exif
        A TIFF-structured EXIF block, as in an APP1 segment, or b"".
    """

    make: str = ""
    model: str = ""
    lens: str = ""
    iso: float | None = None
    exposure_time: float | None = None
    f_number: float | None = None
    focal_length: float | None = None
    captured_at: str = ""
    artist: str = ""
    exif: bytes = b""

    @property
    def camera(self) -> str:
        """Make and model, the make not said twice."""
        make = self.make.split()[0] if self.make else ""
        if make and self.model.lower().startswith(make.lower()):
            return self.model
        return f"{make} {self.model}".strip() or "unknown camera"

    def exposure_line(self) -> str:
        """Return the exposure in a photographer's words: ISO 100 · 1/200 s · f/11 · 100 mm."""
        parts = [
            f"ISO {self.iso:g}" if self.iso else "",
            shutter_speed(self.exposure_time) if self.exposure_time else "",
            f"f/{self.f_number:.1f}" if self.f_number else "",
            f"{self.focal_length:g} mm" if self.focal_length else "",
        ]
        return " · ".join(part for part in parts if part)


def shutter_speed(seconds: float) -> str:
    """Write an exposure time as photographers do."""
    return f"1/{1 / seconds:.0f} s" if seconds < 0.4 else f"{seconds:g} s"


def read_capture_info(
    file: RawFile, other: Any, lens: Any, embedded_jpeg: bytes | None
) -> CaptureInfo:
    """Gather what the file says.

    Parameters
    ----------
    file
        The RAW file.
    other, lens
        LibRaw's ``imgdata.other`` and ``imgdata.lens``, as rawpy gives them.
    embedded_jpeg
        Its JPEG preview, where EXIF may be.
    """
    exif = _file_exif(file.content, embedded_jpeg)
    make = str(exif.get(Base.Make, "")).strip("\0 ")
    model = str(exif.get(Base.Model, "")).strip("\0 ")
    if not model:
        make, model = _ciff_camera(file)
    # LibRaw gives the epoch where the file states no time.
    known = other.timestamp and other.timestamp.timestamp() > 0
    captured_at = other.timestamp.strftime("%Y:%m:%d %H:%M:%S") if known else ""
    info = CaptureInfo(
        make=make,
        model=model,
        lens=lens.model,
        iso=_positive(other.iso_speed),
        exposure_time=_positive(other.shutter_speed),
        f_number=_positive(other.aperture),
        focal_length=_positive(other.focal_length),
        captured_at=captured_at,
        artist=str(other.artist).strip("\0 "),
    )
    return _with_exif(info, exif)


def _positive(value: float) -> float | None:
    return float(value) if value and value > 0 else None


def _file_exif(content: bytes, embedded_jpeg: bytes | None) -> Image.Exif:
    """Read EXIF from a TIFF-structured RAW file, else from its preview; empty where neither."""
    exif = Image.Exif()
    try:
        with io.BytesIO(content) as file, warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Pillow's, of damaged EXIF
            exif.load_from_fp(file)
            exif.get_ifd(ExifTags.IFD.Exif)
            exif.get_ifd(ExifTags.IFD.GPSInfo)
        if Base.Make in exif or Base.Model in exif:
            return exif
    except (OSError, SyntaxError, ValueError, KeyError, TypeError, EOFError):
        exif = Image.Exif()
    if embedded_jpeg:
        try:
            with Image.open(io.BytesIO(embedded_jpeg)) as preview:
                return preview.getexif()
        except (OSError, SyntaxError, ValueError):
            pass
    return exif


def _ciff_camera(file: RawFile) -> tuple[str, str]:
    if file.path.suffix.lower() != ".crw":
        return "", ""
    found = CIFF_CAMERA.search(file.content)
    return (found[1].decode(), found[2].decode().strip()) if found else ("", "")


def _with_exif(info: CaptureInfo, source: Image.Exif) -> CaptureInfo:
    """Add the block to keep: the file's own tags, completed by what LibRaw read."""
    kept = Image.Exif()
    for tag in KEPT_TAGS:
        if source.get(tag):
            kept[tag] = source[tag]
    for tag, value in ((Base.Make, info.make), (Base.Model, info.model),
                       (Base.DateTime, info.captured_at), (Base.Artist, info.artist)):  # fmt: skip
        if value and tag not in kept:
            kept[tag] = value
    details = kept.get_ifd(ExifTags.IFD.Exif)
    details.update(_portable(source.get_ifd(ExifTags.IFD.Exif)))
    for tag, fact in (
        (Base.ExposureTime, info.exposure_time),
        (Base.FNumber, info.f_number),
        (Base.FocalLength, info.focal_length),
        (Base.ISOSpeedRatings, int(info.iso) if info.iso else None),
        (Base.DateTimeOriginal, info.captured_at),
        (Base.LensModel, info.lens),
    ):
        if fact and tag not in details:
            details[tag] = fact
    kept.get_ifd(ExifTags.IFD.GPSInfo).update(source.get_ifd(ExifTags.IFD.GPSInfo))
    return replace(info, exif=_exif_bytes(kept, details))


def _portable(tags: dict[int, Any]) -> dict[int, Any]:
    return {tag: value for tag, value in tags.items() if tag not in DROPPED_EXIF_TAGS}


def _exif_bytes(exif: Image.Exif, details: dict[int, Any]) -> bytes:
    """Serialise; a tag that a camera wrote in a form that cannot be is left out."""
    try:
        return exif.tobytes()
    except Exception:  # Pillow raises whatever struct and its casts raise on odd tags
        for tag in list(details):
            single = Image.Exif()
            single.get_ifd(ExifTags.IFD.Exif)[tag] = details[tag]
            try:
                single.tobytes()
            except Exception:
                del details[tag]
        return exif.tobytes()
