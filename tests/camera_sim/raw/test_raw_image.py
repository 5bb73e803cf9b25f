from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import tifffile
from hypothesis import given
from hypothesis import strategies as st

from camera_sim.developing.tiles import develop
from camera_sim.errors import RawNotFoundError, RawUnreadableError
from camera_sim.evaluation.fidelity import colour_difference
from camera_sim.pipelines.classical import ClassicalEngine
from camera_sim.pipelines.libraw import LibRawEngine
from camera_sim.raw.cfa import CFA_ORDERS, CFAOrder, CFAPattern, pack, to_rggb
from camera_sim.raw.raw_image import FLIP_TO_ORIENTATION, RawImage, read_raw
from tests.camera_sim.assets import build
from tests.camera_sim.conftest import EXAMPLE
from tests.camera_sim.scenes import capture

# File, camera, height, width, order, black, white, white balance and its source.
REAL = [
    ("canon-d30.crw", "Canon EOS D30", 1448, 2176, "RGGB", 126, 4095, "daylight"),
    ("canon-g2-chart.crw", "Canon PowerShot G2", 1720, 2312, "RGGB", 32, 1023, "as shot"),
    ("canon-s40-box.crw", "Canon PowerShot S40", 1720, 2312, "RGGB", 32, 1023, "as shot"),
    ("canon-s40-chart.crw", "Canon PowerShot S40", 1720, 2312, "RGGB", 32, 1023, "as shot"),
    ("canon-s40-pantone.crw", "Canon PowerShot S40", 1720, 2312, "RGGB", 32, 1023, "as shot"),
    ("kodak-dc120-chart.kdc", "Eastman Kodak DC120 ZOOM Digital Camera", 976, 848, "GRBG", 0, 255,
     "grey world"),
    ("nikon-d1.nef", "NIKON D1", 1324, 2012, "BGGR", 0, 4095, "as shot"),
]  # fmt: skip
names = pytest.mark.parametrize("name", [row[0] for row in REAL])


@pytest.fixture(scope="module")
def raw_folder(shared_folder: Path) -> Path:
    return shared_folder / "data" / "raw"


def test_the_shipped_example_is_read() -> None:
    image = read_raw(EXAMPLE)
    assert image.info.camera == "Canon PowerShot S40"
    assert image.size == (1720, 2312)
    assert image.crop is not None
    assert (image.crop.top, image.crop.left) == (6, 12)
    assert image.info.exposure_line() != ""
    assert image.info.captured_at == "2021:03:26 21:18:06"
    assert image.white_balance == pytest.approx((2.2848, 1.0, 1.1259), abs=1e-4)


@pytest.mark.parametrize("row", REAL, ids=lambda row: row[0])
def test_real_files_say_what_they_are(row: tuple, raw_folder: Path) -> None:
    name, camera, height, width, order, black, white, source = row
    image = read_raw(raw_folder / name)
    assert image.info.camera == camera
    assert image.size == (height, width)
    assert image.pattern.order == order
    assert image.black == (black,) * 4
    assert image.white == white
    assert image.white_balance_source == source
    assert min(image.white_balance) == 1
    assert image.orientation == 1
    assert (image.xyz_to_camera is None) == ("kodak" in name)
    assert (image.pixel_aspect != 1) == ("kodak" in name)


@names
def test_real_noise_is_plausible(name: str, raw_folder: Path) -> None:
    noise = read_raw(raw_folder / name).noise_profile()
    # At mid-grey: not under the quantisation of 8 to 12 bits, not above that of a high ISO.
    assert 1e-8 < noise.shot * 0.2 + noise.read < 1e-2


def middle(image: RawImage, side: int = 800) -> tuple[slice, slice]:
    top, left = ((length - side) // 4 * 2 for length in image.size)
    return slice(top, top + side), slice(left, left + side)


@pytest.mark.slow
@names
def test_classical_and_libraw_develop_alike(name: str, raw_folder: Path) -> None:
    """Median CIEDE2000 at the same white balance and exposure; under 3 where a chart is."""
    path = raw_folder / name
    image = read_raw(path)
    exposure = image.auto_exposure()
    theirs = develop(image, LibRawEngine(), exposure=exposure)
    window = middle(image)
    part = replace(image, samples=image.samples[window], crop=None)
    ours = develop(part, ClassicalEngine(), exposure=exposure)
    if image.pixel_aspect != 1:  # LibRaw stretches it: means over the same share are compared
        height, width = theirs.shape[:2]
        scale = width / image.size[1], height / image.size[0]
        rows, columns = window
        window = (
            slice(int(rows.start * scale[1]), int(rows.stop * scale[1])),
            slice(int(columns.start * scale[0]), int(columns.stop * scale[0])),
        )
        ours, theirs = (p.mean(axis=(0, 1), keepdims=True) for p in (ours, theirs[window]))
        ours, theirs = (np.rint(p).astype(np.uint8) for p in (ours, theirs))
    else:
        ours, theirs = reduced(ours), reduced(theirs[window])
    assert np.median(colour_difference(ours, theirs)) < 3


def reduced(picture: np.ndarray) -> np.ndarray:
    """Average 8×8 pixels: colour is compared, not demosaicing."""
    height, width = (side // 8 for side in picture.shape[:2])
    blocks = picture[: 8 * height, : 8 * width].reshape(height, 8, width, 8, 3)
    return np.rint(blocks.mean(axis=(1, 3))).astype(np.uint8)


@pytest.mark.parametrize("order", CFA_ORDERS)
def test_packed_is_black_zero_and_saturation_one(order: CFAOrder) -> None:
    image = capture(8, 8, order, black=(100.0, 200.0, 300.0, 400.0), white=1000.0)
    turned = np.empty((8, 8), np.uint16)
    for index, (row, column) in enumerate(CFAPattern("RGGB").sites):
        turned[row::2, column::2] = image.black[index]
    dark = replace(image, samples=to_rggb(turned, image.pattern).copy())
    np.testing.assert_array_equal(dark.packed(), np.zeros((4, 4, 4)))
    bright = replace(image, samples=np.full((8, 8), 1000, np.uint16))
    np.testing.assert_array_equal(bright.packed(), np.ones((4, 4, 4)))
    clipped = replace(image, samples=np.full((8, 8), 2000, np.uint16))
    np.testing.assert_array_equal(clipped.packed(), np.ones((4, 4, 4)))


@given(st.sampled_from(CFA_ORDERS), st.integers(0, 7), st.integers(0, 7))
def test_windows_are_of_the_turned_mosaic(order: CFAOrder, top: int, left: int) -> None:
    image = capture(32, 40, order)
    window = np.s_[2 * top : 2 * top + 12, 2 * left : 2 * left + 16]
    whole = image.normalise(pack(to_rggb(image.samples, image.pattern), CFAPattern("RGGB")))
    part = whole[top : top + 6, left : left + 8]
    np.testing.assert_array_equal(image.packed(window), part)


def test_a_flip_code_for_every_orientation() -> None:
    assert sorted(FLIP_TO_ORIENTATION) == list(range(8))
    assert sorted(FLIP_TO_ORIENTATION.values()) == list(range(1, 9))


def small_dng(path: Path, *tags: tuple) -> RawImage:
    mosaic = np.random.default_rng(0).integers(512, 16383, (33, 47), np.uint16)
    build.write(path, mosaic, build.CFA, (*build.cfa(2, bytes((0, 1, 1, 2))), *tags))
    return read_raw(path)


def test_odd_sides_are_cut_to_even_ones(tmp_path: Path) -> None:
    assert small_dng(tmp_path / "odd.dng").size == (32, 46)


def test_no_time_is_made_up(tmp_path: Path) -> None:
    image = small_dng(tmp_path / "timeless.dng")
    assert image.info.captured_at == ""
    assert b"1970" not in image.info.exif


def test_a_file_that_states_no_balance_gets_the_grey_world(tmp_path: Path) -> None:
    path = tmp_path / "silent.dng"
    mosaic = np.full((64, 64), 4000, np.uint16)
    mosaic[::2, ::2], mosaic[1::2, 1::2] = 2000, 1000
    tags = [(50706, "B", 4, bytes((1, 4, 0, 0)), True), *build.cfa(2, bytes((0, 1, 1, 2)))]
    tifffile.imwrite(path, mosaic, photometric=build.CFA, metadata=None, extratags=tags)
    image = read_raw(path)
    assert image.white_balance_source == "grey world"
    np.testing.assert_allclose(image.white_balance, (2, 1, 4), rtol=1e-3)
    assert image.xyz_to_camera is None
    np.testing.assert_array_equal(image.camera_to_srgb, np.eye(3))


def test_what_libraw_says_of_damage_reaches_the_error_alone(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    content = bytearray(EXAMPLE.read_bytes())
    content[1_700_000:1_703_000] = bytes(3000)
    path = tmp_path / "damaged.crw"
    path.write_bytes(content)
    with pytest.raises(RawUnreadableError, match=r"damaged\.crw"):
        read_raw(path)
    assert capfd.readouterr() == ("", "")


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(RawNotFoundError, match="is a directory"):
        read_raw(tmp_path)
