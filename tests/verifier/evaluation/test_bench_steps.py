"""A profile of an analysis names the project's own steps, and those of the decoder process."""

from pathlib import Path

import pytest

from verifier.commands.bench import BenchVerify
from verifier.evaluation.bench import bench_verify, write_sample


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    path = tmp_path / "photo.jpg"
    write_sample(path, (640, 480))
    return path


def test_steps_of_reading_and_of_detecting_are_listed(
    photo: Path, toy_folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert BenchVerify(photo, weights=toy_folder, steps=True)() == 0
    lines = capsys.readouterr().out.splitlines()
    names = [line.split()[-1] for line in lines[2:]]
    assert {"verifier.analysis.analyze", "verifier.reading.reading.read_file"} <= set(names)
    assert all(name.startswith(("verifier.", "channel.")) for name in names)
    seconds = [float(line.split()[0]) for line in lines[2:]]
    assert seconds == sorted(seconds, reverse=True)


@pytest.mark.slow
def test_the_time_from_the_start_of_python_holds_the_first_analysis(
    photo: Path, toy_folder: Path
) -> None:
    result = bench_verify(photo, toy_folder, 1)
    assert result.cold > result.first["total"]
    assert result.processor > 0
    assert result.reader_processor > 0
