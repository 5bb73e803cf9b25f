"""A file that crashes its decoder, or never ends, is told; everything else goes on."""

import os
import struct
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path

import numpy as np
import pytest
import tifffile

from camera_sim.developing import files
from camera_sim.errors import RawUnreadableError, UnforeseenError
from camera_sim.raw import process
from camera_sim.raw.process import RawDecoder
from camera_sim.raw.raw_file import RawFile
from camera_sim.raw.raw_image import read_raw
from camera_sim.sensor.dng import write_dng
from tests.camera_sim.conftest import EXAMPLE, Camsim
from tests.camera_sim.retagged import DOUBLE, LONG, SHORT, dng, entry
from tests.camera_sim.scenes import capture

# A decoder that does as a file's last bytes say, in place of a LibRaw that meets a damaged one.
PROGRAM = """
import os, time
import camera_sim.raw.worker as worker
read = worker.read_raw
def does_as_told(file):
    told = file.content[-5:]
    if told == b"CRASH":
        os.kill(os.getpid(), 11)
    if told == b"SLEEP":
        time.sleep(600)
    if told == b"BLOAT":
        bytearray(1 << 40)
    if told == b"RAISE":
        raise KeyError("unforeseen")
    return read(file)
worker.read_raw = does_as_told
worker.main()
"""
WORDS = {
    "CRASH": "crashed LibRaw (status -11); the file is damaged or hostile",
    "SLEEP": "took LibRaw more than 3 s to decode; it is damaged or made to waste time",
    "BLOAT": "needs more memory than a RAW file may",
    "RAISE": "an error of ours, please report it",
}


@pytest.fixture
def obedient(monkeypatch: pytest.MonkeyPatch) -> Iterator[RawDecoder]:
    monkeypatch.setattr(process, "_PROGRAM", PROGRAM)
    decoder = RawDecoder(seconds=3)
    for module in (process, files):
        monkeypatch.setattr(module, "raw_decoder", lambda: decoder)
    monkeypatch.setattr("camera_sim.commands.develop.raw_decoder", lambda: decoder)
    monkeypatch.setattr("camera_sim.commands.info.raw_decoder", lambda: decoder)
    yield decoder
    decoder.close()


def shots(folder: Path) -> list[Path]:
    paths = [folder / f"{number}.dng" for number in range(len(WORDS) + 2)]
    for seed, (path, told) in enumerate(zip(paths, ["", *WORDS, ""], strict=True)):
        write_dng(path, capture(64, 80, seed=seed))
        path.write_bytes(path.read_bytes() + told.encode())
    return paths


@pytest.mark.slow
def test_a_batch_goes_on_past_every_kind_of_death(
    obedient: RawDecoder, tmp_path: Path, camsim: Camsim
) -> None:
    paths = shots(tmp_path)
    ran = camsim("develop", *paths, "--pipeline", "classical", "--out", tmp_path / "out")
    assert ran.status == 2
    assert sorted(p.name for p in (tmp_path / "out").iterdir()) == [
        "0.classical.jpg",
        "5.classical.jpg",
    ]
    for path, words in zip(paths[1:], WORDS.values(), strict=False):
        assert words in next(line for line in ran.err.splitlines() if path.name in line)
    assert "Traceback" not in ran.err
    assert "2 of 6 files developed" in ran.out


@pytest.mark.slow
def test_info_goes_on_too(obedient: RawDecoder, tmp_path: Path, camsim: Camsim) -> None:
    ran = camsim("info", *shots(tmp_path))
    assert ran.status == 2
    assert ran.out.count("colour filters") == 2
    assert len(ran.err.splitlines()) == 4


def test_it_reads_as_in_this_process(tmp_path: Path) -> None:
    files = [EXAMPLE, dng(tmp_path / "a.dng", entry(51041, DOUBLE, 1e-4, float("nan")))]
    decoder = RawDecoder()
    for path in files:
        here, apart = read_raw(path), decoder.read(RawFile.read(path))
        for field in fields(here):
            first, second = getattr(here, field.name), getattr(apart, field.name)
            if isinstance(first, np.ndarray):
                np.testing.assert_array_equal(first, second)
            else:
                assert first == second
    decoder.close()


def test_its_errors_are_those_of_reading_here(tmp_path: Path) -> None:
    (tmp_path / "a.nef").write_bytes(b"no RAW file" * 99)
    decoder = RawDecoder()
    with pytest.raises(RawUnreadableError, match=r"a\.nef is not a RAW file that LibRaw knows"):
        decoder.read(RawFile.read(tmp_path / "a.nef"))
    assert decoder.deaths == 0
    decoder.close()


HUGE = {
    "65535 wide": [entry(256, LONG, 65_535)],
    "65535 both ways": [entry(256, LONG, 65_535), entry(257, LONG, 65_535)],
    "2³¹ both ways": [entry(256, LONG, 2**31), entry(257, LONG, 2**31)],
    "900 MP": [entry(256, LONG, 30_000), entry(257, LONG, 30_000)],
    "no width": [entry(256, LONG, 0)],
    "one pixel": [entry(256, LONG, 1), entry(257, LONG, 1)],
    "32 bits": [entry(258, SHORT, 32)],
    "lossless JPEG that is none": [entry(259, SHORT, 7)],
    "lossy JPEG that is none": [entry(259, SHORT, 34892)],
    "deflated floats": [entry(259, SHORT, 8), entry(258, SHORT, 32), entry(339, SHORT, 3)],
    "65535 colours": [entry(277, SHORT, 65_535)],
}


@pytest.mark.parametrize("tags", HUGE.values(), ids=HUGE.keys())
def test_a_size_that_is_not_there_is_refused(tags: list, tmp_path: Path) -> None:
    file = RawFile.read(dng(tmp_path / "a.dng", *tags))
    with pytest.raises(RawUnreadableError, match=r"a\.dng"):
        process.raw_decoder().read(file)


def test_tiles_of_a_pixel_are_no_reason_to_cut_a_picture_in_strips(tmp_path: Path) -> None:
    tiles = [entry(322, LONG, 1), entry(323, LONG, 1)]
    plain, tiled = (
        process.raw_decoder().read(RawFile.read(dng(tmp_path / name, *tags)))
        for name, tags in (("plain.dng", ()), ("tiled.dng", tiles))
    )
    np.testing.assert_array_equal(tiled.samples, plain.samples)
    assert any("TileWidth (tag 322) is wrong and ignored" in note for note in tiled.notes)


def test_a_file_larger_than_any_is_not_read(tmp_path: Path, camsim: Camsim) -> None:
    with (tmp_path / "a.dng").open("wb") as file:
        file.truncate(3_000_000_000)  # a hole
    ran = camsim("info", tmp_path / "a.dng")
    assert ran.status == 2
    assert "it has 3.0 GB, and none is over 2 GB" in ran.err


def test_samples_of_nothing_are_no_picture(tmp_path: Path) -> None:
    dark = np.zeros((64, 96), np.uint16)
    with pytest.raises(RawUnreadableError, match="every sample is 0"):
        read_raw(dng(tmp_path / "a.dng", samples=dark))


def test_what_was_not_decoded_is_no_picture(tmp_path: Path) -> None:
    half = capture(64, 96).samples.copy()
    half[32:] = 0
    with pytest.raises(RawUnreadableError, match="50% of it holds no picture"):
        read_raw(dng(tmp_path / "a.dng", samples=half))


def test_no_memory_of_ours_becomes_a_picture(tmp_path: Path) -> None:
    """LibRaw gives back what lay in memory where it can't decode: the same is always refused."""
    file = RawFile.read(dng(tmp_path / "a.dng", entry(259, SHORT, 7)))
    for _ in range(5):
        process.raw_decoder().read(RawFile.read(EXAMPLE))  # leaves something in memory
        with pytest.raises(RawUnreadableError, match="every sample is 0"):
            process.raw_decoder().read(file)


RAISED = [
    MemoryError(),
    RecursionError("too deep"),
    struct.error("unpack requires a buffer of 4 bytes"),
    UnicodeDecodeError("utf-8", b"\xff", 0, 1, "invalid"),
    OverflowError("too large"),
    tifffile.TiffFileError("not a TIFF file"),
    KeyError(271),
    RuntimeError("from C++"),
]


@pytest.mark.parametrize("error", RAISED, ids=lambda error: type(error).__name__)
def test_no_exception_of_one_file_stops_the_others(
    error: Exception, tmp_path: Path, camsim: Camsim, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in "abc":
        write_dng(tmp_path / f"{name}.dng", capture(64, 80))
    check = files.check_developed

    def failing(picture: object, image: object, exposure: float, source: Path) -> None:
        if source.name == "b.dng":
            raise error
        check(picture, image, exposure, source)

    monkeypatch.setattr(files, "check_developed", failing)
    words = ("--pipeline", "classical", "--out", tmp_path / "out")
    ran = camsim("develop", tmp_path, *words)
    assert ran.status == 2
    assert len(list((tmp_path / "out").iterdir())) == 2
    assert len(ran.err.splitlines()) == 1
    assert "b.dng" in ran.err


def test_an_unforeseen_error_is_told_as_one(tmp_path: Path) -> None:
    with pytest.raises(UnforeseenError, match=r"please report it: a\.dng: KeyError: 1"), \
         files.only_our_errors(Path("a.dng")):  # fmt: skip
        raise KeyError(1)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="processes are not forked here")
def test_each_process_has_its_own_decoder() -> None:
    assert process.raw_decoder() is process.raw_decoder()
    assert process._decoder_of(1) is not process._decoder_of(2)
