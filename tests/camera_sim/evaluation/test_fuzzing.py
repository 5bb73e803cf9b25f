"""Damaged RAW files through develop; ``camsim evaluate fuzz --raw`` does it ten thousand times."""

from pathlib import Path

import numpy as np
import pytest

from camera_sim.developing.files import Options, open_engine
from camera_sim.errors import RawUnreadableError
from camera_sim.evaluation.fuzzing import ciff, raw_fuzz
from camera_sim.evaluation.fuzzing.mutation import MUTATIONS, mutated
from camera_sim.evaluation.fuzzing.seeds import genuine, seeds
from camera_sim.raw.raw_file import RawFile
from camera_sim.raw.raw_image import read_raw
from camera_sim.raw.tag_gate import TAGS, screened
from camera_sim.raw.tiff_directory import SHORT, directories
from tests.camera_sim.conftest import EXAMPLE, Camsim
from tests.camera_sim.retagged import dng, entry, with_entries

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def files() -> list[tuple[str, bytes]]:
    return [*seeds(), genuine(EXAMPLE)]


def test_seeds_are_valid_and_of_each_container(files: list[tuple[str, bytes]]) -> None:
    assert {suffix for suffix, _ in files} == {".dng", ".nef", ".kdc", ".crw"}
    for suffix, content in files:
        image = read_raw(RawFile(Path(f"seed{suffix}"), content))
        assert image.notes == ()
        assert min(image.size) >= 32


def test_150_damaged_files(files: list[tuple[str, bytes]], tmp_path: Path) -> None:
    engine, options = open_engine("qnet"), Options(threads=1)
    result = raw_fuzz.raw_fuzz(engine, options, files, 150, tmp_path, seed=3)
    assert [defect.what for defect in result.defects] == []
    assert sum(result.outcomes.values()) == 150
    assert result.outcomes["picture, with warnings"] > 15
    assert result.outcomes["RawUnreadableError"] > 30


@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda function: function.__name__)
def test_every_damage_is_the_same_for_a_seed(
    mutation: object, files: list[tuple[str, bytes]]
) -> None:
    made = [
        mutation(bytearray(files[1][1]), np.random.default_rng(4), files)  # type: ignore[operator]
        for _ in range(2)
    ]
    assert made[0] == made[1]
    assert made[0] != files[1][1]


def test_what_must_not_come_out_is_found(
    files: list[tuple[str, bytes]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Exceptions of others, half files and black pictures are each told."""
    develop_file = raw_fuzz.develop_file

    def leaky(job: object, *rest: object) -> object:
        raise KeyError(1)

    def black(job: object, *rest: object) -> object:
        summary = develop_file(job, *rest)
        raw_fuzz.Image.new("RGB", (8, 8)).save(job.target)
        return summary

    def half(job: object, *rest: object) -> object:
        job.target.parent.mkdir(exist_ok=True)
        (job.target.parent / ".picture.part").write_bytes(b"half")
        raise RawUnreadableError("damaged")

    engine, options = open_engine("classical"), Options(pipeline="classical", threads=1)
    monkeypatch.setattr(raw_fuzz, "mutated", lambda rng, files: files[0])
    for fault, words in ((leaky, "KeyError"), (black, "shows nothing"), (half, "half-written")):
        monkeypatch.setattr(raw_fuzz, "develop_file", fault)
        result = raw_fuzz.raw_fuzz(engine, options, files, 1, tmp_path)
        assert words in result.defects[0].what


def test_fuzz_raw_is_a_command(camsim: Camsim, tmp_path: Path) -> None:
    ran = camsim("evaluate", "fuzz-raw", "--files", 5, "--keep", tmp_path / "keep")
    assert ran.status == 0, ran.err
    assert "5 damaged files of 11 kinds" in ran.out
    assert "pictures that show nothing: 0" in ran.out
    assert camsim("evaluate", "fuzz-raw", "--files", 0).status == 2


def test_a_genuine_crw_is_cut_down(files: list[tuple[str, bytes]]) -> None:
    whole, cut = read_raw(EXAMPLE), read_raw(RawFile(Path("cut.crw"), files[-1][1]))
    assert cut.size == (32, 2272)
    assert cut.white_balance == whole.white_balance
    records = ciff.read(EXAMPLE.read_bytes())
    assert ciff.read(ciff.written(EXAMPLE.read_bytes()[: ciff.HEADER], records)) == records


def test_directories_that_overlap_are_screened_until_they_are_stable(tmp_path: Path) -> None:
    """A wrong tag whose entry is another's value: taking it out changes that value."""
    path = dng(tmp_path / "a.dng", entry(50712, SHORT, *range(400)))
    content = bytearray(path.read_bytes())
    table = next(e for e in directories(bytes(content))[0].entries if e.tag == 50712)
    start = int.from_bytes(content[table.place + 8 : table.place + 12], "little")
    # An Exif directory within the table, with an entry that is wrong: 33434 as text.
    rising = [1, 33434, 33434, 33434, 33434, 33435, 33436, 40000]
    content[start : start + 16] = b"".join(v.to_bytes(2, "little") for v in rising)
    pointer = entry(34665, 4, start)
    file = RawFile(path, with_entries(bytes(content), pointer))
    gated = screened(file)
    for directory in directories(gated.file.content):
        for stated in directory.entries:
            tag = TAGS[directory.kind].get(stated.tag)
            assert tag is None or stated.type in tag.types
    read_raw(file)


def test_a_mutated_file_is_another_one(files: list[tuple[str, bytes]]) -> None:
    originals = {content for _, content in files}
    made = [mutated(np.random.default_rng((0, number)), files)[1] for number in range(50)]
    assert sum(content in originals for content in made) < 10
