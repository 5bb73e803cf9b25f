"""The table of engines: each through the gate, and those that can't run with their reason."""

import re
from pathlib import Path

import pytest

from camera_sim import weights
from camera_sim.engines import Source, TileEngine, cuda
from camera_sim.engines.onnxruntime import OnnxRuntimeEngine
from camera_sim.errors import EngineError
from channel.evaluation.bench_history import history
from firmware_export.commands import bench_engines
from firmware_export.contract import Exported, read_exported
from firmware_export.engine_contenders import contenders
from firmware_export.engine_rows import Contender, measured, upper_bound
from firmware_export.fan import Fan, read_fan
from firmware_export.litert_build import files_of
from tests.camera_sim.conftest import Camsim
from tests.camera_sim.scenes import capture
from tests.firmware_export.factory import tiny_fan, tiny_model
from tests.firmware_export.test_parity import CAPTURES


@pytest.fixture
def fan(tmp_path: Path) -> Fan:
    (tmp_path / "fan.onnx").write_bytes(tiny_fan())
    return read_fan(tmp_path / "fan.onnx")


def run_as(gain: float) -> Contender:
    """An engine that makes the picture brighter than the network does."""
    return Contender(
        "made", "fp32", tiny_model(), 1, lambda: OnnxRuntimeEngine(tiny_model(gain).model())
    )


def test_an_engine_that_makes_another_picture_does_not_pass(fan: Fan) -> None:
    same = measured(run_as(1.0), tiny_model(), CAPTURES, fan, rounds=1)
    assert (same.refused, same.reason) == ((), "")
    assert same.report
    assert (same.report.psnr, same.report.flips) == (99, 0)
    assert same.seconds > 0
    other = measured(run_as(1.2), tiny_model(), CAPTURES, fan, rounds=1)
    assert other.report
    assert other.report.psnr < 40
    assert "under 40" in other.refused[0]


def test_an_engine_that_cannot_run_is_a_row_with_its_reason() -> None:
    def refuse() -> TileEngine:
        raise EngineError("there is no such chip")

    row = measured(Contender("made", "fp32", tiny_model(), 0, refuse), tiny_model(), CAPTURES, None)
    assert (row.report, row.reason) == (None, "there is no such chip")


def test_a_bound_of_a_share() -> None:
    assert upper_bound(0, 100) == pytest.approx(0.0370, abs=1e-4)  # Wilson's, as tables have it
    assert upper_bound(0.5, 10**9) == pytest.approx(0.5, abs=1e-4)
    assert upper_bound(0, 0) == 1


def test_files_of_another_network_are_left_out(tmp_path: Path) -> None:
    made = pytest.importorskip("tests.firmware_export.test_litert")
    from camera_sim.engines.engine_key import EngineKey
    from firmware_export.built_engine import Made

    content = made.TINY.read_bytes()
    key = EngineKey(runtime="litert", version="0.10.0", precision="fp32", tile=(64, 64),
                    model_sha256=tiny_model().sha256).of_plan(content)  # fmt: skip
    for name, (text, plan) in files_of(Made(key, content)).items():
        (tmp_path / name).write_bytes(plan)
        (tmp_path / name).with_suffix(".json").write_text(text)

    def found(model: Exported) -> list[tuple[str, int]]:
        captures = [("a", capture(96, 96))]
        these = contenders(model, ["litert"], weights.FOLDER, captures, tmp_path)
        return [(one.note, one.bytes) for one in these]

    assert found(tiny_model()) == [("given", len(content))]
    assert ("given", len(content)) not in found(tiny_model(0.5))


@pytest.mark.slow
def test_the_command_prints_a_dated_table_of_what_is_here(camsim: Camsim, tmp_path: Path) -> None:
    pytest.importorskip("openvino", reason="openvino is not installed")
    pytest.importorskip("tensorrt_rtx", reason="tensorrt-rtx is not installed")
    from tests.firmware_export.factory import capture_file

    raw, out = capture_file(tmp_path / "a.dng", side=560), tmp_path / "table.md"
    ran = camsim("bench", "engines", "--captures", raw, "--rounds", 1, "--out", out,
                 "--engine", "onnxruntime", "openvino", "tensorrt",
                 "--record", tmp_path / "history.jsonl")  # fmt: skip
    assert ran.status == 0, ran.err
    [run] = history(tmp_path / "history.jsonl")
    assert run["figures"]["openvino, fp32, x ONNX Runtime"] > 0
    text = out.read_text(encoding="utf-8")
    assert re.match(r"\d{4}-\d\d-\d\d, \S", text)
    rows = [line.split(" | ") for line in text.splitlines() if line.startswith("| ")]
    engines = {(row[0].strip("| "), row[1]): row for row in rows[1:]}
    assert list(engines) == [("onnxruntime", "fp32"), ("openvino", "fp32"), ("tensorrt", "fp32"),
                             ("tensorrt", "fp16")]  # fmt: skip
    assert "passes" in engines["openvino", "fp32"][-1]
    assert int(engines["tensorrt", "fp16"][2].replace(",", "")) > 100_000
    try:
        cuda.find_runtime()
    except EngineError:
        assert "not run: there is no NVIDIA device here" in engines["tensorrt", "fp16"][-1]


def test_shipped_weights_say_themselves_what_they_are() -> None:
    entry = weights.read_manifest().find("rnet")
    model = read_exported(weights.FOLDER / entry.file)
    assert (model.contract.pipeline, model.contract.pair) == ("rnet", None)
    assert model.sha256 == entry.sha256
    assert Source(model.model()).model.sha256 == entry.sha256


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [(("--platform", "nonesuch"), "no platform 'nonesuch'"), ((), "exists; name another --out")],
)
def test_what_is_wrong_with_the_command_is_said_before_anything_is_measured(
    wrong: tuple[str, ...], reason: str, camsim: Camsim, monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:  # fmt: skip
    monkeypatch.setattr(bench_engines, "contenders", lambda *_: pytest.fail("it measured"))
    out = tmp_path / "table.md"
    out.write_text("mine")
    ran = camsim("bench", "engines", "--engine", "onnxruntime", "--out", out, *wrong)
    assert ran.status == 2
    assert reason in ran.err
    assert out.read_text() == "mine"
