"""The commands, from the words typed to the files written."""

import re
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
from PIL import ExifTags, Image

from camera_sim.commands.develop import memory_size
from camera_sim.developing.developer import Developer
from camera_sim.developing.files import Options, plan_jobs
from camera_sim.developing.many import develop_many
from camera_sim.evaluation.fidelity import colour_difference
from camera_sim.pipelines.classical import ClassicalEngine
from camera_sim.raw.raw_image import read_raw
from camera_sim.sensor.dng import write_dng
from fleet import Processes, WorkerDied
from tests.camera_sim.conftest import EXAMPLE, Camsim
from tests.camera_sim.scenes import capture, clean, picture, psnr

SUMMARY = re.compile(
    r"(\S+)  Nikon D5200 \(simulated\)  80×64  (\w+)  \d+\.\d\d s  \d+\.\d{3} s/MP  → (\S+)"
)


@pytest.fixture
def captures(tmp_path: Path) -> Path:
    folder = tmp_path / "captures"
    for index, order in enumerate(("RGGB", "GBRG")):
        write_dng(folder / f"{index}.dng", capture(64, 80, order, seed=index))
    (folder / "notes.txt").write_text("no RAW file")
    return folder


def opened(path: Path) -> np.ndarray:
    with Image.open(path) as image:
        return np.asarray(image)


def test_a_folder_is_developed_file_by_file(camsim: Camsim, captures: Path, tmp_path: Path) -> None:
    ran = camsim("develop", captures, "--pipeline", "classical", "--out", tmp_path / "out")
    lines = ran.out.splitlines()
    assert (ran.status, ran.err) == (0, "")
    assert [SUMMARY.fullmatch(line)[1] for line in lines[:2]] == ["0.dng", "1.dng"]
    assert lines[2] == "2 of 2 files developed"
    names = sorted(path.name for path in (tmp_path / "out").iterdir())
    assert names == ["0.classical.jpg", "1.classical.jpg"]


def test_one_bad_file_does_not_stop_the_others(
    camsim: Camsim, captures: Path, tmp_path: Path
) -> None:
    (captures / "0a.nef").write_text("no RAW file at all\n" * 40)
    ran = camsim("develop", captures, "--pipeline", "classical", "--out", tmp_path / "out")
    assert ran.status == 2
    assert ran.err.splitlines() == [
        f"camsim: {captures / '0a.nef'} is not a RAW file that LibRaw knows, "
        "or its header is damaged"
    ]
    assert len(SUMMARY.findall(ran.out)) == 2
    assert "2 of 3 files developed" in ran.out
    assert len(list((tmp_path / "out").iterdir())) == 2


@pytest.mark.slow
def test_processes_develop_the_same_pictures(
    camsim: Camsim, captures: Path, tmp_path: Path
) -> None:
    (captures / "0a.nef").write_text("no RAW file at all\n" * 40)
    words = ("develop", captures, "--pipeline", "libraw", "--out")
    camsim(*words, tmp_path / "one")
    ran = camsim(*words, tmp_path / "many", "--processes", 2)
    assert ran.status == 2
    assert "0a.nef is not a RAW file" in ran.err
    assert len(SUMMARY.findall(ran.out)) == 2
    assert ran.out.endswith("2 of 3 files developed\n")
    for name in ("0.libraw.jpg", "1.libraw.jpg"):
        assert (tmp_path / "many" / name).read_bytes() == (tmp_path / "one" / name).read_bytes()


def test_a_file_that_kills_its_processes_is_told(
    captures: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Deadly(Processes):
        def map(self, function: Any, tasks: Any) -> Any:
            for task in tasks:
                yield task, WorkerDied() if task.source.stem == "0" else function(task)

    monkeypatch.setattr("camera_sim.developing.many.Processes", Deadly)
    options = Options(pipeline="classical", out=tmp_path)
    developer = Developer("classical", ClassicalEngine(), None)
    first, second = develop_many(plan_jobs([captures], options), options, developer, 2)
    assert first.error is not None
    assert "0.dng killed every process" in first.error
    assert second.error is None
    assert (tmp_path / "1.classical.jpg").exists()


@pytest.mark.parametrize("extra", [("--processes", 0), ("--processes", 2, "--device", "x")])
def test_processes_that_cannot_be(
    extra: tuple[object, ...], camsim: Camsim, captures: Path
) -> None:
    ran = camsim("develop", captures, "--pipeline", "classical", *extra)
    assert ran.status == 2
    assert len(ran.err.splitlines()) == 1


def test_nothing_is_overwritten_without_force(
    camsim: Camsim, captures: Path, tmp_path: Path
) -> None:
    words = ("develop", captures, "--pipeline", "classical", "--out", tmp_path)
    (tmp_path / "0.classical.jpg").write_bytes(b"precious")
    ran = camsim(*words)
    assert ran.status == 2
    assert "0.classical.jpg exists" in ran.err
    assert (tmp_path / "0.classical.jpg").read_bytes() == b"precious"
    assert (tmp_path / "1.classical.jpg").exists()
    assert camsim(*words, "--force").status == 0
    assert (tmp_path / "0.classical.jpg").read_bytes().startswith(b"\xff\xd8")
    assert not list(tmp_path.rglob("*.part"))


def test_the_picture_goes_beside_the_file_by_default(camsim: Camsim, captures: Path) -> None:
    assert camsim("develop", captures / "0.dng", "--pipeline", "classical").status == 0
    assert (captures / "0.classical.jpg").exists()


@pytest.mark.parametrize(
    "pipeline",
    ["classical", "libraw", *(pytest.param(n, marks=pytest.mark.slow) for n in ("inet", "rnet"))],
)
def test_every_pipeline_gives_the_scene(
    pipeline: str, camsim: Camsim, tmp_path: Path, untrained: Callable[[str], Path]
) -> None:
    write_dng(tmp_path / "capture.dng", capture(128, 160, "GRBG"))
    words: tuple[object, ...] = ("--out", tmp_path / "a.png", "--exposure", 0)
    if pipeline in ("inet", "rnet"):
        words += ("--weights", untrained(pipeline))
    ran = camsim("develop", tmp_path / "capture.dng", "--pipeline", pipeline, *words)
    assert ran.status == 0, ran.err
    floor = 15 if pipeline == "inet" else 26  # INet, untrained, knows no camera's matrix
    assert psnr(opened(tmp_path / "a.png"), clean(128, 160)) > floor


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("pipeline", ["classical", "libraw"])
def test_orientation_is_applied(
    pipeline: str, orientation: int, camsim: Camsim, tmp_path: Path
) -> None:
    write_dng(tmp_path / "capture.dng", capture(64, 96, orientation=orientation))
    words = ("--pipeline", pipeline, "--out", tmp_path / "a.png", "--exposure", 0)
    assert camsim("develop", tmp_path / "capture.dng", *words).status == 0
    tagged = Image.fromarray(clean(64, 96))
    turned = {
        2: Image.Transpose.FLIP_LEFT_RIGHT, 3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM, 5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_270, 7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_90,
    }  # fmt: skip
    expected = tagged.transpose(turned[orientation]) if orientation > 1 else tagged
    developed = opened(tmp_path / "a.png")
    assert developed.shape == np.asarray(expected).shape
    assert psnr(developed, np.asarray(expected)) > 28
    with Image.open(tmp_path / "a.png") as image:
        assert image.getexif().get(ExifTags.Base.Orientation, 1) == 1


@pytest.mark.slow
@pytest.mark.parametrize("suffix", ["jpg", "png", "tif"])
def test_the_example_keeps_its_exif(suffix: str, camsim: Camsim, tmp_path: Path) -> None:
    out = tmp_path / f"box.{suffix}"
    ran = camsim("develop", EXAMPLE, "--pipeline", "libraw", "--out", out)
    assert ran.status == 0, ran.err
    with Image.open(out) as image:
        exif = image.getexif()
        details = exif.get_ifd(ExifTags.IFD.Exif)
        assert exif[ExifTags.Base.Make] == "Canon"
        assert "S40" in exif[ExifTags.Base.Model]
        assert float(details[ExifTags.Base.ExposureTime]) > 0
        assert image.info["icc_profile"]
    if suffix == "tif":
        assert tifffile.imread(out).dtype == np.uint16


def test_jpeg_is_the_default_at_full_chroma(camsim: Camsim, captures: Path) -> None:
    camsim("develop", captures / "0.dng", "--pipeline", "classical", "--exposure", 0)
    with Image.open(captures / "0.classical.jpg") as image:
        assert image.layer[0][1:3] == (1, 1)
    assert psnr(opened(captures / "0.classical.jpg"), clean(64, 80)) > 28


def test_compare_writes_a_sheet(camsim: Camsim, captures: Path) -> None:
    ran = camsim("develop", captures / "0.dng", "--pipeline", "libraw", "--compare")
    assert ran.status == 0, ran.err
    sheet = opened(captures / "0.libraw.compare.jpg")
    assert sheet.shape[1] > 3 * 80
    assert "side by side" in ran.out


def test_exposure_is_in_stops(camsim: Camsim, captures: Path, tmp_path: Path) -> None:
    means = []
    for stops in (-1, 0, 1):
        words = ("--pipeline", "classical", "--exposure", stops, "--out", tmp_path / f"{stops}.png")
        assert camsim("develop", captures / "0.dng", *words).status == 0
        means.append(opened(tmp_path / f"{stops}.png").mean())
    assert means == sorted(means)
    assert means[2] - means[0] > 40


def test_the_result_does_not_depend_on_threads(
    camsim: Camsim, captures: Path, tmp_path: Path
) -> None:
    for threads in (1, 3):
        words = ("--pipeline", "classical", "--threads", threads)
        camsim("develop", captures / "0.dng", *words, "--out", tmp_path / f"{threads}.png")
    assert (tmp_path / "1.png").read_bytes() == (tmp_path / "3.png").read_bytes()


WAITS_BEFORE_IT_IS_THERE = """
import sys, time
from camera_sim import cli
def wait(event, words):
    if event in ("os.rename", "os.link") and str(words[1]).endswith("out.tif"):
        print("written", flush=True)
        while True:  # a pause would miss an interrupt that comes just before it
            time.sleep(0.01)
sys.addaudithook(wait)
sys.exit(cli.main())
"""


@pytest.mark.slow
def test_an_interrupted_batch_leaves_no_half_file(tmp_path: Path) -> None:
    write_dng(tmp_path / "capture.dng", capture(512, 768))
    command = [
        sys.executable,
        "-c",
        WAITS_BEFORE_IT_IS_THERE,
        "develop",
        tmp_path / "capture.dng",
    ]
    words = ["--pipeline", "libraw", "--out", tmp_path / "out.tif", "--threads", "1"]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    running = subprocess.Popen([*command, *words], text=True, **pipes)
    assert running.stdout is not None
    assert running.stdout.readline() == "written\n"
    running.send_signal(signal.SIGINT)
    _, err = running.communicate()
    assert running.returncode == 130, err
    assert "Traceback" not in err
    assert [path.name for path in tmp_path.iterdir()] == ["capture.dng"]


def test_info_prints_what_the_file_says(camsim: Camsim, captures: Path) -> None:
    ran = camsim("info", captures / "1.dng", EXAMPLE)
    assert (ran.status, ran.err) == (0, "")
    for words in ("Nikon D5200 (simulated)", "80×64", "GBRG", "black 512", "white 16383",
                  "2.000 1.000 1.500 (as shot)", "Canon PowerShot S40", "2312×1720",
                  "2376×1728, picture at (12, 6)", "estimated"):  # fmt: skip
        assert words in ran.out
    assert "1970" not in ran.out


def test_info_goes_on_after_a_bad_file(camsim: Camsim, captures: Path) -> None:
    ran = camsim("info", captures / "notes.txt", captures / "0.dng")
    assert ran.status == 2
    assert len(ran.err.splitlines()) == 1
    assert "Nikon D5200" in ran.out


@pytest.mark.parametrize("order", ["RGGB", "BGGR", "GRBG", "GBRG"])
def test_simulate_then_develop_gives_the_photo_back(
    order: str, camsim: Camsim, tmp_path: Path
) -> None:
    photo = picture(128, 160)
    Image.fromarray(photo).save(tmp_path / "photo.png")
    words = ("--cfa", order, "--bits", 12, "--shot", 1e-5, "--read", 0, "--prnu", 0)
    ran = camsim("simulate", tmp_path / "photo.png", *words)
    assert ran.status == 0, ran.err
    assert read_raw(tmp_path / "photo.dng").pattern.order == order
    ran = camsim(
        "develop", tmp_path / "photo.dng", "--pipeline", "classical", "--exposure", 0,
        "--out", tmp_path / "back.png",
    )  # fmt: skip
    assert ran.status == 0, ran.err
    assert np.median(colour_difference(opened(tmp_path / "back.png"), photo)) < 1.5


@pytest.mark.parametrize(
    ("text", "size"),
    [("2GB", 2**31), ("800MB", 800 * 2**20), ("1.5G", 3 * 2**29), ("512k", 2**19), ("7", 7)],
)
def test_memory_sizes(text: str, size: int) -> None:
    assert memory_size(text) == size
