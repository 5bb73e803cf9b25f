"""An install without torch imports everything that inference needs, and develops."""

import pkgutil
import re
import subprocess
import sys
from pathlib import Path

import pytest

import camera_sim
from camera_sim.pipelines import DEFAULT_PIPELINE
from camera_sim.sensor.dng import write_dng
from channel.extras import to_install
from tests.camera_sim.scenes import capture

TRAINING_ONLY = (
    "torch",
    "onnx",
    "onnxscript",
    "matplotlib",
    "skimage",
    "safetensors",
    "cv2",
    "zennit",
)
NEEDS_TORCH = ("camera_sim.training", "camera_sim.networks", "camera_sim.evaluation")
BLOCK = f"""
import sys

class Block:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {TRAINING_ONLY}:
            raise ModuleNotFoundError(f"No module named {{name!r}} (blocked)", name=name)

sys.meta_path.insert(0, Block())
"""


def without_torch(code: str, *words: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", BLOCK + code, *map(str, words)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def inference_modules() -> list[str]:
    found = [m.name for m in pkgutil.walk_packages(camera_sim.__path__, "camera_sim.")]
    return [name for name in found if not name.startswith(NEEDS_TORCH)]


def test_the_block_blocks() -> None:
    for name in TRAINING_ONLY:
        ran = without_torch(f"import {name}")
        assert ran.returncode == 1
        assert "blocked" in ran.stderr


def test_every_inference_module_imports_without_torch() -> None:
    names = inference_modules()
    assert {"camera_sim.cli", "camera_sim.developing.tiles", "camera_sim.commands.train"} <= set(
        names
    )
    ran = without_torch("import importlib\nfor name in sys.argv[1:]: importlib.import_module(name)",
                        *names)  # fmt: skip
    assert ran.returncode == 0, ran.stderr


@pytest.mark.slow
def test_camsim_develops_without_torch(tmp_path: Path) -> None:
    write_dng(tmp_path / "capture.dng", capture(64, 96))
    pipelines = ("classical", "libraw", DEFAULT_PIPELINE, "rnet")
    code = (
        "from camera_sim.cli import main\n"
        "for name in sys.argv[2:]:\n"
        "    assert main(['develop', sys.argv[1], '--pipeline', name, '--compare']) == 0, name"
    )
    ran = without_torch(code, tmp_path / "capture.dng", *pipelines)
    assert ran.returncode == 0, ran.stderr
    for name in pipelines:
        assert (tmp_path / f"capture.{name}.jpg").stat().st_size > 500
    # On a slow machine it says how far it is, and nothing else.
    slow = re.compile(r"^camsim: (develop: at work|capture\.dng: \d of 1).*\n", re.MULTILINE)
    assert slow.sub("", ran.stderr) == ""


def test_training_without_torch_says_what_to_install(tmp_path: Path) -> None:
    code = "from camera_sim.cli import main\nsys.exit(main(sys.argv[1:]))"
    ran = without_torch(code, "train", "nip", "--pictures", tmp_path, "--out", tmp_path / "run")
    assert ran.returncode == 2
    assert ran.stderr == f"camsim: training needs torch: {to_install('train')}\n"


def test_a_pair_without_torch_says_what_to_install(tmp_path: Path) -> None:
    code = "from camera_sim.cli import main\nsys.exit(main(sys.argv[1:]))"
    ran = without_torch(code, "evaluate", "pair", tmp_path, "--weights", tmp_path)
    assert ran.returncode == 2
    assert ran.stderr == f"camsim: the tables of a pair need torch: {to_install('train')}\n"


@pytest.mark.parametrize(
    ("words", "what"),
    [
        (["evaluate", "edits"], "the tables of edits need"),
        (["attack"], "a rehearsal of attacks needs"),
    ],
)
def test_tables_without_torch_say_what_to_install_before_any_work(
    words: list[str], what: str, tmp_path: Path
) -> None:
    code = "from camera_sim.cli import main\nsys.exit(main(sys.argv[1:]))"
    ran = without_torch(code, *words, tmp_path, "--out", tmp_path / "out")
    assert ran.returncode == 2
    assert ran.stderr == f"camsim: {what} torch: {to_install('train')}\n"


def test_the_module_runs_as_a_command() -> None:
    ran = subprocess.run(
        [sys.executable, "-m", "camera_sim.cli", "--help"],
        capture_output=True,
        text=True,
        check=True,
    )
    for command in ("develop", "info", "simulate", "train", "bench", "evaluate"):
        assert command in ran.stdout
    assert ran.stderr == ""
