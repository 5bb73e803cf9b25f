"""A file name of any bytes is fine for develop, simulate and info."""

import os
from pathlib import Path

import pytest
from PIL import Image

from camera_sim.sensor.dng import write_dng
from tests.camera_sim.conftest import Camsim
from tests.camera_sim.scenes import capture, picture

NAMES = {
    "Latin-1": b"caf\xe9",
    "no text at all": bytes([0xFF, 0xFE, 0x80]),
    "escape": b"red\x1b[31m",
    "line end": b"two\nlines",
    "markup": b"[bold]m[ red]",
    "turned round": "x\u202egnp".encode(),
    "a dash": b"-o",
    "format": b"%s{0}{x}",
    "blank": b" ",
    "long": b"x" * 220,
}
names = pytest.mark.parametrize("name", NAMES.values(), ids=NAMES.keys())


@pytest.mark.slow
@names
def test_a_raw_file_of_any_name(name: bytes, camsim: Camsim, tmp_path: Path) -> None:
    captures = tmp_path / "captures"
    captures.mkdir()
    write_dng(tmp_path / "capture.dng", capture(32, 48))
    (tmp_path / "capture.dng").rename(captures / os.fsdecode(name + b".dng"))
    develop, out = ("develop", captures, "--pipeline"), ("--out", tmp_path / "out")
    for command in (
        ("info", captures / os.fsdecode(name + b".dng")),
        (*develop, "classical", *out),
        (*develop, "libraw", *out),
    ):
        ran = camsim(*command)
        assert (ran.status, ran.err) == (0, "")
        assert "\x1b" not in ran.out
        assert "\u202e" not in ran.out
    written = {os.fsencode(path.name) for path in (tmp_path / "out").iterdir()}
    assert written == {name + b".classical.jpg", name + b".libraw.jpg"}


@pytest.mark.slow
def test_raw_files_of_all_those_names_by_several_processes(camsim: Camsim, tmp_path: Path) -> None:
    """Names go to the processes and come back."""
    captures = tmp_path / "captures"
    captures.mkdir()
    for name in NAMES.values():
        write_dng(tmp_path / "capture.dng", capture(32, 48))
        (tmp_path / "capture.dng").rename(captures / os.fsdecode(name + b".dng"))
    ran = camsim("develop", captures, "--pipeline", "libraw", "--processes", 2,
                 "--out", tmp_path / "many")  # fmt: skip
    assert (ran.status, ran.err) == (0, "")
    assert not {"\x1b", "\u202e"} & set(ran.out)
    written = {os.fsencode(path.name) for path in (tmp_path / "many").iterdir()}
    assert written == {name + b".libraw.jpg" for name in NAMES.values()}


@names
def test_a_scene_of_any_name(name: bytes, camsim: Camsim, tmp_path: Path) -> None:
    Image.fromarray(picture(32, 48)).save(tmp_path / "scene.png")
    (tmp_path / "scene.png").rename(tmp_path / os.fsdecode(name + b".png"))
    ran = camsim("simulate", tmp_path / os.fsdecode(name + b".png"))
    assert (ran.status, ran.err) == (0, "")
    assert (tmp_path / os.fsdecode(name + b".dng")).exists()


@names
def test_a_refused_file_of_any_name(name: bytes, camsim: Camsim, tmp_path: Path) -> None:
    path = tmp_path / os.fsdecode(name + b".nef")
    path.write_bytes(b"no RAW file" * 10)
    ran = camsim("develop", path, "--out", tmp_path / "out")
    assert ran.status == 2
    assert ran.out == ""
    assert len(ran.err.splitlines()) == 1
    assert "is not a RAW file that LibRaw knows" in ran.err
