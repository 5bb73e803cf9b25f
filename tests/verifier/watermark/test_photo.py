"""Reading watermarks from paths, bytes and pixels, with keys from wherever they lie."""

from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import verifier
from tests.verifier.watermark.made import GROUP, PAYLOAD, Picture, photo
from verifier import PhotoError, SettingsError, WatermarkReader, read_watermark
from watermark.key_files import write_key_file
from watermark.keys import DeviceSecret, GroupKey

pytestmark = pytest.mark.slow

SIZE = (640, 800)


@pytest.fixture(scope="module")
def picture() -> Picture:
    return photo(SIZE, levels=2.5)


@pytest.fixture
def keys(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("CAMSIM_WATERMARK_KEYS", str(tmp_path / "keys"))
    return tmp_path / "keys"


def as_file(picture: Picture, kind: str = "PNG", **options: object) -> bytes:
    file = BytesIO()
    Image.fromarray(picture).save(file, kind, **options)
    return file.getvalue()


def test_it_is_exported() -> None:
    assert {"read_watermark", "WatermarkReader", "WatermarkReading"} <= set(verifier.__all__)


def test_a_path_bytes_and_pixels_are_read(picture: Picture, tmp_path: Path) -> None:
    (tmp_path / "photo.png").write_bytes(as_file(picture))
    with WatermarkReader([GROUP], search=False) as reader:
        found = [
            reader.read(given)
            for given in (tmp_path / "photo.png", as_file(picture), picture, picture[..., 0])
        ]
    assert [one.payload for one in found] == [PAYLOAD] * 4
    assert found[0].scale == pytest.approx(1, abs=0.01)
    assert found[0].key == GROUP.name


def test_a_picture_is_read_as_it_is_shown(picture: Picture) -> None:
    exif = Image.Exif()
    exif[0x112] = 6  # a viewer turns it clockwise
    coded = np.ascontiguousarray(np.rot90(picture))
    found = read_watermark(as_file(coded, "JPEG", quality=95, exif=exif), [GROUP], search=False)
    assert (found.payload, found.turned, found.mirrored) == (PAYLOAD, 0, False)
    bare = read_watermark(as_file(coded, "JPEG", quality=95), [GROUP], search=False)
    assert (bare.payload, bare.turned) == (PAYLOAD, 270)


@pytest.mark.parametrize("mode", ["CMYK", "L", "RGBA"])
def test_other_kinds_of_pixels_are_read(mode: str, picture: Picture) -> None:
    file = BytesIO()
    Image.fromarray(picture).convert(mode).save(file, "TIFF")
    assert read_watermark(file.getvalue(), [GROUP], search=False).payload == PAYLOAD


def test_the_users_keys_are_taken(picture: Picture, keys: Path) -> None:
    with pytest.raises(SettingsError, match="no watermark key is known: there is none in"):
        read_watermark(picture)
    write_key_file(keys / "agency.json", GROUP)
    write_key_file(keys / "device.json", DeviceSecret.draw())
    assert read_watermark(picture, search=False).payload == PAYLOAD


def test_a_file_of_a_key_is_taken(picture: Picture, keys: Path, tmp_path: Path) -> None:
    write_key_file(tmp_path / "given.json", GROUP)
    assert read_watermark(picture, [str(tmp_path / "given.json")], search=False).found
    with pytest.raises(SettingsError, match="can't be read"):
        read_watermark(picture, [tmp_path / "none.json"])


def test_another_groups_watermark_is_not_found(picture: Picture) -> None:
    found = read_watermark(picture, [GroupKey.draw()], search=False)
    assert (found.found, found.payload, found.scale) == (False, None, None)


def test_a_bad_photo_is_an_error_of_photos(tmp_path: Path) -> None:
    for bad in (b"no picture", tmp_path / "none.jpg", np.zeros((4, 4), np.float32)):
        with pytest.raises(PhotoError):
            read_watermark(bad, [GROUP])
