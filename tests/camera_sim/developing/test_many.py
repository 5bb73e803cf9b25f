"""One way to develop many files: here or in processes, signed or not, with progress."""

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from camera_sim.developing.credential import Origin
from camera_sim.developing.developer import Developer
from camera_sim.developing.files import Job, Options, plan_jobs
from camera_sim.developing.many import develop_many
from camera_sim.engines import Array, Colour
from camera_sim.errors import CameraSimError, InferenceError, RawUnreadableError
from camera_sim.pipelines.classical import ClassicalEngine
from camera_sim.raw.raw_file import RawFile
from camera_sim.sensor.dng import write_dng
from fleet import Processes
from tests.camera_sim.scenes import capture

DEVELOPER = Developer("classical", ClassicalEngine(), None)


class FailingEngine(ClassicalEngine):
    """Fails at every tile."""

    def develop(self, packed: Array, colour: Colour) -> Array:
        raise InferenceError("the accelerator is gone")


@pytest.fixture
def jobs(tmp_path: Path) -> tuple[list[Job], Options]:
    for name in ("a", "c"):
        write_dng(tmp_path / f"{name}.dng", capture(64, 80))
    (tmp_path / "b.dng").write_bytes(b"no RAW file")
    options = Options(pipeline="classical", out=tmp_path / "out")
    return plan_jobs([tmp_path], options), options


@pytest.mark.parametrize("processes", [1, pytest.param(2, marks=pytest.mark.slow)])
def test_each_file_has_one_outcome_and_none_stops_the_others(
    processes: int, jobs: tuple[list[Job], Options]
) -> None:
    heard: list[tuple[str, float]] = []
    outcomes = list(
        develop_many(
            *jobs, DEVELOPER, processes, lambda job, done: heard.append((job.source.stem, done))
        )
    )
    by_name = {outcome.job.source.stem: outcome for outcome in outcomes}
    assert by_name.keys() == {"a", "b", "c"}
    assert [name for name, outcome in sorted(by_name.items()) if outcome.error] == ["b"]
    assert "b.dng" in (by_name["b"].error or "")
    for name in "ac":
        assert f"{name}.dng" in by_name[name].lines[0]
        assert by_name[name].job.target.exists()
    assert max(done for _, done in heard) == 3
    assert {name for name, _ in heard} == {"a", "b", "c"}


def test_here_shares_of_a_file_are_told_and_the_error_is_kept(
    jobs: tuple[list[Job], Options],
) -> None:
    heard: list[float] = []
    outcomes = list(develop_many(*jobs, DEVELOPER, advance=lambda _, done: heard.append(done)))
    assert heard == sorted(heard)
    assert isinstance(outcomes[1].cause, RawUnreadableError)
    assert [outcome.cause for outcome in (outcomes[0], outcomes[2])] == [None, None]


def test_who_takes_over_develops_the_rest(jobs: tuple[list[Job], Options]) -> None:
    asked: list[str] = []
    said: list[str] = []

    def fall_back(reason: str) -> Developer:
        asked.append(reason)
        return replace(DEVELOPER, name="the processor")

    failing = Developer("classical", FailingEngine(), None, fall_back)
    outcomes = list(develop_many(*jobs, failing, say=said.append))
    assert [outcome.error is None for outcome in outcomes] == [True, False, True]
    assert asked == ["the accelerator is gone"]
    assert len(said) == 1
    assert said[0].endswith("the accelerator is gone; fell back to the processor")


def test_no_device_develops_in_several_processes(jobs: tuple[list[Job], Options]) -> None:
    signing: Any = SimpleNamespace(device=SimpleNamespace())
    with pytest.raises(CameraSimError, match="a device develops in one process"):
        list(develop_many(*jobs, replace(DEVELOPER, signing=signing), 2))


class Signs:
    """Signs by writing the RAW file's digest behind the photo."""

    device = None

    def origin(self, raw: RawFile) -> Origin:
        return Origin(raw, None, "no device vouches for it")

    def finish(self, photo: bytes, kind: str, origin: Origin, target: Path, **_: object) -> None:
        target.parent.mkdir(exist_ok=True)
        target.write_bytes(photo + origin.raw.sha256.encode())


@pytest.mark.slow
def test_what_processes_develop_is_signed_here(
    jobs: tuple[list[Job], Options], tmp_path: Path
) -> None:
    signing: Any = Signs()
    files, lines = [], []
    for processes in (1, 2):
        options = replace(jobs[1], out=tmp_path / f"{processes}", compare=True)
        planned = plan_jobs([tmp_path], options)
        outcomes = list(
            develop_many(planned, options, replace(DEVELOPER, signing=signing), processes)
        )
        lines.append({o.job.source.stem: [line.split("→")[0][:30] for line in o.lines[1:]]
                      for o in outcomes})  # fmt: skip
        files.append({job.source.stem: job.target.read_bytes() for job in planned[::2]})
    assert files[0] == files[1]
    assert lines[0] == lines[1]
    assert "signed as opened" in lines[1]["a"][0]


def test_a_file_that_changes_meanwhile_is_not_signed(
    jobs: tuple[list[Job], Options], monkeypatch: pytest.MonkeyPatch
) -> None:
    class Changing(Processes):
        def map(self, function: Any, tasks: Any) -> Any:
            for task in tasks:
                result = function(task)
                task.source.write_bytes(b"another file")
                yield task, result

    monkeypatch.setattr("camera_sim.developing.many.Processes", Changing)
    signing: Any = Signs()
    planned, options = jobs
    outcomes = list(develop_many(planned, options, replace(DEVELOPER, signing=signing), 2))
    assert all("was changed while it was developed" in (o.error or "") for o in outcomes[::2])
    assert not planned[0].target.exists()
