"""Every kind of bad file and bad option: its message, its exit status, and nothing left behind."""

import hashlib
import json
import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from PIL import Image

from camera_sim.sensor.dng import write_dng
from camera_sim.weights import SizeRequirements, WeightsEntry
from tests.camera_sim.assets import build
from tests.camera_sim.conftest import ASSETS, EXAMPLE, Camsim
from tests.camera_sim.scenes import capture, picture

BAD_INPUT = 2
CLASSICAL = "--pipeline classical"


@dataclass(frozen=True)
class Case:
    """A command line, in a folder that `prepare` made, and what must be said of it."""

    words: str
    message: str
    prepare: Callable[[Path], object] = lambda folder: None


def asset(name: str) -> Callable[[Path], object]:
    return lambda folder: shutil.copy(ASSETS / name, folder / name)


def cut_example(percent: float) -> Callable[[Path], object]:
    def write(folder: Path) -> None:
        content = EXAMPLE.read_bytes()
        (folder / "cut.crw").write_bytes(content[: int(len(content) * percent / 100)])

    return write


def scrambled_example(folder: Path) -> None:
    content = bytearray(EXAMPLE.read_bytes())
    content[1_700_000:1_703_000] = bytes(i * 37 % 251 for i in range(3000))
    (folder / "scrambled.crw").write_bytes(content)


def good(folder: Path) -> None:
    write_dng(folder / "good.dng", capture(32, 48))


def cut_dng(folder: Path) -> None:
    good(folder)
    content = (folder / "good.dng").read_bytes()
    (folder / "good.dng").write_bytes(content[: len(content) // 2])


def unreadable(folder: Path) -> None:
    if os.geteuid() == 0:
        pytest.skip("root may read everything")
    good(folder)
    (folder / "good.dng").chmod(0)


def good_and(name: str, content: bytes = b"") -> Callable[[Path], object]:
    def write(folder: Path) -> None:
        good(folder)
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)

    return write


def good_twice(folder: Path) -> None:
    good(folder)
    (folder / "other").mkdir()
    shutil.copy(folder / "good.dng", folder / "other")


def weights_with(
    file: str = "rnet.onnx", content: bytes = b"no network", digest: str = ""
) -> Callable[[Path], object]:
    def write(folder: Path) -> None:
        good(folder)
        entry = WeightsEntry(
            pipeline="rnet",
            version="0",
            file=file,
            sha256=digest or hashlib.sha256(content).hexdigest(),
            licence="none",
            parameters=1,
            trained_for="nothing",
            size=SizeRequirements(multiple_of=4, receptive_field=24, bytes_per_pixel=1200),
            recipe={},
            data="none",
            figures={},
        )
        made = folder / "weights"
        made.mkdir()
        manifest = {"schema_version": 1, "networks": [entry.model_dump(mode="json")]}
        (made / "manifest.json").write_text(json.dumps(manifest))
        if content:
            (made / file).write_bytes(content)

    return write


def only_inet(folder: Path) -> None:
    weights_with()(folder)
    manifest = folder / "weights" / "manifest.json"
    manifest.write_text(manifest.read_text().replace('"rnet"', '"inet"'))


def photo(folder: Path) -> None:
    Image.fromarray(picture(64, 64)).save(folder / "photo.png")


def photo_and_dng(folder: Path) -> None:
    photo(folder)
    (folder / "photo.dng").write_bytes(b"precious")


def damaged_photo(folder: Path) -> None:
    photo(folder)
    content = (folder / "photo.png").read_bytes()
    (folder / "photo.png").write_bytes(content[: len(content) // 2])


def one_pixel(folder: Path) -> None:
    Image.new("RGB", (1, 9)).save(folder / "photo.png")


def two_photos(folder: Path) -> None:
    (folder / "photos").mkdir()
    for seed in range(2):
        Image.fromarray(picture(64, 64, seed)).save(folder / "photos" / f"{seed}.png")


def one_photo(folder: Path) -> None:
    (folder / "photos").mkdir()
    photo(folder / "photos")


def folder_without_raw(folder: Path) -> None:
    (folder / "empty").mkdir()
    (folder / "empty" / "notes.txt").write_text("no RAW file")


def photos_and_a_file(folder: Path) -> None:
    two_photos(folder)
    (folder / "run").write_text("a file")


DEVELOP = f"develop {CLASSICAL} --out out"
TRAIN = "train nip --out run --steps 2 --batch 1 --patch 32"

CASES = {
    # Files that are not there, or are no RAW files.
    "missing": Case(f"{DEVELOP} nope.nef", "nope.nef: no such file"),
    "folder without RAW": Case(
        f"{DEVELOP} empty", "empty is a directory without a RAW file in it", folder_without_raw
    ),
    "info of a folder": Case(
        "info empty", "empty is a directory without a RAW file in it", folder_without_raw
    ),
    "empty": Case(f"{DEVELOP} a.cr2", "a.cr2 is empty (0 bytes)", lambda f: (f / "a.cr2").touch()),
    "text": Case(
        f"{DEVELOP} text-named-as-raw.nef",
        "text-named-as-raw.nef is not a RAW file that LibRaw knows",
        asset("text-named-as-raw.nef"),
    ),
    "JPEG": Case(
        f"{DEVELOP} jpeg-named-as-raw.cr2",
        "jpeg-named-as-raw.cr2 is a JPEG picture, not a RAW file; `camsim simulate`",
        asset("jpeg-named-as-raw.cr2"),
    ),
    "PNG": Case(
        "info png-named-as-raw.arw",
        "png-named-as-raw.arw is a PNG picture, not a RAW file",
        asset("png-named-as-raw.arw"),
    ),
    "unreadable": Case(f"{DEVELOP} good.dng", "permission denied", unreadable),
    # Files that are damaged.
    "CRW cut to 10%": Case(f"{DEVELOP} cut.crw", "cut.crw is truncated", cut_example(10)),
    "CRW cut to 50%": Case(f"{DEVELOP} cut.crw", "cut.crw is truncated", cut_example(50)),
    "CRW cut to 90%": Case(f"{DEVELOP} cut.crw", "cut.crw is truncated", cut_example(90)),
    "CRW cut to 99%": Case("info cut.crw", "cut.crw is truncated", cut_example(99)),
    "CRW scrambled inside": Case(
        f"{DEVELOP} scrambled.crw", "scrambled.crw is truncated or damaged", scrambled_example
    ),
    "DNG cut to half": Case(f"{DEVELOP} good.dng", "good.dng is truncated", cut_dng),
    "DNG whose strip is past the end": Case(
        f"{DEVELOP} strip-past-the-end.dng",
        "strip-past-the-end.dng is truncated or damaged",
        asset("strip-past-the-end.dng"),
    ),
    # Files that hold something else than a 2×2 Bayer mosaic.
    "X-Trans": Case(
        f"{DEVELOP} cfa-6x6-x-trans.dng",
        "6×6 colour filter array (X-Trans?); only 2×2 Bayer arrays can be developed",
        asset("cfa-6x6-x-trans.dng"),
    ),
    "monochrome": Case(
        f"{DEVELOP} monochrome.dng",
        "monochrome.dng comes from a monochrome sensor",
        asset("monochrome.dng"),
    ),
    "linear RGB": Case(
        f"{DEVELOP} linear-rgb.dng",
        "linear-rgb.dng holds full-colour pixels (Foveon, sRAW or linear DNG)",
        asset("linear-rgb.dng"),
    ),
    "four colours": Case(
        f"{DEVELOP} cfa-four-colours.dng",
        "has the colour filters MCGY, not red, green, blue",
        asset("cfa-four-colours.dng"),
    ),
    "two reds": Case(
        f"{DEVELOP} cfa-two-reds.dng",
        "has the colour filters RRGB, not red, green, blue",
        asset("cfa-two-reds.dng"),
    ),
    # Outputs.
    "output exists": Case(
        f"{DEVELOP} good.dng",
        "good.classical.jpg exists; name another --out, or overwrite it with --force",
        good_and("out/good.classical.jpg", b"precious"),
    ),
    "comparison exists": Case(
        f"{DEVELOP} good.dng --compare",
        "good.classical.compare.jpg exists",
        good_and("out/good.classical.compare.jpg", b"precious"),
    ),
    "output folder is a file": Case(
        f"{DEVELOP} good.dng", "good.classical.jpg cannot be written", good_and("out")
    ),
    "two inputs of one name": Case(
        f"{DEVELOP} good.dng other/good.dng", "would both become out/good.classical.jpg", good_twice
    ),
    "one output for two inputs": Case(
        f"develop {CLASSICAL} good.dng other/good.dng --out out.jpg",
        "--out out.jpg is one file, and there are 2 to develop",
        good_twice,
    ),
    "format against the name": Case(
        f"develop {CLASSICAL} good.dng --out out.tif --format jpeg",
        "--out out.tif and --format jpeg contradict each other",
        good,
    ),
    # Options of develop.
    "quality 0": Case(f"{DEVELOP} good.dng --quality 0", "JPEG quality is 1 to 100, not 0", good),
    "quality 101": Case(f"{DEVELOP} good.dng --quality 101", "is 1 to 100, not 101", good),
    "subsampling": Case(f"{DEVELOP} good.dng --subsampling 4:1:1", 'invalid value "4:1:1"', good),
    "memory too small": Case(
        f"{DEVELOP} good.dng --max-memory 50MB", "cannot be developed in 50 MB; --max-memory", good
    ),
    "memory malformed": Case(
        f"{DEVELOP} good.dng --max-memory lots",
        "'lots' is not a size; write it as 2GB or 800MB",
        good,
    ),
    "no threads": Case(f"{DEVELOP} good.dng --threads 0", "--threads must be at least 1", good),
    "denoise": Case(f"{DEVELOP} good.dng --denoise -1", "--denoise is 0 to 4, not -1", good),
    "exposure": Case(f"{DEVELOP} good.dng --exposure nan", "-10 to 10, not nan", good),
    "nothing to develop": Case("develop", "RAW is missing", lambda folder: None),
    # Pipelines and weights.
    "unknown pipeline": Case(
        "develop good.dng --pipeline magic",
        "there is no pipeline 'magic'; there are qnet, rnet, inet, unet, dnet, classical, libraw",
        good,
    ),
    "a former pipeline": Case(
        "develop good.dng --pipeline rnet-fan", "there is no pipeline 'rnet-fan'; ", good
    ),
    "pipeline without weights": Case(
        "develop good.dng --pipeline rnet --weights weights",
        "no weights for the pipeline 'rnet' (there are: inet); train it with",
        only_inet,
    ),
    "weights without a manifest": Case(
        "develop good.dng --weights .", "holds no manifest.json; name a folder of weights", good
    ),
    "weights missing": Case(
        "develop good.dng --weights weights", "rnet.onnx is missing", weights_with(content=b"")
    ),
    "weights of another digest": Case(
        "develop good.dng --weights weights",
        "the manifest says 000000000000…; it was changed or damaged",
        weights_with(digest="0" * 64),
    ),
    "weights that are no network": Case(
        "develop good.dng --weights weights", "rnet.onnx cannot be loaded", weights_with()
    ),
    "weights outside their folder": Case(
        "develop good.dng --weights weights",
        "the manifest names '../rnet.onnx', which is not a plain file name",
        weights_with(file="../rnet.onnx"),
    ),
    # Simulating.
    "scene missing": Case("simulate nope.png", "nope.png: no such file"),
    "scene is a folder": Case(
        "simulate empty", "empty is a directory; name a picture in it", folder_without_raw
    ),
    "scene is text": Case(
        "simulate text-named-as-raw.nef",
        "text-named-as-raw.nef cannot be read as a picture: the file is in no format that is read",
        asset("text-named-as-raw.nef"),
    ),
    "scene is damaged": Case("simulate photo.png", "cannot be read as a picture", damaged_photo),
    "scene of one pixel": Case("simulate photo.png", "smaller than one 2×2 tile", one_pixel),
    "capture exists": Case("simulate photo.png", "photo.dng exists", photo_and_dng),
    "unknown camera": Case(
        "simulate photo.png --camera Brownie", "there is no camera 'Brownie'; there are", photo
    ),
    "9 bits": Case("simulate photo.png --bits 9", "a sensor has 10 to 16 bits, not 9", photo),
    "black over white": Case(
        "simulate photo.png --black 99999", "black level 99999 is outside 0 to 16383", photo
    ),
    "negative noise": Case("simulate photo.png --shot -1", "--shot is 0 to 1, not -1", photo),
    "noise that is no number": Case(
        "simulate photo.png --read nan", "--read is 0 to 1, not nan", photo
    ),
    "endless underexposure": Case(
        "simulate photo.png --underexpose 1e9", "--underexpose is 0 to 16", photo
    ),
    "negative gains": Case(
        "simulate photo.png --white-balance -2 1", "--white-balance gains are over 0", photo
    ),
    "gains of no light": Case(
        "simulate photo.png --white-balance 50 1", "one channel's gain is at most 16 times", photo
    ),
    "negative seed": Case(
        "simulate photo.png --seed -1", "--seed cannot be negative, and is -1", photo
    ),
    "unknown Bayer order": Case("simulate photo.png --cfa RGBG", 'invalid value "RGBG"', photo),
    # Training.
    "training folder missing": Case(f"{TRAIN} --pictures nope", "nope is not a folder of pictures"),
    "training folder empty": Case(
        f"{TRAIN} --pictures empty", "empty holds no picture", folder_without_raw
    ),
    "training folder without RAW": Case(
        f"{TRAIN} --raw empty", "empty holds 0 usable files", folder_without_raw
    ),
    "training on one picture": Case(
        f"{TRAIN} --pictures photos", "photos holds 1 usable files; training needs", one_photo
    ),
    "training the classical pipeline": Case(
        f"{TRAIN} --pictures photos {CLASSICAL}", "'classical' is no network", two_photos
    ),
    "patches larger than the pictures": Case(
        f"{TRAIN} --pictures photos --patch 128", "is smaller than a 128 patch", two_photos
    ),
    "patches of 33 pixels": Case(
        f"{TRAIN} --pictures photos --patch 33", "must be a multiple of 32, not 33", two_photos
    ),
    "no steps": Case(
        f"{TRAIN} --pictures photos --steps 0", "--steps must be at least 1, not 0", two_photos
    ),
    "training with a negative seed": Case(
        f"{TRAIN} --pictures photos --seed -1", "--seed cannot be negative", two_photos
    ),
    "training with no threads": Case(
        f"{TRAIN} --pictures photos --threads 0", "--threads must be at least 1", two_photos
    ),
    "training for an unknown camera": Case(
        f"{TRAIN} --pictures photos --pipeline inet --camera Brownie",
        "there is no camera 'Brownie'",
        two_photos,
    ),
    "run folder is a file": Case(
        f"{TRAIN} --pictures photos", "run cannot hold a run", photos_and_a_file
    ),
    "neither pictures nor RAW": Case(TRAIN, "Exactly 1 of {--pictures, --raw}"),
}


@pytest.mark.slow
@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
def test_bad_input(
    case: Case, camsim: Camsim, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    case.prepare(tmp_path)
    before = contents(tmp_path)
    monkeypatch.chdir(tmp_path)
    ran = camsim(*case.words.split())
    said = [line for line in ran.err.splitlines() if line]
    assert ran.status == BAD_INPUT, ran.err
    assert len(said) == 1, ran.err
    assert said[0].startswith("camsim")
    assert case.message in said[0]
    assert "Traceback" not in ran.err
    assert ran.out == ""
    assert contents(tmp_path) == before


def contents(folder: Path) -> dict[str, bytes]:
    """Read every file under a folder; hidden and partial ones count."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and os.access(path, os.R_OK)
    }


def test_the_script_rebuilds_the_assets(tmp_path: Path) -> None:
    build.main(tmp_path)
    kept = {path.name: path.read_bytes() for path in ASSETS.glob("*.*") if path.suffix != ".py"}
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == kept


def test_every_asset_is_used() -> None:
    named = " ".join(case.words for case in CASES.values())
    for path in ASSETS.glob("*.*"):
        assert path.suffix == ".py" or path.name in named, path.name


@pytest.mark.parametrize("percent", [1, 10, 50, 90, 99, 99.9])
def test_no_truncated_real_file_is_developed(
    percent: float, shared_folder: Path, tmp_path: Path, camsim: Camsim
) -> None:
    cut_files = []
    for path in sorted((shared_folder / "data" / "raw").iterdir()):
        content = path.read_bytes()
        cut_files.append(tmp_path / path.name)
        cut_files[-1].write_bytes(content[: int(len(content) * percent / 100)])
    ran = camsim("info", *cut_files)
    assert ran.status == BAD_INPUT
    assert ran.out == ""
    assert len(ran.err.splitlines()) == len(cut_files) == 7
    for path, line in zip(cut_files, ran.err.splitlines(), strict=True):
        assert line.startswith(f"camsim: {path} is")
