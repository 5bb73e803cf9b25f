"""What LibRaw gives goes through the gate too: makers state their levels where no table looks."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import rawpy

from camera_sim.errors import RawUnreadableError
from camera_sim.raw import raw_image as raw_module
from camera_sim.raw import tag_gate
from camera_sim.raw.capture_info import _positive
from camera_sim.raw.cfa import CFAPattern
from camera_sim.raw.colour import MOST_GAIN, camera_to_srgb, grey_world
from camera_sim.raw.exif_block import ExifBlock, fraction
from camera_sim.raw.levels import plausible_levels
from camera_sim.raw.libraw_file import embedded_jpeg
from camera_sim.sensor.cameras import CAMERAS

NAN, INF = float("nan"), float("inf")
DAYLIGHT = [2.0, 1.0, 1.5, 0.0]


def opened(**stated: Any) -> Any:
    """Stand for a file that LibRaw opened."""
    values = {"camera_whitebalance": [2.4, 1.0, 1.2, 0], "daylight_whitebalance": DAYLIGHT}
    return SimpleNamespace(**{**values, **stated})


@pytest.mark.parametrize(
    ("as_shot", "source", "noted"),
    [
        ([2.4, 1.0, 1.2, 0], "as shot", False),
        ([0, 0, 0, 0], "daylight", False),  # LibRaw's way of saying that none is stated
        ([-1, 1.0, 1.2, 0], "daylight", False),
        ([NAN, 1.0, 1.2, 0], "daylight", True),
        ([INF, 1.0, 1.2, 0], "daylight", True),
        ([1e30, 1.0, 1.2, 0], "daylight", True),
        ([2.4, 1e-9, 1.2, 0], "daylight", True),
        ([1.3, 22.0, 1.0, 0], "daylight", True),
        ([2.4, 1.0], "daylight", True),
    ],
)
def test_a_balance_that_no_light_has(as_shot: list, source: str, noted: bool) -> None:
    notes: list[str] = []
    gains, found = raw_module._file_white_balance(opened(camera_whitebalance=as_shot), notes)
    assert found == source
    assert bool(notes) == noted
    assert gains is not None
    assert min(gains) == 1
    assert max(gains) <= MOST_GAIN


@pytest.mark.parametrize("daylight", [[NAN] * 4, [1e9, 1, 1, 0], [1, 1, 1, 0], [0, 0, 0, 0]])
def test_where_neither_can_be_the_world_is_grey(daylight: list) -> None:
    stated = opened(camera_whitebalance=[NAN] * 4, daylight_whitebalance=daylight)
    assert raw_module._file_white_balance(stated, []) == (None, "grey world")


@pytest.mark.parametrize("level", [0.0, -0.5, 1e-7, 0.3])
def test_a_grey_world_has_the_gains_of_some_light(level: float) -> None:
    packed = np.full((8, 8, 4), 0.5, np.float32)
    packed[..., 0] = level
    gains = grey_world(packed)
    assert min(gains) == 1
    assert max(gains) <= MOST_GAIN * (1 + 1e-6)


@pytest.mark.parametrize(
    ("matrix", "noted"),
    [
        (np.zeros((4, 3)), False),  # a camera that LibRaw doesn't know
        (np.full((4, 3), NAN), True),
        (np.full((4, 3), 1e30), True),
        (np.ones((4, 3)), True),
        (-np.eye(4, 3), True),
        (np.eye(4, 3)[[1, 0, 2, 3]], True),
    ],
    ids=["zeros", "NaN", "huge", "ones", "negative", "swapped"],
)
def test_a_matrix_that_no_camera_has(matrix: np.ndarray, noted: bool) -> None:
    notes: list[str] = []
    assert raw_module._known_matrix(opened(rgb_xyz_matrix=matrix), (), notes) is None
    assert bool(notes) == noted


def test_every_real_matrix_can_be() -> None:
    for camera in CAMERAS:
        assert np.isfinite(camera_to_srgb(camera.matrix)).all()


class Mosaic:
    """Stands for a file that LibRaw opened, and whose mosaic the binding can't give."""

    raw_type = rawpy.RawType.Flat
    num_colors = 3
    color_desc = b"RGBG"
    raw_image_visible = np.ones((8, 8), np.uint16)

    def __init__(self, fails: str) -> None:
        self.fails = fails

    @property
    def raw_pattern(self) -> np.ndarray:
        if self.fails == "filters":
            raise NotImplementedError("filters: 148")
        return np.array([[0, 1], [7, 2]] if self.fails == "colour" else [[0, 1], [3, 2]])

    def __getattribute__(self, name: str) -> Any:
        if name == "raw_image_visible" and self.fails == "picture":
            raise RuntimeError("unsupported raw data")
        return super().__getattribute__(name)


@pytest.mark.parametrize("fails", ["filters", "colour", "picture"])
def test_a_mosaic_that_no_sensor_has_is_an_error_of_the_file(fails: str) -> None:
    """Of a damaged NEF, LibRaw read filters 148: the binding's exception isn't ours."""
    with pytest.raises(RawUnreadableError, match=r"damaged\.nef .*no sensor has"):
        raw_module._visible_mosaic(Mosaic(fails), Path("damaged.nef"))


@pytest.mark.parametrize("error", [NotImplementedError("thumb type: 9"), rawpy.LibRawDataError("")])
def test_a_preview_of_no_kind_is_none(error: Exception) -> None:
    def fail() -> None:
        raise error

    assert embedded_jpeg(SimpleNamespace(extract_thumb=fail)) is None


def test_a_mosaic_of_a_sensor_is_read() -> None:
    samples, pattern = raw_module._visible_mosaic(Mosaic("nothing"), Path("whole.nef"))
    assert (samples.shape, pattern.order) == ((8, 8), "RGGB")


@pytest.mark.parametrize("aspect", [0.0, -1.0, NAN, INF, 1e6])
def test_a_pixel_of_no_shape_is_square(aspect: float) -> None:
    notes: list[str] = []
    assert raw_module._pixel_aspect(SimpleNamespace(pixel_aspect=aspect), notes) == 1.0
    assert len(notes) == 1


def samples() -> np.ndarray:
    return np.random.default_rng(0).integers(600, 4000, (64, 96), np.uint16)


@pytest.mark.parametrize(
    ("black", "white"),
    [
        ((5000.0,) * 4, 4095.0),  # black over white
        ((3900.0,) * 4, 4095.0),  # black over the picture
        ((512.0,) * 4, 512.0),
        ((512.0,) * 4, 700.0),  # white under the picture
        (None, 4095.0),
        ((512.0,) * 4, None),
        (None, None),
        ((60000.0, 0.0, 0.0, 0.0), 4095.0),
    ],
)
def test_levels_that_the_samples_contradict(black: Any, white: Any) -> None:
    found = plausible_levels(black, white, samples())
    assert found.notes
    assert max(found.black) < found.white
    spread = (samples() - np.mean(found.black)) / (found.white - np.mean(found.black))
    assert np.percentile(spread, 95) - np.percentile(spread, 5) > 0.3


@pytest.mark.parametrize("frame", ["usual", "all black", "all saturated", "one level"])
def test_levels_that_can_be_are_kept(frame: str) -> None:
    values = {
        "usual": samples(),
        "all black": np.random.default_rng(0).normal(512, 5, (64, 96)).astype(np.uint16),
        "all saturated": np.full((64, 96), 4095, np.uint16),
        "one level": np.full((64, 96), 700, np.uint16),
    }[frame]
    found = plausible_levels((512.0,) * 4, 4095.0, values)
    assert (found.black, found.white, found.notes) == ((512.0,) * 4, 4095.0, ())


def test_levels_are_read_through_the_gate() -> None:
    stated = SimpleNamespace(
        raw_pattern=np.array([[0, 1], [3, 2]]), black_level_per_channel=[NAN] * 4, white_level=4095
    )
    notes: list[str] = []
    black, white = raw_module._levels(stated, CFAPattern("RGGB"), samples(), notes)
    assert (black, white) == ((0.0,) * 4, 4095.0)
    assert len(notes) == 1


def unreadable() -> Any:
    raise UnicodeDecodeError("utf-8", b"\xff", 0, 1, "invalid")


@pytest.mark.parametrize("read", [unreadable, lambda: None, lambda: [NAN], lambda: [1, 2], list])
def test_what_cannot_be_read_is_none(read: Any) -> None:
    assert tag_gate.numbers(read, (1,), 0, 1) is None
    assert isinstance(tag_gate.text(unreadable), str)


def test_an_exposure_that_libraw_cannot_tell_is_that_of_exif() -> None:
    exif = ExifBlock(details=(fraction(33434, 0.02, "<"),))
    for read in (unreadable, lambda: NAN, lambda: -1, lambda: 0, lambda: 1e30):
        assert _positive(read, exif, 33434) == pytest.approx(0.02)
    assert _positive(lambda: 0.5, exif, 33434) == 0.5
