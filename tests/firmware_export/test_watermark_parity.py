"""Networks that embed a watermark: the gate, the self-test and the engines know the input."""

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from camera_sim import weights
from camera_sim.developing.tiles import develop
from camera_sim.engines.onnxruntime import OnnxRuntimeEngine
from camera_sim.sensor.dng import write_dng
from firmware_export import self_test
from firmware_export.built_engine import Tiles
from firmware_export.calibration import feeds_of
from firmware_export.commands.parity import Parity
from firmware_export.contract import Exported, read_exported
from firmware_export.errors import BootError, ParityError
from firmware_export.onnx_export import export_weights
from firmware_export.parity import parity, require
from firmware_export.quantise import quantised
from firmware_export.tensorrt_network import fix_tile, profile
from firmware_export.watermark_parity import GATE_KEY, GATE_WATERMARK, Pixels
from tests.camera_sim.scenes import capture
from tests.firmware_export.factory import tiny_model, tiny_watermarking_model
from watermark.keys import GroupKey

CAPTURES = [("a.dng", capture(560, 560)), ("b.dng", capture(420, 560, "GBRG", orientation=6))]


def lowered(strength: float) -> Exported:
    source = tiny_watermarking_model().sha256
    return tiny_watermarking_model(strength, precision="fp16", source_sha256=source)


def test_the_same_watermark_passes() -> None:
    report = parity(tiny_watermarking_model(), lowered(1.0), CAPTURES)
    assert (report.watermark_psnr, report.watermark_strength) == (99, 1)
    assert report.failures() == []


@pytest.mark.parametrize(("strength", "words"), [(0.0, r"laid [-0.]+0 times"), (0.6, "laid 0.[56]"),
                                                 (1.5, "laid 1.[45]")])  # fmt: skip
def test_a_weaker_or_stronger_watermark_is_refused_though_pictures_look_the_same(
    strength: float, words: str
) -> None:
    report = parity(tiny_watermarking_model(), lowered(strength), CAPTURES)
    assert report.psnr == 99
    assert report.watermark_psnr > 45
    with pytest.raises(ParityError, match=f"the watermark is {words}.*may differ by 10%"):
        require(report)


def test_models_that_take_none_are_judged_as_ever() -> None:
    fp32 = tiny_model()
    report = parity(fp32, tiny_model(1.0, "fp16", source_sha256=fp32.sha256), CAPTURES)
    assert (report.watermark_psnr, report.watermark_strength, report.recovered) == (None,) * 3
    assert report.failures() == []


def test_recovery_is_judged_by_the_reader_after_every_platform() -> None:
    fp32, seen = tiny_watermarking_model(3.0), []
    weak = tiny_watermarking_model(2.9, precision="fp16", source_sha256=fp32.sha256)

    def reader(picture: Pixels, key: GroupKey) -> tuple[bytes | None, float]:
        assert key == GATE_KEY
        seen.append(picture.shape)
        return (GATE_WATERMARK.payload, 12.0) if len(seen) % 2 else (None, 0.0)  # fp32's alone

    report = parity(fp32, weak, CAPTURES, platforms=("paper", "whatsapp"), reader=reader)
    assert (report.recovered_fp32, report.recovered) == (1, 0)
    assert (report.score_fp32, report.score) == (12, 0)
    assert report.channel == ("paper", "whatsapp")
    assert seen[0] == (280, 280, 3)
    assert seen[4] == (280, 210, 3)  # upright
    assert any("0.00% of payloads are recovered, fp32 has 100.00%" in w for w in report.failures())


def test_payloads_that_are_nearer_to_noise_are_refused_though_all_are_recovered() -> None:
    fp32, scores = tiny_watermarking_model(3.0), iter([13.0, 12.6, 13.2, 12.8])
    weak = tiny_watermarking_model(2.9, precision="fp16", source_sha256=fp32.sha256)
    report = parity(
        fp32, weak, CAPTURES, reader=lambda *_: (GATE_WATERMARK.payload, next(scores))
    )  # fmt: skip
    assert (report.recovered, report.score_fp32, report.score) == (1, 13.1, 12.7)
    (words,) = report.failures()
    assert words == (
        "payloads stand out of noise by 12.70 deviations, fp32's by 13.10, and it may be 0.3 less"
    )


def test_another_payload_is_none() -> None:
    fp32 = tiny_watermarking_model(3.0)
    report = parity(fp32, fp32, CAPTURES, reader=lambda *_: (b"another.", 13.0))
    assert (report.recovered_fp32, report.recovered, report.score) == (0, 0, 0)


@pytest.mark.slow
def test_the_command_reads_payloads_as_the_verifier_does(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    fp32 = tiny_watermarking_model(3.0)
    lowered_model = tiny_watermarking_model(2.9, precision="fp16", source_sha256=fp32.sha256)
    for name, model in (("a.onnx", fp32), ("b.onnx", lowered_model)):
        (tmp_path / name).write_bytes(model.content)
    write_dng(tmp_path / "c.dng", capture(1200, 1600))
    words = (tmp_path / "a.onnx", (tmp_path / "b.onnx",))
    assert Parity(*words, captures=(tmp_path / "c.dng",))() == 0
    assert "100.00% of payloads recovered (fp32 100.00%), 1" in capsys.readouterr().out


def test_the_self_test_asks_for_a_watermark() -> None:
    expected = self_test.answer(OnnxRuntimeEngine(tiny_watermarking_model().model())).tobytes()
    good, none = (
        OnnxRuntimeEngine(tiny_watermarking_model(strength).model()) for strength in (1.0, 0.0)
    )
    limits = self_test.LARGEST, self_test.MEAN
    self_test.check(good, expected, *limits)
    with pytest.raises(BootError, match="the self-test failed: the picture differs"):
        self_test.check(none, expected, *limits)


def test_calibration_shows_a_watermark() -> None:
    feeds = feeds_of([("a", capture(320, 320))], (64, 96))
    assert {feed["watermark"].shape for feed in feeds} == {(1, 1, 128, 192)}
    assert all(0.95 < feed["watermark"].std() < 1.05 for feed in feeds)


def test_contracts_say_what_a_network_takes() -> None:
    qnet, rnet = (read_exported(weights.FOLDER / f"{name}.onnx") for name in ("qnet", "rnet"))
    assert qnet.contract.inputs["watermark"]["shape"] == [1, 1, "2h", "2w"]
    assert (qnet.contract.takes_watermark, rnet.contract.takes_watermark) == (True, False)


def test_tensorrt_is_told_every_size() -> None:
    """A tensor that is left open builds no engine."""
    tensors = [SimpleNamespace(name=name, shape=None) for name in ("mosaic", "noise", "watermark")]
    network = SimpleNamespace(num_inputs=3, get_input=lambda index: tensors[index])
    fix_tile(network, (64, 96))
    assert [tensor.shape for tensor in tensors] == [(1, 4, 64, 96), None, (1, 1, 128, 192)]
    told = {}
    made = SimpleNamespace(set_shape=lambda name, *shapes: told.update({name: shapes}))
    builder = SimpleNamespace(create_optimization_profile=lambda: made)
    profile(builder, network, tiny_watermarking_model(), Tiles(32, 288, 320))
    assert told == {
        "mosaic": ((1, 4, 32, 32), (1, 4, 288, 288), (1, 4, 320, 320)),
        "watermark": ((1, 1, 64, 64), (1, 1, 576, 576), (1, 1, 640, 640)),
    }


@pytest.fixture(scope="module")
def qnet() -> Exported:
    return read_exported(weights.FOLDER / "qnet.onnx")


@pytest.mark.slow
def test_a_static_tile_lays_the_same(qnet: Exported) -> None:
    static = export_weights("qnet", tile=(64, 80))
    assert static.contract.takes_watermark
    engine = OnnxRuntimeEngine(static.model())
    assert (engine.fixed, engine.takes_watermark) == ((64, 80), True)
    image = replace(capture(150, 230, "BGGR"), orientation=5)
    plane = GATE_WATERMARK.plane((230, 150))
    plane = replace(plane, samples=20 * plane.samples)
    both = [
        develop(image, one, exposure=1.0, watermark=plane).astype(int)
        for one in (OnnxRuntimeEngine(qnet.model()), engine)
    ]
    assert np.abs(both[0] - both[1]).max() <= 1
    assert np.abs(both[0] - develop(image, engine, exposure=1.0)).mean() > 3


@pytest.mark.slow
@pytest.mark.parametrize("precision", ["fp16", "bf16", "int8"])
def test_lower_precisions_lay_it_as_strong(precision: str, qnet: Exported) -> None:
    captures = [("a", capture(640, 640))]
    model = quantised(qnet, precision, feeds_of(captures, (64, 64)))
    assert model.contract.takes_watermark
    report = parity(qnet, model, captures)
    assert report.failures() == []
    assert report.watermark_strength == pytest.approx(1, abs=0.05)
