"""What a pipeline develops is checked before it is written."""

from pathlib import Path

import numpy as np
import pytest

from camera_sim.developing.files import Job, Options, develop_file
from camera_sim.developing.tiles import develop
from camera_sim.engines import Array, Colour, TileEngine
from camera_sim.errors import EngineError
from camera_sim.pipelines.classical import ClassicalEngine
from camera_sim.sensor.dng import write_dng
from tests.camera_sim.scenes import capture


class Broken(TileEngine):
    """The classical pipeline with one fault."""

    name = "broken"
    size = ClassicalEngine.size

    def __init__(self, fault: str) -> None:
        self._fault = fault

    def develop(self, packed: Array, colour: Colour) -> Array:
        developed = ClassicalEngine().develop(packed, colour)
        middle = developed[:, 40:44, 40:44]
        if self._fault in ("nan", "inf"):
            middle[:] = float(self._fault)
        if self._fault == "beyond":
            return developed * 1.5 - 0.1
        return np.zeros_like(developed) if self._fault == "black" else developed


@pytest.mark.parametrize(
    ("fault", "words"),
    [("nan", "are no numbers"), ("inf", "are no numbers"), ("black", "came out in one colour")],
)
def test_a_picture_that_is_none_is_not_written(fault: str, words: str, tmp_path: Path) -> None:
    write_dng(tmp_path / "a.dng", capture(64, 96))
    job = Job(tmp_path / "a.dng", tmp_path / "a.png")
    with pytest.raises(EngineError, match=words):
        develop_file(job, Options(pipeline="classical"), Broken(fault))
    assert [path.name for path in tmp_path.iterdir()] == ["a.dng"]


def test_values_beyond_the_range_do_not_wrap_around() -> None:
    image = capture(64, 96)
    plain = develop(image, Broken(""), exposure=4.0).astype(int)
    beyond = develop(image, Broken("beyond"), exposure=4.0).astype(int)
    expected = np.clip(np.rint(plain * 1.5 - 25.5), 0, 255)
    assert np.abs(beyond - expected).max() <= 2


@pytest.mark.parametrize("stops", [-10, 0, 10])
def test_a_frame_may_be_dark_on_purpose(stops: int, tmp_path: Path) -> None:
    write_dng(tmp_path / "a.dng", capture(64, 96))
    job = Job(tmp_path / "a.dng", tmp_path / "a.png")
    develop_file(job, Options(pipeline="classical", exposure=2.0**stops), ClassicalEngine())
    assert job.target.exists()


def test_a_frame_of_one_level_is_developed(tmp_path: Path) -> None:
    flat = np.full((64, 96), 600, np.uint16)
    write_dng(tmp_path / "a.dng", capture(64, 96, samples=flat))
    job = Job(tmp_path / "a.dng", tmp_path / "a.png")
    develop_file(job, Options(pipeline="classical"), ClassicalEngine())
    assert job.target.exists()
