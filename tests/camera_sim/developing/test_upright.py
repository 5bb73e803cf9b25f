"""Pictures are developed upright, their pixels square, by every kind of engine."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageOps

from camera_sim.developing.tiles import develop
from camera_sim.developing.upright import UPRIGHT, square_pixels, turned, upright_aspect
from camera_sim.engines import FileEngine
from camera_sim.errors import PipelineError
from camera_sim.pipelines.classical import ClassicalEngine
from camera_sim.pipelines.libraw import LibRawEngine
from camera_sim.raw.raw_file import RawFile
from camera_sim.raw.raw_image import Picture, RawImage, read_raw
from camera_sim.sensor.dng import write_dng
from tests.camera_sim.scenes import capture

PICTURE = np.random.default_rng(0).integers(0, 256, (40, 60, 3), dtype=np.uint8)
orientations = pytest.mark.parametrize("orientation", UPRIGHT)


class WatermarkingEngine(ClassicalEngine):
    """Is handed captures turned upright, as an engine that embeds a watermark is."""

    size = ClassicalEngine.size.model_copy(update={"watermarked": True})


class PictureEngine(FileEngine):
    """Renders the same picture of every file."""

    name = "picture"

    def render(self, image: RawImage, exposure: float, depth: int) -> Picture:
        return PICTURE


@orientations
def test_it_is_turned_as_viewers_turn(orientation: int) -> None:
    image = Image.fromarray(PICTURE)
    image.getexif()[0x0112] = orientation
    viewed = np.asarray(ImageOps.exif_transpose(image))
    np.testing.assert_array_equal(turned(PICTURE, orientation), viewed)
    developed = develop(replace(capture(40, 60), orientation=orientation), PictureEngine())
    np.testing.assert_array_equal(developed, viewed)


@orientations
@pytest.mark.parametrize("aspect", [0.75, 1.0, 4 / 3])
def test_pixels_are_square_whether_it_is_turned_before_or_after(
    orientation: int, aspect: float
) -> None:
    image = replace(capture(40, 60), orientation=orientation, pixel_aspect=aspect)
    after = turned(square_pixels(PICTURE, aspect), orientation)
    before = square_pixels(turned(PICTURE, orientation), upright_aspect(image))
    np.testing.assert_array_equal(before, after)


@orientations
def test_every_kind_of_engine_gives_the_same_sides(orientation: int) -> None:
    image = replace(capture(40, 60), orientation=orientation, pixel_aspect=1.5)
    sides = {develop(image, kind()).shape for kind in (ClassicalEngine, WatermarkingEngine)}
    assert sides == {turned(square_pixels(PICTURE, 1.5), orientation).shape}


@pytest.mark.parametrize("orientation", [1, 6])
def test_libraw_develops_the_file_that_a_capture_was_read_from(
    orientation: int, tmp_path: Path
) -> None:
    path = tmp_path / "capture.dng"
    write_dng(path, replace(capture(64, 96), orientation=orientation))
    image = read_raw(path)
    path.unlink()  # it is read once
    theirs = develop(image, LibRawEngine(), exposure=1.0)
    ours = develop(image, ClassicalEngine(), exposure=1.0)
    assert theirs.shape == ours.shape
    assert np.median(np.abs(theirs.astype(int) - ours)) < 8


def test_libraw_develops_no_capture_that_is_of_no_file() -> None:
    with pytest.raises(PipelineError, match="captures of RAW files alone"):
        develop(capture(64, 96), LibRawEngine())


def test_a_capture_holds_the_file_as_it_was_read(tmp_path: Path) -> None:
    path = tmp_path / "capture.dng"
    write_dng(path, capture(64, 96))
    file = RawFile.read(path)
    assert read_raw(file).file is file
