"""Text in EXIF is kept byte for byte, whatever its letters are written in."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import tifffile
from PIL import Image
from PIL.ExifTags import IFD, Base

from camera_sim.raw import exif_block
from camera_sim.raw.capture_info import CaptureInfo
from camera_sim.raw.exif_block import ExifBlock
from camera_sim.raw.raw_image import read_raw
from camera_sim.raw.tiff_directory import ASCII, RATIONAL, UNDEFINED, Entry
from camera_sim.sensor.dng import write_dng
from tests.camera_sim.conftest import Camsim
from tests.camera_sim.retagged import dng, entry, with_entries
from tests.camera_sim.scenes import capture

WORDS = {
    270: "Straße in Łódź — 東京".encode(),
    271: "Test\xfc".encode("latin-1"),
    315: "Zoë Müller".encode(),
    33432: "© Zoë Müller\0© Ürs".encode(),
}
DETAILS = {
    42032: "Zoë Müller".encode(),
    42036: "Objektiv 24–70".encode(),
    42033: b"\xff\x80 serial",
}
COMMENT = b"UNICODE\0" + "größer".encode("utf-16-le")
SUFFIXES = pytest.mark.parametrize("suffix", [".jpg", ".png", ".tif"])


def block(order: str = "<") -> ExifBlock:
    main = tuple(exif_block.text(tag, words) for tag, words in WORDS.items())
    details = (
        *(exif_block.text(tag, words) for tag, words in DETAILS.items()),
        Entry(37510, UNDEFINED, len(COMMENT), COMMENT),
        exif_block.fraction(33434, 1 / 60, order),
    )
    place = (exif_block.text(1, "N"), Entry(2, RATIONAL, 3, bytes(range(1, 25)), order))
    return ExifBlock(order, main, details, place)


def stated(path: Path) -> ExifBlock:
    """Read a picture's EXIF byte for byte."""
    if path.suffix == ".tif":
        return ExifBlock.parsed(path.read_bytes())
    with Image.open(path) as picture:
        return ExifBlock.parsed(picture.info["exif"])


def text_dng(path: Path, order: str = "<") -> Path:
    info = CaptureInfo(make="Test", model="TestCam X1", exif=block(order).encoded())
    write_dng(path, capture(64, 96, info=info))
    if order == "<":  # write_dng gives the camera its own name
        described = [entry(tag, ASCII, words + b"\0") for tag, words in WORDS.items()]
        path.write_bytes(with_entries(path.read_bytes(), *described))
    return path


@SUFFIXES
def test_every_byte_of_text_survives_developing(
    suffix: str, tmp_path: Path, camsim: Camsim
) -> None:
    text_dng(tmp_path / "text.dng")
    out = tmp_path / f"text{suffix}"
    ran = camsim("develop", tmp_path / "text.dng", "-o", out, "--pipeline", "classical")
    assert ran.status == 0, ran.err
    exif = stated(out)
    for tag, words in {**WORDS, **DETAILS}.items():
        found = exif.find(tag)
        assert found is not None, tag
        assert bytes(found.data) == words + b"\0"
        assert found.type == ASCII
    assert bytes(exif.find(37510).data) == COMMENT
    assert "Zoë" in exif.find(315).text()


@SUFFIXES
@pytest.mark.parametrize("order", ["<", ">"])
def test_other_readers_read_it(suffix: str, order: str, tmp_path: Path, camsim: Camsim) -> None:
    text_dng(tmp_path / "text.dng", order)
    out = tmp_path / f"text{suffix}"
    assert camsim("develop", tmp_path / "text.dng", "-o", out).status == 0
    with Image.open(out) as picture:
        exif = picture.getexif()
        assert float(exif.get_ifd(IFD.Exif)[Base.ExposureTime]) == pytest.approx(1 / 60, rel=1e-4)
        assert exif.get_ifd(IFD.GPSInfo)[1].strip("\0") == "N"
        assert exif[Base.Model] == "TestCam X1"
        np.asarray(picture)
    if suffix == ".tif":
        assert tifffile.imread(out).dtype == np.uint16


@pytest.mark.parametrize("order", ["<", ">"])
def test_a_block_is_read_back_as_written(order: str) -> None:
    made = block(order)
    read = ExifBlock.parsed(made.encoded())
    assert read.order == order
    for name in ("main", "details", "place"):
        first = [(e.tag, e.type, e.count, bytes(e.data)) for e in getattr(made, name)]
        second = [(e.tag, e.type, e.count, bytes(e.data)) for e in getattr(read, name)]
        assert second == sorted(first)


@pytest.mark.parametrize("content", [b"", b"II", b"Exif\0\0", b"MM\0*\0\0\0\x08", b"II*\0" * 9])
def test_what_is_no_block_is_an_empty_one(content: bytes) -> None:
    assert ExifBlock.parsed(content) == ExifBlock(ExifBlock.parsed(content).order)


def test_an_artist_in_latin_1_hides_nothing_of_the_exposure(tmp_path: Path) -> None:
    path = dng(tmp_path / "a.dng", entry(315, ASCII, b"Zo\xeb\0"), entry(33434, RATIONAL, (1, 60)))
    image = read_raw(path)
    assert image.info.artist == "Zoë"
    assert image.info.exposure_time == pytest.approx(1 / 60, rel=1e-4)


def test_a_text_too_long_for_a_jpeg_is_left_out_with_a_note(tmp_path: Path, camsim: Camsim) -> None:
    dng(tmp_path / "a.dng", entry(270, ASCII, b"long " * 20_000), entry(315, ASCII, b"short\0"))
    ran = camsim("develop", tmp_path / "a.dng", "-o", tmp_path / "a.jpg")
    assert ran.status == 0
    assert "(270) is too long for a JPEG and left out" in ran.out
    assert stated(tmp_path / "a.jpg").find(315).text() == "short"


def test_the_shared_case(shared_folder: Path, tmp_path: Path, camsim: Camsim) -> None:
    case = shared_folder / "cases" / "08-exif-text"
    if not case.is_dir():
        pytest.skip(f"there is no {case}")
    subprocess.run([sys.executable, case / "make.py", tmp_path], check=True)
    source = ExifBlock.parsed((tmp_path / "text.dng").read_bytes())
    for name in ("text.jpg", "text.tif"):
        assert camsim("develop", tmp_path / "text.dng", "-o", tmp_path / name).status == 0
        for tag in (315, 33432, 270, 271, 42032, 42036):
            assert bytes(stated(tmp_path / name).find(tag).data) == bytes(source.find(tag).data)
