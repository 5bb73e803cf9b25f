import os
import signal
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from torch import nn

from verifier.errors import TrainingError
from verifier.training.history import history_of, record
from verifier.training.run import Progress, Run, shown


def a_run(folder: Path, recipe: dict[str, object] | None = None) -> Run:
    torch.manual_seed(0)
    model = nn.Linear(1, 1)
    return Run(folder, model, [torch.optim.Adam(model.parameters())], recipe or {"sizes": (1, 2)})


def trained(
    run: Run, report: Callable[[Progress], None], take: Callable[[int], float] = float, **more: int
) -> float:
    return run.train(5, 2, take, lambda: 0.5, "accuracy", report, **more)


def test_steps_are_validated_recorded_and_reported(tmp_path: Path) -> None:
    seen: list[Progress] = []
    assert trained(a_run(tmp_path / "run"), seen.append, before=10) == 0.5
    assert [(one.step, one.steps, one.loss, one.found) for one in seen] == [
        (11, 15, 0.0, None), (12, 15, 0.5, 0.5), (13, 15, 2.0, None), (14, 15, 2.5, 0.5),
        (15, 15, 4.0, 0.5),
    ]  # fmt: skip
    assert history_of(tmp_path / "run") == [
        {"step": step, "loss": loss, "accuracy": 0.5}
        for step, loss in ((12, 0.5), (14, 2.5), (15, 4.0))
    ]
    assert trained(a_run(tmp_path / "run"), pytest.fail) == 0.5  # done already: validated alone


def test_an_interrupted_run_goes_on_after_its_last_step(tmp_path: Path) -> None:
    def take(step: int) -> float:
        if step == 2:
            os.kill(os.getpid(), signal.SIGINT)
        return 0.0

    with pytest.raises(KeyboardInterrupt, match="after step 3"):
        trained(a_run(tmp_path), lambda _: None, take)
    seen: list[Progress] = []
    trained(a_run(tmp_path), seen.append)
    assert [one.step for one in seen] == [4, 5]
    with pytest.raises(TrainingError, match="another sizes"):
        trained(a_run(tmp_path, {"sizes": (1, 3)}), pytest.fail)


def test_a_settled_run_stops_and_stays_so(tmp_path: Path) -> None:
    seen: list[Progress] = []
    for _ in range(2):
        a_run(tmp_path).train(
            9, 2, float, lambda: 1.0, "psnr", seen.append,
            is_settled=lambda done: done >= 4 and len(history_of(tmp_path)) == 2,
        )  # fmt: skip
    assert [one.step for one in seen] == [1, 2, 3, 4]


def test_a_file_cannot_hold_a_run(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(TrainingError, match="cannot hold a run"):
        a_run(tmp_path / "file")


def test_the_last_entry_of_a_step_counts(tmp_path: Path) -> None:
    assert history_of(tmp_path) == []
    for step, loss in ((2, 1.0), (4, 2.0), (2, 3.0)):
        record(tmp_path, {"step": step, "loss": loss})
    assert [entry["loss"] for entry in history_of(tmp_path)] == [3.0, 2.0]


def test_a_validation_is_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    with shown(4, "held out {:.1%} of patches") as report:
        report(Progress(1, 4, 0.25, None))
        report(Progress(2, 4, 0.125, 0.5))
    said = capsys.readouterr().out
    assert said.count("step ") == 1
    assert "step 2/4  loss 0.125  held out 50.0% of patches" in said
