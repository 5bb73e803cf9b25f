from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import rawpy
import tifffile
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from camera_sim.errors import OutputError, RawUnsupportedError
from camera_sim.evaluation.fidelity import colour_difference
from camera_sim.raw.capture_info import CaptureInfo
from camera_sim.raw.cfa import CFA_ORDERS, CFAOrder, CFAPattern
from camera_sim.raw.raw_image import read_raw
from camera_sim.sensor.cameras import CAMERAS
from camera_sim.sensor.dng import write_dng
from camera_sim.sensor.sensor import Noise, Sensor
from tests.camera_sim.scenes import capture, clean, psnr, scene

orders = pytest.mark.parametrize("order", CFA_ORDERS)
gains = st.floats(1.0, 4.0)


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    order=st.sampled_from(CFA_ORDERS),
    bits=st.integers(10, 16),
    black_share=st.floats(0, 0.3),
    half=st.tuples(st.integers(12, 40), st.integers(12, 40)),
    camera=st.sampled_from(CAMERAS),
    red_blue=st.tuples(gains, gains),
    noise=st.tuples(st.floats(0, 0.01), st.floats(0, 1e-3)),
)
def test_what_is_written_is_read_back(
    tmp_path: Path,
    order: CFAOrder,
    bits: int,
    black_share: float,
    half: tuple[int, int],
    camera: object,
    red_blue: tuple[float, float],
    noise: tuple[float, float],
) -> None:
    sensor = Sensor(camera, CFAPattern(order), bits, int(black_share * 2**bits), Noise(*noise))
    balance = (red_blue[0], 1.0, red_blue[1])
    made = sensor.capture(scene(2 * half[0], 2 * half[1]), balance, np.random.default_rng(0))
    path = tmp_path / "shot.dng"
    write_dng(path, made, force=True)
    read = read_raw(path)
    np.testing.assert_array_equal(read.samples, made.samples)
    assert (read.pattern, read.black, read.white) == (made.pattern, made.black, made.white)
    np.testing.assert_allclose(read.white_balance, made.white_balance, rtol=1e-5)
    assert read.white_balance_source == "as shot"
    assert read.xyz_to_camera is not None
    np.testing.assert_allclose(read.xyz_to_camera, made.xyz_to_camera, atol=1e-6)
    assert read.noise is not None
    assert made.noise is not None
    assert (read.noise.shot, read.noise.read) == pytest.approx((made.noise.shot, made.noise.read))
    assert read.info.camera == made.info.camera


@orders
def test_libraw_itself_renders_the_right_colours(tmp_path: Path, order: CFAOrder) -> None:
    """The file alone must lead any developer to the scene: none of our reading is involved."""
    path = tmp_path / f"{order}.dng"
    write_dng(path, capture(256, 320, order))
    with rawpy.imread(str(path)) as raw:
        rendered = raw.postprocess(
            use_camera_wb=True, no_auto_bright=True, adjust_maximum_thr=0, gamma=(2.4, 12.92)
        )
    reference = clean(256, 320)
    assert psnr(rendered, reference) > 30
    assert np.median(colour_difference(rendered, reference)) < 0.5


@pytest.mark.parametrize("orientation", range(1, 9))
def test_every_orientation_survives(tmp_path: Path, orientation: int) -> None:
    path = tmp_path / "turned.dng"
    write_dng(path, capture(32, 48, orientation=orientation))
    assert read_raw(path).orientation == orientation


@orders
def test_different_black_levels_keep_their_channels(tmp_path: Path, order: CFAOrder) -> None:
    path = tmp_path / "shot.dng"
    black = (500.0, 510.0, 520.0, 530.0)
    write_dng(path, capture(32, 48, order, black=black))
    assert read_raw(path).black == black


def test_the_file_s_own_matrix_counts_whatever_the_camera(tmp_path: Path) -> None:
    matrix = CAMERAS[3].matrix
    for model in ("D5200", "of no maker"):
        made = capture(32, 48, xyz_to_camera=matrix, info=CaptureInfo(make="Nikon", model=model))
        path = tmp_path / f"{model}.dng"
        write_dng(path, made)
        np.testing.assert_allclose(read_raw(path).xyz_to_camera, matrix, atol=1e-6)


def test_a_reader_of_tiff_sees_a_cfa_picture(tmp_path: Path) -> None:
    path = tmp_path / "shot.dng"
    write_dng(path, capture(32, 48, "GBRG"))
    with tifffile.TiffFile(path) as tiff:
        tags = tiff.pages[0].tags
        assert tags["PhotometricInterpretation"].value == 32803  # TIFF/EP: CFA
        assert bytes(tags["CFAPattern"].value) == bytes([1, 2, 0, 1])
        assert bytes(tags["DNGVersion"].value) == bytes([1, 4, 0, 0])
        assert tags["NewSubfileType"].value == 0


def test_existing_files_are_kept(tmp_path: Path) -> None:
    path = tmp_path / "shot.dng"
    path.write_bytes(b"precious")
    with pytest.raises(OutputError, match=r"shot\.dng exists"):
        write_dng(path, capture(32, 48))
    assert path.read_bytes() == b"precious"
    assert list(tmp_path.iterdir()) == [path]


def test_a_capture_without_a_matrix_cannot_be_a_dng(tmp_path: Path) -> None:
    with pytest.raises(RawUnsupportedError, match="colour matrix"):
        write_dng(tmp_path / "shot.dng", replace(capture(32, 48), xyz_to_camera=None))
    assert not list(tmp_path.iterdir())
