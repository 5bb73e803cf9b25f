"""Every optional tag with every wrong value: a note, a picture as without it, never a refusal."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from camera_sim.developing.tiles import develop
from camera_sim.errors import RawUnreadableError
from camera_sim.pipelines.classical import ClassicalEngine
from camera_sim.raw.raw_file import RawFile
from camera_sim.raw.raw_image import RawImage, read_raw
from camera_sim.raw.tag_gate import DNG_TAGS, EXIF_TAGS, GPS_TAGS, IMAGE_TAGS, TEXT, screened
from camera_sim.raw.tiff_directory import Entry, encoded
from camera_sim.sensor.cameras import CAMERAS
from tests.camera_sim.conftest import EXAMPLE, Camsim
from tests.camera_sim.retagged import (
    ASCII,
    BYTE,
    DOUBLE,
    FLOAT,
    LONG,
    RATIONAL,
    SHORT,
    SLONG,
    SRATIONAL,
    UNDEFINED,
    dng,
    entry,
    with_entries,
)

NAN, INF = float("nan"), float("inf")
MATRIX = tuple(float(v) for v in CAMERAS[5].matrix.ravel())
NOISE, MATRIX_1, MATRIX_2 = 51041, 50721, 50722


def with_first(value: object) -> tuple[object, ...]:
    return (value, *MATRIX[1:])


# A wrong tag, and what its picture must look like: that of the file without this tag.
WRONG: dict[str, Entry] = {
    "noise NaN": entry(NOISE, DOUBLE, NAN, 1e-6),
    "noise infinite": entry(NOISE, DOUBLE, INF, 1e-6),
    "noise negative": entry(NOISE, DOUBLE, -1e-4, -1e-6),
    "noise of one value": entry(NOISE, DOUBLE, 1e-4),
    "noise of three values": entry(NOISE, DOUBLE, 1e-4, 1e-6, 1e-4),
    "noise not normalised": entry(NOISE, DOUBLE, 2.0, 400.0),
    "noise as whole numbers": entry(NOISE, SHORT, 1, 2),
    "noise as text": entry(NOISE, ASCII, b"1e-4 1e-6\0"),
    "noise outside of the file": Entry(NOISE, DOUBLE, 2**28, b"\xff\xff\xff\xff"),
    "matrix of 0/0": entry(MATRIX_1, SRATIONAL, *[(0, 0)] * 9),
    "matrix with one 0/0": entry(MATRIX_1, SRATIONAL, *with_first((0, 0))),
    "matrix with one 1/0": entry(MATRIX_1, SRATIONAL, *with_first((1, 0))),
    "matrix of zeros": entry(MATRIX_1, SRATIONAL, *[(0, 1)] * 9),
    "matrix of ones": entry(MATRIX_1, SRATIONAL, *[(1, 1)] * 9),
    "matrix that is nearly singular": entry(MATRIX_1, SRATIONAL, *MATRIX[:6], *MATRIX[3:5], 0.26),
    "matrix that swaps colours": entry(MATRIX_1, SRATIONAL, *MATRIX[3:6], *MATRIX[:3], *MATRIX[6:]),
    "matrix of eight": entry(MATRIX_1, SRATIONAL, *MATRIX[:8]),
    "matrix as text": entry(MATRIX_1, ASCII, b"17 chars of ASCII"),
    "matrix of floats that are none": entry(MATRIX_1, FLOAT, *with_first(NAN)),
    "matrix with a huge value": entry(MATRIX_1, SRATIONAL, *with_first((2**31 - 1, 1))),
    "second matrix of 0/0": entry(MATRIX_2, SRATIONAL, *[(0, 0)] * 9),
    "balance of zeros": entry(50728, RATIONAL, (0, 1), (0, 1), (0, 1)),
    "balance of 0/0": entry(50728, RATIONAL, (0, 0), (1, 1), (1, 1)),
    "balance of two": entry(50728, RATIONAL, (1, 2), (1, 1)),
    "balance of no light": entry(50728, RATIONAL, (1, 1000), (1, 1), (1, 1)),
    "balance as text": entry(50728, ASCII, b"0.5 1 0.6\0"),
    "white xy of 0/0": entry(50729, RATIONAL, (0, 0), (1, 3)),
    "analog balance of zeros": entry(50727, RATIONAL, (0, 1), (1, 1), (1, 1)),
    "calibration of 0/0": entry(50723, SRATIONAL, *[(0, 0)] * 9),
    "calibration of zeros": entry(50723, SRATIONAL, *[(0, 1)] * 9),
    "forward matrix of infinities": entry(50964, FLOAT, *[INF] * 9),
    "baseline exposure of 1/0": entry(50730, SRATIONAL, (1, 0)),
    "baseline exposure of 100 stops": entry(50730, SRATIONAL, (100, 1)),
    "linear limit of 0": entry(50734, RATIONAL, (0, 1)),
    "black of NaN": entry(50714, FLOAT, NAN, NAN, NAN, NAN),
    "black of three values": entry(50714, SHORT, 512, 512, 512),
    "black over everything": entry(50714, LONG, *[70_000] * 4),
    "black repeated 0 times": entry(50713, SHORT, 0, 0),
    "black repeated 60000 times": entry(50713, SHORT, 60_000, 60_000),
    "black's columns of another width": entry(50715, SRATIONAL, (1, 1), (2, 1)),
    "black's rows of 0/0": entry(50716, SRATIONAL, *[(0, 0)] * 64),
    "white of 0": entry(50717, LONG, 0),
    "white of 2³²": entry(50717, LONG, 2**32 - 1),
    "white under black": entry(50717, LONG, 100),
    "white as text": entry(50717, ASCII, b"16383\0"),
    "scale of 0/0": entry(50718, RATIONAL, (0, 0), (1, 1)),
    "scale of 1000": entry(50718, RATIONAL, (1000, 1), (1, 1)),
    "active area outside": entry(50829, LONG, 0, 0, 6400, 9600),
    "active area of nothing": entry(50829, LONG, 10, 10, 10, 10),
    "active area of two lines": entry(50829, LONG, 0, 0, 2, 2),
    "active area turned round": entry(50829, LONG, 60, 90, 0, 0),
    "active area of three": entry(50829, LONG, 0, 0, 64),
    "masked areas of three": entry(50830, LONG, 0, 0, 64),
    "crop outside": entry(50719, LONG, 5000, 5000),
    "crop of 0/0": entry(50720, RATIONAL, (0, 0), (0, 0)),
    "linearisation that falls": entry(50712, SHORT, *range(400, 0, -1)),
    "linearisation of zeros": entry(50712, SHORT, *[0] * 400),
    "linearisation to black": entry(50712, SHORT, *[0] * 65_535, 65_535),
    "linearisation to white": entry(50712, SHORT, 0, *[65_535] * 65_535),
    "linearisation of bytes": entry(50712, BYTE, bytes(400)),
    "opcodes cut off": entry(51008, UNDEFINED, b"\0\0\0\x09" + bytes(10)),
    "opcodes as fractions": entry(51009, RATIONAL, (1, 0)),
    "orientation 0": entry(274, SHORT, 0),
    "orientation 99": entry(274, SHORT, 99),
    "orientation as text": entry(274, ASCII, b"top\0"),
    "artist as numbers": entry(315, DOUBLE, NAN, NAN),
    "date that is none": entry(306, ASCII, b"the day before yesterday\0"),
    "light of 70000": entry(50778, LONG, 70_000),
    "colours of planes that are one": entry(50710, BYTE, 0, 0, 0),
    "colours of planes as fractions": entry(50710, SRATIONAL, (1, 0), (1, 0)),
    "layout of 0": entry(50711, SHORT, 0),
    "layout of three": entry(50711, SHORT, 2, 2, 2),
    "tiles beside strips": entry(324, LONG, 8),
    "tiles of no side": entry(323, SRATIONAL, (1, 1)),
    "a preview where the mosaic is": entry(513, LONG, 8),
    "EXIF at the start": entry(34665, LONG, 0),
    "EXIF behind the end": entry(34665, LONG, 2**31),
    "EXIF as a fraction": entry(34665, RATIONAL, (8, 1)),
    "EXIF where none is": entry(34665, LONG, 2),
    "GPS where none is": entry(34853, LONG, 2),
}


def developed(image: RawImage) -> np.ndarray:
    return develop(image, ClassicalEngine(), exposure=image.auto_exposure())


@pytest.mark.slow
@pytest.mark.parametrize("wrong", WRONG.values(), ids=WRONG.keys())
def test_a_wrong_tag_is_a_note_and_the_picture_as_without_it(wrong: Entry, tmp_path: Path) -> None:
    image = read_raw(dng(tmp_path / "wrong.dng", wrong))
    without = read_raw(dng(tmp_path / "without.dng", without=(wrong.tag,)))
    assert len(image.notes) == 1 + len(without.notes)
    assert f"(tag {wrong.tag}) is wrong and ignored" in image.notes[0]
    assert not without.notes or wrong.tag == 50713  # the black levels need it
    picture = developed(image)
    np.testing.assert_array_equal(picture, developed(without))
    assert picture.std() > 10


def test_one_value_is_one(tmp_path: Path) -> None:
    [note] = read_raw(dng(tmp_path / "wrong.dng", WRONG["noise of one value"])).notes
    assert "it has 1 value" in note
    assert "1 values" not in note


def test_a_level_stays_where_its_count_is_stated_wrongly(tmp_path: Path) -> None:
    black = entry(50714, SHORT, 512)
    for wrong in (entry(50713, SHORT, 0, 0), entry(50713, SLONG, 2, 2)):
        image = read_raw(dng(tmp_path / "wrong.dng", wrong, black))
        assert image.black == (512,) * 4
        assert len(image.notes) == 1


@pytest.mark.parametrize(
    "bits", [entry(258, SHORT, 0), entry(258, FLOAT, NAN), entry(258, LONG, 2**32 - 1)]
)
def test_no_picture_is_made_of_samples_of_unknown_bits(bits: Entry, tmp_path: Path) -> None:
    with pytest.raises(RawUnreadableError, match="how many bits"):
        read_raw(dng(tmp_path / "wrong.dng", bits))


def test_a_maker_s_own_note_is_ignored_where_libraw_fails_over_it(tmp_path: Path) -> None:
    path = dng(tmp_path / "wrong.dng", entry(271, ASCII, b"\0"), entry(272, ASCII, b"\0"))
    content = path.read_bytes()
    exif = encoded([entry(37500, UNDEFINED, b"a")], "<", len(content) + len(content) % 2)
    place = len(content) + len(content) % 2
    content = content.ljust(place, b"\0") + exif
    path.write_bytes(with_entries(content, entry(34665, LONG, place)))
    image = read_raw(path)
    assert "MakerNote (tag 37500) is wrong and ignored" in " ".join(image.notes)
    assert developed(image).std() > 10
    path.write_bytes(path.read_bytes().replace(b"\x7c\x92", b"\x61\xea"))  # without it
    np.testing.assert_array_equal(image.samples, read_raw(path).samples)


def test_an_exif_that_lies_in_the_samples_leaves_them_alone(tmp_path: Path) -> None:
    right = dng(tmp_path / "right.dng")
    content = right.read_bytes()
    place = content.index(read_raw(right).samples[30].astype("<u2").tobytes())
    image = read_raw(dng(tmp_path / "wrong.dng", entry(34665, LONG, place)))
    np.testing.assert_array_equal(image.samples, read_raw(right).samples)
    assert "leads to no directory" in image.notes[0]


def test_a_right_tag_is_no_note(tmp_path: Path) -> None:
    right = [
        entry(NOISE, DOUBLE, 1e-4, 1e-6),
        entry(MATRIX_2, FLOAT, *MATRIX),
        entry(50730, SRATIONAL, (1, 2)),
        entry(50712, SHORT, *range(16384)),
        entry(50829, LONG, 0, 0, 64, 96),
        entry(51009, UNDEFINED, b"\0\0\0\x01" + bytes(12) + b"\0\0\0\x02ab"),
        entry(274, SHORT, 6),
        entry(306, ASCII, b"2024:05:01 10:11:12\0"),
        entry(315, ASCII, "Zoë".encode() + b"\0"),
    ]
    assert read_raw(dng(tmp_path / "right.dng", *right)).notes == ()
    assert read_raw(EXAMPLE).notes == ()


@pytest.mark.slow
@pytest.mark.parametrize("number", sorted(DNG_TAGS | IMAGE_TAGS))
@pytest.mark.parametrize("kind", [ASCII, BYTE, SHORT, SLONG, SRATIONAL, FLOAT, DOUBLE, UNDEFINED])
def test_no_type_nor_count_of_any_tag_refuses_a_file(
    number: int, kind: int, tmp_path: Path
) -> None:
    tag = (DNG_TAGS | IMAGE_TAGS)[number]
    if number == 50708 or tag.needed:
        pytest.skip("the camera's name is anything")
    letter_values = {ASCII: b"\xff\xfe\0", UNDEFINED: b"\xff" * 7, BYTE: b"\xff" * 5}
    values = letter_values.get(kind, NAN if kind in (FLOAT, DOUBLE) else 0)
    values = (0, 0) if kind == SRATIONAL else values
    wrong = entry(number, kind, values)
    image = read_raw(dng(tmp_path / "wrong.dng", wrong))
    picture = developed(image)
    assert np.isfinite(picture).all()
    assert picture.std() > 10
    assert image.notes or kind in tag.types


@pytest.mark.parametrize("table", [DNG_TAGS, IMAGE_TAGS, EXIF_TAGS, GPS_TAGS])
def test_the_table_is_whole(table: dict) -> None:
    for number, tag in table.items():
        assert 0 <= number < 2**16
        assert tag.types
        assert tag.types == TEXT or tag.low < tag.high


def test_the_second_matrix_is_taken_where_the_first_is_wrong(tmp_path: Path) -> None:
    other = CAMERAS[0].matrix
    tags = (
        entry(MATRIX_1, SRATIONAL, *[(0, 0)] * 9),
        entry(MATRIX_2, SRATIONAL, *other.ravel()),
        entry(50779, SHORT, 17),
    )
    image = read_raw(dng(tmp_path / "two.dng", *tags))
    np.testing.assert_allclose(image.xyz_to_camera, other, atol=1e-3)


def test_both_ways_of_saying_a_level_wrongly(tmp_path: Path) -> None:
    """Stated as levels can be, and against what the samples are."""
    good = read_raw(dng(tmp_path / "good.dng"))
    for name, wrong in {
        "black": entry(50714, SHORT, *[15_000] * 4),
        "white": entry(50717, LONG, 600),
    }.items():
        image = read_raw(dng(tmp_path / f"{name}.dng", wrong))
        assert len(image.notes) == 1
        assert name in image.notes[0]
        difference = developed(image).astype(float) - developed(good)
        assert np.abs(difference).mean() < 60
        assert developed(image).std() > 20


def test_a_dark_frame_keeps_its_black_level(tmp_path: Path) -> None:
    made = read_raw(dng(tmp_path / "good.dng"))
    noise = np.random.default_rng(0).normal(made.black[0], 8, made.size)
    path = dng(tmp_path / "dark.dng", samples=np.rint(noise).astype(np.uint16))
    dark = read_raw(path)
    assert dark.notes == ()
    assert dark.black == made.black


def test_only_the_tag_s_number_is_changed(tmp_path: Path) -> None:
    path = dng(tmp_path / "wrong.dng", entry(NOISE, DOUBLE, NAN, NAN), entry(274, SHORT, 99))
    before = path.read_bytes()
    after = screened(RawFile(path, before)).file.content
    assert len(before) == len(after)
    assert sum(a != b for a, b in zip(before, after, strict=True)) <= 4
    assert path.read_bytes() == before


@pytest.mark.parametrize("command", ["info", "develop --pipeline classical --out out.png"])
def test_a_user_is_told(
    command: str, camsim: Camsim, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    dng(tmp_path / "wrong.dng", entry(NOISE, DOUBLE, NAN, NAN))
    monkeypatch.chdir(tmp_path)
    ran = camsim(*command.split(), "wrong.dng")
    assert ran.status == 0
    assert ran.err == ""
    assert "NoiseProfile (tag 51041) is wrong and ignored: a value is not a number" in ran.out


@pytest.fixture
def neighbours(shared_folder: Path) -> Callable[[str], Path]:
    return lambda name: shared_folder / "data" / "raw" / name


@pytest.mark.parametrize(
    "name", ["canon-d30.crw", "canon-g2-chart.crw", "kodak-dc120-chart.kdc", "nikon-d1.nef"]
)
def test_genuine_files_have_no_wrong_tag(name: str, neighbours: Callable[[str], Path]) -> None:
    assert read_raw(neighbours(name)).notes == ()


@pytest.mark.slow
def test_the_shared_case(shared_folder: Path, tmp_path: Path, camsim: Camsim) -> None:
    case = shared_folder / "cases" / "10-dng-tags"
    if not case.is_dir():
        pytest.skip(f"there is no {case}")
    subprocess.run([sys.executable, case / "make.py", tmp_path / "out"], check=True)
    mean = {}
    for path in sorted((tmp_path / "out").iterdir()):
        ran = camsim("develop", path, "-o", tmp_path / "x.png", "--force")
        assert ran.status == 0, ran.err
        assert ("warning:" in ran.out) == (path.stem != "ok")
        with Image.open(tmp_path / "x.png") as picture:
            mean[path.stem] = np.asarray(picture).mean(axis=(0, 1))
    for name, colour in mean.items():
        # Without its matrix a camera's colours are pale.
        assert np.abs(colour - mean["ok"]).max() < (50 if "matrix" in name else 2), name
