"""An install without torch and onnx builds, signs, verifies, boots, and develops as a device."""

import pkgutil
from pathlib import Path

import pytest

import firmware_export
from channel.extras import to_install
from tests.camera_sim.test_imports import without_torch
from tests.firmware_export.factory import Company, capture_file, tiny_bundle, tiny_model

RUN = "from camera_sim.cli import main\nsys.exit(main(sys.argv[1:]))"


@pytest.mark.slow
def test_every_module_imports_without_torch() -> None:
    names = [m.name for m in pkgutil.walk_packages(firmware_export.__path__, "firmware_export.")]
    assert {"firmware_export.boot", "firmware_export.quantise"} <= set(names)
    ran = without_torch(
        "import importlib\nfor name in sys.argv[1:]: importlib.import_module(name)", *names
    )
    assert ran.returncode == 0, ran.stderr


@pytest.mark.slow
def test_a_device_boots_and_develops_without_torch(maker: Company, tmp_path: Path) -> None:
    device = maker.device(tmp_path / "camera")
    (tmp_path / "a.camfw").write_bytes(maker.signed(tiny_bundle()))
    ran = without_torch(RUN, "boot", tmp_path / "a.camfw", "--device", device.folder)
    assert ran.returncode == 0, ran.stderr
    raw = capture_file(tmp_path / "capture.dng", device)
    ran = without_torch(RUN, "develop", raw, "--device", device.folder, "--captures-only")
    assert (ran.returncode, ran.stderr) == (0, "")
    assert "signed as a digital capture" in ran.stdout


@pytest.mark.slow
def test_building_needs_none_and_exporting_says_what_to_install(tmp_path: Path) -> None:
    models = tmp_path / "models"
    models.mkdir()
    (models / tiny_model().contract.name).write_bytes(tiny_model().content)
    ran = without_torch(RUN, "firmware", "build", models, "-o", tmp_path / "a.camfw")
    assert ran.returncode == 0, ran.stderr
    ran = without_torch(RUN, "firmware", "export", "-o", tmp_path / "out")
    assert ran.returncode == 2
    assert ran.stderr == f"camsim: exporting needs torch: {to_install('train')}\n"
