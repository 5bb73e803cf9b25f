from pathlib import Path

import numpy as np
import pytest
import tifffile
from hypothesis import given
from hypothesis import strategies as st
from PIL import ExifTags, Image, ImageOps

from camera_sim.developing.output import (
    Encoding,
    Format,
    srgb_profile,
    whole_file,
    write_picture,
)
from camera_sim.developing.upright import square_pixels, turned
from camera_sim.errors import OutputError
from tests.camera_sim.scenes import picture, psnr

Base = ExifTags.Base
FORMATS = pytest.mark.parametrize("kind", ["jpeg", "png", "tiff"])


def exif_block() -> bytes:
    exif = Image.Exif()
    exif[Base.Make], exif[Base.Model] = "Canon", "EOS D30"
    exif[Base.Artist], exif[Base.Copyright] = "A. Person", "CC0"
    exif[Base.DateTime] = "2002:11:24 15:11:22"
    details = exif.get_ifd(ExifTags.IFD.Exif)
    details[Base.ExposureTime], details[Base.FNumber] = 0.005, 8.0
    details[Base.ISOSpeedRatings], details[Base.LensModel] = 100, "EF 100 mm"
    return exif.tobytes()


def made(kind: str, height: int = 64, width: int = 80) -> np.ndarray:
    eight = picture(height, width)
    return eight.astype(np.uint16) * 257 if kind == "tiff" else eight


@FORMATS
def test_exif_and_profile_are_read_back(tmp_path: Path, kind: Format) -> None:
    path = tmp_path / "picture"
    write_picture(path, made(kind), Encoding(kind), exif_block(), force=False)
    with Image.open(path) as read:
        exif = read.getexif()
        assert exif[Base.Make] == "Canon"
        assert exif[Base.Model] == "EOS D30"
        assert exif[Base.Artist] == "A. Person"
        assert exif[Base.Copyright] == "CC0"
        assert exif[Base.DateTime] == "2002:11:24 15:11:22"
        details = exif.get_ifd(ExifTags.IFD.Exif)
        assert float(details[Base.ExposureTime]) == pytest.approx(0.005)
        assert float(details[Base.FNumber]) == 8.0
        assert details[Base.ISOSpeedRatings] == 100
        assert details[Base.LensModel] == "EF 100 mm"
        assert exif.get(Base.Orientation, 1) == 1
        assert read.info["icc_profile"] == srgb_profile()


def test_png_is_lossless(tmp_path: Path) -> None:
    path = tmp_path / "picture.png"
    write_picture(path, made("png"), Encoding("png"), b"", force=False)
    with Image.open(path) as read:
        np.testing.assert_array_equal(np.asarray(read), made("png"))


def test_tiff_has_sixteen_bits(tmp_path: Path) -> None:
    ramp = np.arange(64 * 80 * 3, dtype=np.uint16).reshape(64, 80, 3) * 4 + 1
    path = tmp_path / "picture.tif"
    write_picture(path, ramp, Encoding("tiff"), exif_block(), force=False)
    read = tifffile.imread(path)
    assert read.dtype == np.uint16
    np.testing.assert_array_equal(read, ramp)


def test_an_odd_date_does_not_stop_a_tiff(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[Base.DateTime] = "2002:11:24"
    write_picture(tmp_path / "a.tif", made("tiff"), Encoding("tiff"), exif.tobytes(), force=False)
    assert tifffile.imread(tmp_path / "a.tif").shape == (64, 80, 3)


@pytest.mark.parametrize(
    ("subsampling", "factors"), [("4:4:4", (1, 1)), ("4:2:2", (2, 1)), ("4:2:0", (2, 2))]
)
def test_jpeg_subsampling_is_as_asked(
    tmp_path: Path, subsampling: str, factors: tuple[int, int]
) -> None:
    path = tmp_path / "picture.jpg"
    write_picture(path, made("jpeg"), Encoding("jpeg", 90, subsampling), b"", force=False)
    with Image.open(path) as read:
        _, horizontal, vertical, _ = read.layer[0]
    assert (horizontal, vertical) == factors


def test_jpeg_quality_orders_size_and_fidelity(tmp_path: Path) -> None:
    fidelity, sizes = [], []
    for quality in (30, 75, 95):
        path = tmp_path / f"{quality}.jpg"
        write_picture(path, made("jpeg"), Encoding("jpeg", quality), b"", force=False)
        sizes.append(path.stat().st_size)
        with Image.open(path) as read:
            fidelity.append(psnr(np.asarray(read), made("jpeg")))
    assert sizes == sorted(sizes)
    assert fidelity == sorted(fidelity)
    assert fidelity[-1] > 38


@pytest.mark.parametrize("quality", [0, 101, -5])
def test_impossible_quality_is_refused(quality: int) -> None:
    with pytest.raises(OutputError, match=f"1 to 100, not {quality}"):
        Encoding("jpeg", quality)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_upright_is_what_pillow_makes_of_the_tag(orientation: int) -> None:
    tagged = Image.fromarray(picture(20, 30))
    tagged.getexif()[Base.Orientation] = orientation
    expected = np.asarray(ImageOps.exif_transpose(tagged))
    upright = turned(picture(20, 30), orientation)
    np.testing.assert_array_equal(upright, expected)


@given(st.floats(0.5, 2.0))
def test_square_pixels_keep_every_sample(aspect: float) -> None:
    stretched = square_pixels(picture(20, 30), aspect)
    height, width = stretched.shape[:2]
    assert height >= 20
    assert width >= 30
    assert width / height == pytest.approx(30 / 20 * aspect, rel=0.05)


def test_a_failed_write_leaves_the_old_file_alone(tmp_path: Path) -> None:
    path = tmp_path / "picture.jpg"
    path.write_bytes(b"old")

    def interrupted() -> None:
        with whole_file(path, force=True) as temporary:
            temporary.write_bytes(b"half")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


@FORMATS
def test_an_unencodable_picture_leaves_nothing(tmp_path: Path, kind: Format) -> None:
    def broken() -> None:
        pixels = np.zeros((4, 4, 3), object)
        write_picture(tmp_path / "a", pixels, Encoding(kind), b"bad exif", force=False)

    with pytest.raises((TypeError, ValueError, KeyError)):  # as Pillow and tifffile have it
        broken()
    assert not list(tmp_path.iterdir())


def test_overwriting_needs_force(tmp_path: Path) -> None:
    path = tmp_path / "picture.png"
    path.write_bytes(b"old")
    with pytest.raises(OutputError, match=r"picture\.png exists.*--force"):
        write_picture(path, made("png"), Encoding("png"), b"", force=False)
    assert path.read_bytes() == b"old"
    write_picture(path, made("png"), Encoding("png"), b"", force=True)
    assert path.read_bytes().startswith(b"\x89PNG")


def test_a_file_where_a_folder_should_be_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(OutputError, match=r"a\.png cannot be written"):
        write_picture(tmp_path / "file" / "a.png", made("png"), Encoding("png"), b"", force=False)


def test_files_are_reproducible(tmp_path: Path) -> None:
    for name in ("a.jpg", "b.jpg"):
        write_picture(tmp_path / name, made("jpeg"), Encoding(), exif_block(), force=False)
    assert (tmp_path / "a.jpg").read_bytes() == (tmp_path / "b.jpg").read_bytes()
