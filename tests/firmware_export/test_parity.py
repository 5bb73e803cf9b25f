"""The parity gate: what it measures, what it refuses, and who must belong together."""

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from channel import transmit
from firmware_export.bundle import opened
from firmware_export.calibration import read_captures
from firmware_export.contract import Exported
from firmware_export.errors import ParityError
from firmware_export.fan import Fan, read_fan
from firmware_export.parity import downloaded_from, parity, places_of, require
from firmware_export.parity_report import Limits
from tests.camera_sim.conftest import Camsim
from tests.camera_sim.scenes import capture, picture
from tests.firmware_export.factory import Company, capture_file, tiny_fan, tiny_model

CAPTURES = [("a.dng", capture(560, 560)), ("b.dng", capture(560, 560, seed=1))]


def lowered(gain: float) -> Exported:
    """A model that claims to come from the plain one, and is brighter."""
    return tiny_model(gain, "fp16", source_sha256=tiny_model().sha256)


@pytest.fixture
def fan(tmp_path: Path) -> Fan:
    (tmp_path / "fan.onnx").write_bytes(tiny_fan())
    return read_fan(tmp_path / "fan.onnx")


def test_the_same_model_passes(fan: Fan) -> None:
    report = parity(tiny_model(), lowered(1.0), CAPTURES, fan)
    assert report.psnr == 99
    assert (report.flips, report.accuracy) == (0, report.accuracy_fp32)
    assert 2 * 2 <= report.patches <= 2 * 2 * 4  # captures, labels, patches of 128 in 280 pixels
    assert report.failures() == []
    require(report)


def test_a_brighter_model_is_refused_with_how_much_and_where(fan: Fan) -> None:
    report = parity(tiny_model(), lowered(1.2), CAPTURES, fan)
    with pytest.raises(ParityError, match=r"PSNR is \d+\.\d\d dB, \d+\.\d\d under 40") as caught:
        require(report)
    assert f"worst tile: {report.worst[0].capture}" in str(caught.value)
    assert [tile.psnr for tile in report.worst] == sorted(tile.psnr for tile in report.worst)


def test_flips_and_accuracy_have_limits_of_their_own(fan: Fan) -> None:
    report = parity(tiny_model(), lowered(0.05), CAPTURES, fan, limits=Limits(psnr=0))
    assert report.flips is not None
    assert report.flips > 0.02
    assert any("of answers flip, and 2% may" in words for words in report.failures())
    worse = report.model_copy(update={"accuracy": 0.5, "accuracy_fp32": 0.9, "flips": 0})
    assert worse.failures() == [
        "the FAN's accuracy falls by 40.00 points, from 90.00%, and may by 1"
    ]


@pytest.mark.slow
def test_it_goes_through_the_real_channel(fan: Fan) -> None:
    developed = picture(700, 900)
    downloaded = downloaded_from(developed, "facebook")
    with Image.open(__import__("io").BytesIO(transmit(developed, "facebook"))) as image:
        np.testing.assert_array_equal(downloaded, np.asarray(image))
    assert downloaded_from(developed, "paper").shape == (350, 450, 3)
    report_of_paper = parity(tiny_model(), lowered(1.0), CAPTURES, fan)
    report = parity(tiny_model(), lowered(1.0), CAPTURES, fan, ("paper", "whatsapp"))
    assert report.channel == ("paper", "whatsapp")
    assert report.patches > report_of_paper.patches


def test_patches_are_spread_and_none_is_made_up() -> None:
    assert len(places_of(np.zeros((300, 400, 3), np.uint8))) == 6  # flat ones where all are
    assert len(places_of(picture(1300, 1300))) <= 48
    half_flat = np.zeros((256, 512, 3), np.uint8)
    half_flat[:, :256:2] = 200
    assert places_of(half_flat) == [(0, 0), (0, 128), (128, 0), (128, 128)]
    with pytest.raises(ParityError, match="holds no patch of 128"):
        places_of(picture(100, 400))


def test_a_swapped_fan_is_refused(tmp_path: Path) -> None:
    (tmp_path / "fan.onnx").write_bytes(tiny_fan(pair="another-pair"))
    with pytest.raises(ParityError, match="the FAN is of the pair another-pair, and the pipeline"):
        parity(tiny_model(), lowered(1.0), CAPTURES, read_fan(tmp_path / "fan.onnx"))


def test_a_model_of_another_fp32_is_refused() -> None:
    with pytest.raises(ParityError, match="was made from"):
        parity(tiny_model(0.9), lowered(1.0), CAPTURES)


def test_files_that_are_no_fan_say_so(tmp_path: Path) -> None:
    path = tmp_path / "fan.onnx"
    path.write_bytes(tiny_model().content)
    with pytest.raises(ParityError, match="is no FAN"):
        read_fan(path)
    path.write_bytes(tiny_fan(labels=""))
    with pytest.raises(ParityError, match="give them with --labels"):
        read_fan(path)
    with pytest.raises(ParityError, match="has 2 classes, and 3 labels"):
        read_fan(path, ("a", "b", "c"))
    path.write_bytes(tiny_fan(labels='["x", "y"]'))
    with pytest.raises(ParityError, match=r"none of the FAN's labels \(x, y\)"):
        parity(tiny_model(), lowered(1.0), CAPTURES, read_fan(path))
    path.write_bytes(b"nothing")
    with pytest.raises(ParityError, match="no model that ONNX Runtime takes"):
        read_fan(path)


def _models(folder: Path, gain: float) -> Path:
    (folder / "models").mkdir()
    for model in (tiny_model(), lowered(gain)):
        (folder / "models" / model.contract.name).write_bytes(model.content)
    return folder / "models"


def test_a_bundle_takes_no_model_that_parity_does_not_speak_for(
    camsim: Camsim, maker: Company, tmp_path: Path
) -> None:
    models, bundle = _models(tmp_path, 1.0), tmp_path / "a.camfw"
    build = ("firmware", "build", models, "-o", bundle)
    assert "no parity report covers rnet.fp16.onnx" in camsim(*build).err
    assert not bundle.exists()
    (tmp_path / "fan.onnx").write_bytes(tiny_fan())
    judge = (
        "firmware",
        "parity",
        models / "rnet.fp32.onnx",
        models / "rnet.fp16.onnx",
        "--fan",
        tmp_path / "fan.onnx",
        "--captures",
        capture_file(tmp_path / "a.dng", side=560),
        "-o",
        models / "parity.json",
    )
    ran = camsim(*judge)
    assert ran.status == 0, ran.err
    assert "0.00% of " in ran.out
    assert "answers flip, through paper" in ran.out
    assert camsim(*build).status == 0
    manifest = opened(bundle.read_bytes()).manifest
    assert manifest.fan_sha256 == read_fan(tmp_path / "fan.onnx").sha256
    assert manifest.parity[0].psnr == 99


def test_a_failing_report_keeps_a_model_out_of_a_bundle(camsim: Camsim, tmp_path: Path) -> None:
    models = _models(tmp_path, 1.3)
    judge = (
        "firmware",
        "parity",
        models / "rnet.fp32.onnx",
        models / "rnet.fp16.onnx",
        "--captures",
        capture_file(tmp_path / "a.dng", side=560),
        "-o",
        models / "parity.json",
    )
    assert camsim(*judge).status == 2
    assert json.loads((models / "parity.json").read_text())[0]["precision"] == "fp16"
    ran = camsim("firmware", "build", models, "-o", tmp_path / "a.camfw")
    assert ran.status == 2
    assert "the fp16 model is refused" in ran.err
    ran = camsim("firmware", "build", models, "-o", tmp_path / "a.camfw", "--unsafe-without-parity")
    assert ran.status == 0


def test_verify_tells_a_swapped_fan(camsim: Camsim, maker: Company, tmp_path: Path) -> None:
    from tests.firmware_export.factory import tiny_bundle

    (tmp_path / "fan.onnx").write_bytes(tiny_fan())
    (tmp_path / "swapped.onnx").write_bytes(tiny_fan(labels="gaussian,native"))
    digest = read_fan(tmp_path / "fan.onnx").sha256
    (tmp_path / "a.camfw").write_bytes(maker.signed(tiny_bundle(fan_sha256=digest)))
    vendor = maker.vendor.folder
    words = (
        "firmware",
        "verify",
        tmp_path / "a.camfw",
        "--root",
        vendor / "root/certificate.pem",
        "--revoked",
        vendor / "revoked.pem",
        "--fan",
    )
    assert camsim(*words, tmp_path / "fan.onnx").status == 0
    ran = camsim(*words, tmp_path / "swapped.onnx")
    assert ran.status == 2
    assert "is not the FAN of this firmware's pair test-pair-1" in ran.err


def test_captures_are_files_or_folders(tmp_path: Path) -> None:
    capture_file(tmp_path / "card" / "a.dng")
    capture_file(tmp_path / "card" / "b.dng")
    assert [name for name, _ in read_captures([tmp_path / "card"])] == ["a.dng", "b.dng"]
