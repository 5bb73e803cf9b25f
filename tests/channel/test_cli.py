import sys
from io import BytesIO, StringIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from rich.console import Console

from camera_sim.cli import main, run
from channel import PLATFORMS, transmit
from channel.errors import (
    ChannelError,
    ChannelValueError,
    DependencyError,
    OutputError,
    UnknownPlatformError,
    UnreadablePictureError,
)
from channel.evaluation.bench_history import history
from channel.evaluation.speed import TIMED
from channel.listing import platforms_table, profile_table
from channel.manipulations import GAUSSIAN, SHARPEN
from channel.profile import PlatformProfile
from tests.channel.conftest import photo


def camsim(*arguments: object) -> int:
    """Run a command; unlike `main`, what it raises is the test's."""
    return run([str(argument) for argument in arguments])


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    path = tmp_path / "photo.png"
    Image.fromarray(photo(60, 80)).save(path)
    return path


def test_transmit_writes_what_transmit_gives(picture: Path, tmp_path: Path) -> None:
    downloaded = tmp_path / "downloaded.jpg"
    assert camsim("transmit", picture, "--platform", "whatsapp", "-o", downloaded) == 0
    assert downloaded.read_bytes() == transmit(picture, "whatsapp")


def test_a_chain_and_a_seed(picture: Path, tmp_path: Path) -> None:
    downloaded = tmp_path / "downloaded.jpg"
    chain = ["--platform", "facebook-2018", "--platform", "whatsapp"]
    assert camsim("transmit", picture, *chain, "--seed", 5, "-o", downloaded) == 0
    assert downloaded.read_bytes() == transmit(picture, ["facebook-2018", "whatsapp"], seed=5)


def test_many_files_go_into_a_folder_and_a_bad_one_is_reported(
    picture: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bad = tmp_path / "bad.jpg"
    bad.write_bytes(b"no picture")
    out = tmp_path / "out"
    assert camsim("transmit", bad, picture, "--platform", "twitter", "-o", out) == 2
    assert [path.name for path in out.iterdir()] == ["photo.jpg"]
    errors = capsys.readouterr().err
    assert f"camsim: {bad}: the file is in no format that is read" in errors
    assert "1 of 2 pictures failed" in errors


def test_pass_through_keeps_the_suffix(picture: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    assert camsim("transmit", picture, "--platform", "discord", "-o", out) == 0
    assert (out / "photo.png").read_bytes() == picture.read_bytes()


def test_a_place_that_ends_as_folders_do_becomes_one(picture: Path, tmp_path: Path) -> None:
    assert camsim("transmit", picture, "--platform", "twitter", "-o", f"{tmp_path}/new/") == 0
    assert (tmp_path / "new" / "photo.jpg").is_file()


def test_several_pictures_do_not_go_into_a_file(picture: Path, tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="is a file; name a folder"):
        camsim("transmit", picture, tmp_path / "b.png", "--platform", "twitter", "-o", picture)


def test_a_folder_is_no_picture(tmp_path: Path) -> None:
    with pytest.raises(UnreadablePictureError, match="is a folder; name the pictures in it"):
        camsim("transmit", tmp_path, "--platform", "twitter", "-o", tmp_path / "x.jpg")


def test_pictures_after_an_operation_are_told_apart_from_its_strength(
    picture: Path, tmp_path: Path
) -> None:
    with pytest.raises(ChannelValueError, match="name the pictures before the operations"):
        camsim("manipulate", "--sharpen", picture, "-o", tmp_path / "x.png")


def test_existing_results_are_kept_unless_forced(picture: Path, tmp_path: Path) -> None:
    downloaded = tmp_path / "downloaded.jpg"
    downloaded.write_text("mine")
    command = ["transmit", picture, "--platform", "twitter", "-o", downloaded]
    with pytest.raises(OutputError, match=r"downloaded.jpg exists; add --force"):
        camsim(*command)
    assert downloaded.read_text() == "mine"
    assert camsim(*command, "--force") == 0
    assert downloaded.read_bytes()[:2] == b"\xff\xd8"
    assert not [path for path in tmp_path.iterdir() if path.name.startswith(".")]


def test_equal_names_are_refused(picture: Path, tmp_path: Path) -> None:
    other = tmp_path / "other" / "photo.jpg"
    with pytest.raises(OutputError, match="several pictures are called photo"):
        camsim("transmit", picture, other, "--platform", "twitter", "-o", tmp_path / "out")


def test_unwritable_place_is_reported(picture: Path, tmp_path: Path) -> None:
    place = picture / "below-a-file" / "downloaded.jpg"
    with pytest.raises(OutputError, match="can't write"):
        camsim("transmit", picture, "--platform", "twitter", "-o", place)


def test_unknown_platform_is_refused(picture: Path, tmp_path: Path) -> None:
    with pytest.raises(UnknownPlatformError, match="choose one of original, facebook"):
        camsim("transmit", picture, "--platform", "friendster", "-o", tmp_path / "x.jpg")


@pytest.mark.parametrize("command", ["transmit", "manipulate"])
def test_missing_arguments_exit_with_status_2(command: str) -> None:
    assert main([command]) == 2


def test_platforms_lists_every_profile_with_what_it_does(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert camsim("platforms") == 0
    lines = capsys.readouterr().out.splitlines()
    for profile in PLATFORMS:
        (line,) = [line for line in lines if line.split(maxsplit=1)[:1] == [profile.name]]
        assert profile.summary in line
        assert line.rstrip().endswith(str(len(profile.assumptions)))


@pytest.mark.slow
@pytest.mark.parametrize("profile", PLATFORMS, ids=lambda profile: profile.name)
def test_tables_cut_nothing_off_in_80_columns(profile: PlatformProfile) -> None:
    for table in (platforms_table(), profile_table(profile)):
        console = Console(width=80, record=True, file=StringIO())
        console.print(table)
        printed = console.export_text()
        assert profile.name in printed
        assert "…" not in printed
        assert max(map(len, printed.splitlines())) <= 80


def test_platforms_shows_the_values_and_sources_of_one(capsys: pytest.CaptureFixture[str]) -> None:
    assert camsim("platforms", "twitter-2016") == 0
    printed = capsys.readouterr().out
    for expected in ("longer side to 1024", "decoded to ½", "quality 85", "10 scans", "IBSNtools"):
        assert expected in printed


def test_manipulate_applies_operations_in_their_order(picture: Path, tmp_path: Path) -> None:
    edited = tmp_path / "edited.png"
    assert camsim("manipulate", picture, "--gaussian", 0.83, "--sharpen", "-o", edited) == 0
    with Image.open(edited) as image:
        np.testing.assert_array_equal(np.asarray(image), SHARPEN(GAUSSIAN(photo(60, 80), 0.83)))


def test_manipulate_takes_grey_and_many(picture: Path, tmp_path: Path) -> None:
    grey = tmp_path / "grey.png"
    Image.new("L", (20, 20), 90).save(grey)
    out = tmp_path / "out"
    assert camsim("manipulate", grey, picture, "--gamma", 2, "-o", out) == 0
    assert {path.name for path in out.iterdir()} == {"grey.png", "photo.png"}


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ((), ChannelValueError, "no operation is given; choose from --sharpen"),
        (("--gaussian", "99"), ChannelValueError, "gaussian is 99; give 0.1 to 8"),
        (("--median", "4"), ChannelValueError, "median is 4; give an odd"),
        (("--jpeg", "70.5"), ChannelValueError, "jpeg is 70.5; give a whole"),
    ],
)
def test_bad_operations_are_refused(
    picture: Path,
    tmp_path: Path,
    arguments: tuple[str, ...],
    error: type[ChannelError],
    message: str,
) -> None:
    with pytest.raises(error, match=message):
        camsim("manipulate", picture, "-o", tmp_path / "x.png", *arguments)


def test_manipulate_writes_lossless_files_only(picture: Path, tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="isn't lossless"):
        camsim("manipulate", picture, "--gamma", "-o", tmp_path / "x.jpg")
    assert camsim("manipulate", picture, "--gamma", "-o", tmp_path / "x.tif") == 0
    assert Image.open(BytesIO((tmp_path / "x.tif").read_bytes())).format == "TIFF"


def test_bench_jpeg_prints_and_keeps_a_table(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("channel.evaluation.peers.PICTURES", 1)
    monkeypatch.setattr("channel.evaluation.peers.SIDE", 64)
    kept = tmp_path / "history.jsonl"
    assert camsim("bench", "jpeg", "--runs", 1, "--record", kept) == 0
    assert "100.00%" in capsys.readouterr().out
    [run] = history(kept)
    assert run["bench"] == "jpeg"
    agreement = "camsim, straight-through, 4:2:0, pixels equal to libjpeg's"
    assert run["figures"][agreement] == 100


def test_bench_transmit_prints_and_keeps_a_table(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("channel.evaluation.speed.SIZE", (90, 120))
    monkeypatch.setenv("COLUMNS", "120")
    kept = tmp_path / "history.jsonl"
    assert camsim("bench", "transmit", "--runs", 1, "--record", kept) == 0
    printed = capsys.readouterr().out
    rows = {words[1]: words for words in map(str.split, printed.splitlines()) if len(words) > 2}
    assert set(TIMED) <= set(rows)
    assert rows["facebook"].count("–") == 2  # has Pillow's codec
    assert "–" not in rows["telegram"]
    [run] = history(kept)
    assert {name for name in run["figures"] if name.startswith("telegram")} == {
        f"telegram, {column}" for column in ("transmit, MP/s", "Pillow, MP/s", "time ÷ Pillow",
                                            "its own codec, MP/s", "time ÷ codec")
    }  # fmt: skip


@pytest.mark.parametrize(
    ("module", "arguments"),
    [
        ("peers", ("bench", "jpeg")),
        ("report", ("evaluate", "channel", "--data", ".", "--out", ".")),
    ],
)
def test_missing_packages_are_named(
    monkeypatch: pytest.MonkeyPatch, module: str, arguments: tuple[str, ...]
) -> None:
    monkeypatch.setitem(sys.modules, f"channel.evaluation.{module}", None)
    with pytest.raises(DependencyError, match=r"is missing; install it with: pip install"):
        camsim(*arguments)


def test_evaluate_without_data_says_what_is_missing(tmp_path: Path) -> None:
    with pytest.raises(ChannelError, match="has 0 lossless pictures, 24 are needed"):
        camsim("evaluate", "channel", "--data", tmp_path, "--out", tmp_path)
