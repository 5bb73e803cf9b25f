"""What a report shows of a picture and what platforms make of it, for every kind of file.

The cases 05 and 06 of the shared folder, and files of the same kinds made here.
"""

import re
import subprocess
import sys
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from channel import transmit
from channel.picture_file import open_picture
from channel.picture_file.matrix_profile import PRIMARIES, matrix_profile
from tests.camera_sim.conftest import Camsim
from tests.channel.picture_file.test_opening import CONTAINERS, RAWS, apart, turned_back
from tests.channel.picture_file.test_opening import scene as portrait
from tests.conftest import REPOSITORY
from tests.verifier.conftest import jpeg
from tests.verifier.toy import Pixels, native
from verifier import Verifier
from verifier.errors import PhotoUnsupportedError
from verifier.report.upright import picture

pytestmark = pytest.mark.slow

CLOSE = 3.0


@pytest.fixture(scope="module")
def facts() -> Iterator[Verifier]:
    with Verifier.facts_only() as verifier:
        yield verifier


def decoded(data: bytes | None) -> Pixels:
    assert data is not None
    return np.asarray(Image.open(BytesIO(data)).convert("RGB"))


def made(case: Path, out: Path) -> list[Path]:
    if not case.is_dir():
        pytest.skip(f"there is no {case}")
    subprocess.run([sys.executable, case / "make.py", out], check=True)
    return sorted(out.iterdir())


def test_case_05_profiles(shared_folder: Path, tmp_path: Path, facts: Verifier) -> None:
    files = made(shared_folder / "cases" / "05-icc", tmp_path / "out")
    like = decoded(picture(facts.analyze(tmp_path / "out" / "srgb.png")))
    assert len(files) == 15
    for path in files:
        report = facts.analyze(path)
        assert apart(decoded(picture(report)), like) < CLOSE, path.name
        noted = "Its colour profile is" in " ".join(report.input.notes)
        assert noted == (path.stem != "srgb"), path.name
        for platform in ("facebook", "whatsapp"):
            sent = open_picture(transmit(path, platform))
            assert sent.is_srgb
            like_sent = open_picture(transmit(path.with_name("srgb.png"), platform))
            assert apart(np.asarray(sent.srgb()), np.asarray(like_sent.srgb())) < CLOSE, path.name


def test_case_06_orientation(shared_folder: Path, tmp_path: Path, facts: Verifier) -> None:
    made(shared_folder / "cases" / "06-orientation-by-format", tmp_path / "out")
    upright = decoded((tmp_path / "out" / "upright.png").read_bytes())
    files = sorted((tmp_path / "out").glob("o*"))
    assert len(files) == 48
    for path in files:
        assert apart(decoded(picture(facts.analyze(path))), upright) < CLOSE, path.name
        assert apart(decoded(transmit(path, "twitter")), upright) < CLOSE, path.name


@pytest.mark.parametrize("orientation", [2, 3, 5, 6])
@pytest.mark.parametrize("platform", ["facebook", "whatsapp", "telegram", "tumblr-2016", "imgur"])
@pytest.mark.parametrize("container", ["jpeg", "png", "tiff"])
def test_platforms_serve_it_upright(container: str, platform: str, orientation: int) -> None:
    downloaded = transmit(CONTAINERS[container](turned_back(orientation), orientation), platform)
    assert apart(np.asarray(open_picture(downloaded).srgb().convert("RGB")), portrait()) < 6


@pytest.mark.parametrize("platform", ["facebook", "whatsapp", "telegram", "twitter", "imgur"])
@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
def test_platforms_keep_the_colours(platform: str, kind: str) -> None:
    file = BytesIO()
    icc = matrix_profile(PRIMARIES[9], None)
    Image.fromarray(portrait()).save(file, kind, icc_profile=icc, quality=98, subsampling=0)
    before = np.asarray(open_picture(file.getvalue()).srgb())
    after = open_picture(transmit(file.getvalue(), platform))
    assert apart(np.asarray(after.srgb()), before) < 8  # chroma is halved
    keeps_profile = platform == "twitter" or (platform, kind) == ("imgur", "JPEG")
    assert after.is_srgb != keeps_profile


def test_a_profile_for_ink_does_not_stay_with_values_of_light() -> None:
    file = BytesIO()
    Image.new("CMYK", (24, 24), (0, 90, 90, 0)).save(file, "JPEG", icc_profile=b"ink" * 99)
    assert "icc_profile" not in Image.open(BytesIO(transmit(file.getvalue(), "twitter"))).info


def test_traces_are_looked_for_in_the_values_as_coded(facts: Verifier) -> None:
    pixels = native(64, 80)
    plain = jpeg(pixels)
    wide = jpeg(pixels, icc_profile=matrix_profile(PRIMARIES[9], None))
    one, other = facts.read(plain), facts.read(wide)
    assert (one.pixels == other.pixels).all()
    assert (one.colours == one.pixels).all()
    assert apart(other.colours, one.pixels) > 3
    assert any("as the file has them" in note for note in other.facts.input.notes)


@pytest.mark.parametrize("kind", RAWS)
def test_a_raw_file_is_no_photo(kind: str, facts: Verifier) -> None:
    with pytest.raises(PhotoUnsupportedError, match=r"RAW file .*; develop it first: camsim"):
        facts.analyze(RAWS[kind])


@pytest.mark.parametrize(
    "words",
    [
        "verify {raw} --resend",
        "verify {raw} --html {out}",
        "transmit {raw} --platform facebook -o {out}",
        "simulate {raw} -o {out}",
        "manipulate {raw} --sharpen -o {out}.png",
    ],
)
def test_commands_say_that_it_is_a_raw_file(words: str, camsim: Camsim, tmp_path: Path) -> None:
    raw, out = tmp_path / "IMG_1.jpg", tmp_path / "out"
    raw.write_bytes(RAWS["NEF"])
    ran = camsim(*words.format(raw=raw, out=out).split())
    assert ran.status == 2
    assert "RAW file (Nikon NEF)" in ran.err
    assert len(ran.err.splitlines()) == 1
    assert not out.exists()


def test_a_raw_file_does_not_stop_the_others(camsim: Camsim, tmp_path: Path) -> None:
    (tmp_path / "a.jpg").write_bytes(RAWS["CR3"])
    (tmp_path / "b.jpg").write_bytes(jpeg(native(64, 80)))
    ran = camsim("transmit", tmp_path / "a.jpg", tmp_path / "b.jpg", "--platform", "facebook",
                 "-o", tmp_path / "out")  # fmt: skip
    assert ran.status == 2
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["b.jpg"]


@pytest.mark.parametrize("name", ["deep", "wide"])
def test_training_and_the_sensor_see_what_is_shown(name: str, tmp_path: Path) -> None:
    from channel.picture_file.srgb import load_picture
    from verifier.evaluation.uploads import pixels_of
    from verifier.training.picture_sets import Picture

    path = tmp_path / "a.png"
    if name == "deep":
        levels = np.tile(np.linspace(0, 65535, 64).astype(np.uint16), (64, 1))
        Image.fromarray(levels).save(path)
        expected = np.repeat((levels >> 8).astype(np.uint8)[..., None], 3, axis=2)
    else:
        Image.fromarray(portrait(64, 64)).save(path, icc_profile=matrix_profile(PRIMARIES[9], None))
        expected = np.asarray(open_picture(path.read_bytes()).srgb())
        assert apart(expected, portrait(64, 64)) > 3
    for found in (load_picture(path), pixels_of(path), Picture("npi", "npi", path).pixels()):
        assert (found == expected).all()


def test_files_are_opened_in_one_place() -> None:
    """Elsewhere `Image.open` decodes what is in memory already, which camsim itself has written."""
    in_memory = re.compile(r"Image\.open\((?!(io\.)?BytesIO\((?!path|photo)|file\))")
    packages = ("camera_sim", "channel", "firmware_export", "fleet", "verifier", "watermark")
    found = {
        str(path.relative_to(REPOSITORY))
        for package in packages
        for path in (REPOSITORY / package).rglob("*.py")
        if in_memory.search(path.read_text(encoding="utf-8"))
    }
    assert found <= {"channel/picture_file/opening.py", "camera_sim/evaluation/fuzzing/raw_fuzz.py"}
