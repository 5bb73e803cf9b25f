"""What a RAW file says of the capture: camera, exposure, and the EXIF that the picture keeps."""

import io
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from PIL import ExifTags, Image

from camera_sim.raw import exif_block, tag_gate
from camera_sim.raw.exif_block import PREFIX, ExifBlock
from camera_sim.raw.raw_file import RawFile
from camera_sim.raw.tiff_directory import IFD_POINTER, SHORT, Entry, Order

Base = ExifTags.Base
# IFD0 tags worth keeping (CIPA DC-008-2023, table 4); the others describe the RAW file's layout.
KEPT_TAGS = (
    Base.Make, Base.Model, Base.DateTime, Base.Artist, Base.Copyright, Base.ImageDescription,
)  # fmt: skip
# Exif tags that describe the RAW file itself, or cannot survive a move.
DROPPED_EXIF_TAGS = (
    Base.MakerNote, Base.ExifImageWidth, Base.ExifImageHeight, Base.ComponentsConfiguration,
    Base.CompressedBitsPerPixel, Base.ExifInteroperabilityOffset, Base.CFAPattern, Base.ColorSpace,
)  # fmt: skip
# Beyond these an exposure isn't one.
MOST = {
    Base.ISOSpeedRatings: 1e9, Base.ExposureTime: 1e6, Base.FNumber: 1e4, Base.FocalLength: 1e5,
}  # fmt: skip
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
    file: RawFile, raw: Any, embedded_jpeg: bytes | None, notes: list[str]
) -> CaptureInfo:
    """Gather what the file says.

    Parameters
    ----------
    file
        The RAW file, let through by `tag_gate`.
    raw
        The same, opened by LibRaw: its ``other`` and ``lens`` are read.
    embedded_jpeg
        Its JPEG preview, where EXIF may be.
    notes
        Gets a sentence of each tag that is left out.
    """
    exif = _file_exif(file, embedded_jpeg, notes)
    make, model = (_text(exif, tag) for tag in (Base.Make, Base.Model))
    if not model:
        make, model = _ciff_camera(file)
    info = CaptureInfo(
        make=make,
        model=model,
        lens=_text(exif, Base.LensModel) or tag_gate.text(lambda: raw.lens.model),
        iso=_positive(lambda: raw.other.iso_speed, exif, Base.ISOSpeedRatings),
        exposure_time=_positive(lambda: raw.other.shutter_speed, exif, Base.ExposureTime),
        f_number=_positive(lambda: raw.other.aperture, exif, Base.FNumber),
        focal_length=_positive(lambda: raw.other.focal_length, exif, Base.FocalLength),
        captured_at=tag_gate.text(lambda: _moment(raw.other.timestamp))
        or _text(exif, Base.DateTimeOriginal),
        artist=_text(exif, Base.Artist) or tag_gate.text(lambda: raw.other.artist),
    )
    return _with_exif(info, exif, notes)


def _positive(read: Callable[[], Any], exif: ExifBlock, tag: Base) -> float | None:
    """Return what LibRaw read, or where that can't be, or is nothing, what EXIF states.

    rawpy gives none of LibRaw's facts where one of them, the artist, is no UTF-8.
    """
    entry = exif.find(tag)
    for stated in (lambda: [read()], lambda: entry.numbers()[:1] if entry else ()):
        if found := tag_gate.numbers(stated, (1,), 1e-7, MOST[tag]):
            return found[0]
    return None


def _moment(stated: datetime | None) -> str:
    """Write a time as EXIF does; LibRaw gives the epoch where the file states none."""
    known = stated and stated.timestamp() > 0
    return stated.strftime("%Y:%m:%d %H:%M:%S") if stated and known else ""


def _text(exif: ExifBlock, tag: int) -> str:
    entry = exif.find(tag)
    return entry.text() if entry and entry.type in tag_gate.TEXT else ""


def _file_exif(file: RawFile, embedded_jpeg: bytes | None, notes: list[str]) -> ExifBlock:
    """Read EXIF from a TIFF-structured RAW file, else from its preview; empty where neither."""
    exif = ExifBlock.parsed(file.content)
    if _text(exif, Base.Make) or _text(exif, Base.Model) or not embedded_jpeg:
        return exif
    try:
        with Image.open(io.BytesIO(embedded_jpeg)) as preview:
            block = bytes(preview.info.get("exif", b""))
    except Exception:  # Pillow raises whatever struct and its casts raise on a damaged file
        return exif
    screened = tag_gate.screened(replace(file, content=block.removeprefix(PREFIX)))
    notes += screened.notes
    return ExifBlock.parsed(screened.file.content)


def _ciff_camera(file: RawFile) -> tuple[str, str]:
    if file.path.suffix.lower() != ".crw":
        return "", ""
    found = CIFF_CAMERA.search(file.content)
    return (found[1].decode(), found[2].decode().strip()) if found else ("", "")


def _with_exif(info: CaptureInfo, source: ExifBlock, notes: list[str]) -> CaptureInfo:
    """Add the block to keep: the file's own tags, completed by what LibRaw read."""
    main = {e.tag: e for e in source.main if e.tag in KEPT_TAGS and e.type in tag_gate.TEXT}
    for tag, words in ((Base.Make, info.make), (Base.Model, info.model),
                       (Base.DateTime, info.captured_at), (Base.Artist, info.artist)):  # fmt: skip
        if words and tag not in main:
            main[tag] = exif_block.text(tag, words)
    details = {e.tag: e for e in source.details if _is_portable(e)}
    for fact in _facts(info, source.order):
        details.setdefault(fact.tag, fact)
    place = tuple(entry for entry in source.place if _is_portable(entry))
    block = ExifBlock(source.order, tuple(main.values()), tuple(details.values()), place)
    return replace(info, exif=_short_enough(block, notes).encoded())


def _facts(info: CaptureInfo, order: Order) -> Iterator[Entry]:
    """Yield what LibRaw read, as tags of the Exif directory."""
    for tag, value in ((Base.ExposureTime, info.exposure_time), (Base.FNumber, info.f_number),
                       (Base.FocalLength, info.focal_length)):  # fmt: skip
        if value:
            yield exif_block.fraction(tag, value, order)
    if info.iso and round(info.iso):
        # Exif 3.0, 4.6.6: 65535 where it is more.
        yield exif_block.number(Base.ISOSpeedRatings, SHORT, min(round(info.iso), 65535), order)
    for tag, words in ((Base.DateTimeOriginal, info.captured_at), (Base.LensModel, info.lens)):
        if words:
            yield exif_block.text(tag, words)


def _is_portable(entry: Entry) -> bool:
    """Whether a tag says something of the capture, not of the place where it stood."""
    if entry.tag in (*DROPPED_EXIF_TAGS, tag_gate.TAKEN_OUT) or entry.type == IFD_POINTER:
        return False
    may_be_unknown = entry.tag in tag_gate.EXIF_TAGS  # let through by the gate: 0/0 says so
    return may_be_unknown or tag_gate.shapeless(entry) is None


def _short_enough(block: ExifBlock, notes: list[str]) -> ExifBlock:
    """Leave out the longest tags until the block fits in a segment of JPEG."""
    while len(block.encoded()) > exif_block.LARGEST:
        entries = (*block.main, *block.details, *block.place)
        longest = max(entries, key=lambda entry: len(entry.data or b""))
        notes.append(f"an EXIF tag ({longest.tag}) is too long for a JPEG and left out")
        parts = [
            tuple(entry for entry in part if entry is not longest)
            for part in (block.main, block.details, block.place)
        ]
        block = ExifBlock(block.order, *parts)
    return block
