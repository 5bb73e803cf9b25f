"""A newsroom's install, without torch and scipy, imports all that inference needs, and answers."""

import inspect
import pkgutil
import subprocess
import sys
from pathlib import Path

import pytest

import verifier
from channel.extras import to_install
from tests.camera_sim.test_imports import BLOCK, TRAINING_ONLY
from tests.conftest import REPOSITORY
from tests.verifier.conftest import jpeg
from tests.verifier.toy import native
from verifier import errors

TRAINING = ("verifier.training", "verifier.evaluation", "verifier.explain")
# What the extras bring; see the sizes in docs/results/verifier.md.
OPTIONAL = (*TRAINING_ONLY, "scipy", "colour_demosaicing", "colour")


def in_a_newsroom(code: str, *words: object) -> subprocess.CompletedProcess[str]:
    block = BLOCK.replace(str(TRAINING_ONLY), str(OPTIONAL))
    command = [sys.executable, "-c", block + code, *map(str, words)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_the_block_blocks() -> None:
    assert "blocked" in in_a_newsroom("import scipy").stderr


@pytest.mark.slow
def test_every_module_but_training_imports() -> None:
    found = [m.name for m in pkgutil.walk_packages(verifier.__path__, "verifier.")]
    names = [name for name in found if not name.startswith(TRAINING)]
    assert {
        "verifier.analysis",
        "verifier.commands.train_origin",
        "verifier.reading.worker",
    } <= set(names)
    code = "import importlib\nfor name in sys.argv[1:]: importlib.import_module(name)"
    ran = in_a_newsroom(code, *names)
    assert ran.returncode == 0, ran.stderr


@pytest.mark.slow
def test_the_newsroom_example_runs_in_a_newsroom(toy_folder: Path, tmp_path: Path) -> None:
    (tmp_path / "photo.jpg").write_bytes(jpeg(native()))
    code = (
        "from pathlib import Path\nfrom verifier import Verifier\n"
        "with Verifier.from_weights(Path(sys.argv[1]), resend_through=()) as verifier:\n"
        "    print(verifier.analyze(sys.argv[2]).verdict.label)"
    )
    ran = in_a_newsroom(code, toy_folder, tmp_path / "photo.jpg")
    assert (ran.stdout, ran.stderr) == ("inconclusive\n", "")


def test_every_error_is_drawn_in_the_tree_and_exported() -> None:
    assert errors.__doc__ is not None
    for name, error in vars(errors).items():
        if inspect.isclass(error):
            assert issubclass(error, errors.VerifierError)
            assert name in errors.__doc__
            assert name in verifier.__all__


@pytest.mark.slow
def test_the_command_runs_there(tmp_path: Path) -> None:
    (tmp_path / "photo.jpg").write_bytes(jpeg(native()))
    code = "from camera_sim.cli import main\nsys.exit(main(sys.argv[1:]))"
    ran = in_a_newsroom(code, "verify", tmp_path / "photo.jpg")
    assert ran.returncode in (0, 3, 4), ran.stderr
    assert "photo.jpg: " in ran.stdout
    raw = REPOSITORY / "examples" / "canon-s40-box.crw"
    ran = in_a_newsroom(code, "develop", raw, "--out", tmp_path, "--pipeline", "classical")
    assert ran.stderr.endswith(f"needs colour-demosaicing: {to_install('camera')}\n")


@pytest.mark.slow
def test_the_example_for_newsroom_developers(tmp_path: Path) -> None:
    """Seven lines, in an install without the extras, with a photo of that name beside."""
    text = (REPOSITORY / "docs/verifier.md").read_text()
    example = text.partition("```python\n")[2].partition("```")[0]
    assert 0 < len(example.splitlines()) <= 7
    (tmp_path / "photo.jpg").write_bytes(jpeg(native()))
    ran = in_a_newsroom(f"import os\nos.chdir(sys.argv[1])\n{example}", tmp_path)
    assert ran.stderr == ""
    assert ran.stdout.startswith(("consistent - ", "evidence against - ", "inconclusive - "))
    assert "\n * " in ran.stdout


EXTRAS = (
    "torch", "cv2", "fastapi", "uvicorn", "prometheus_client", "pyarrow", "ray", "fsspec",
    "python_multipart",
)  # fmt: skip


@pytest.mark.slow
def test_without_their_extras_the_commands_say_what_to_install(tmp_path: Path) -> None:
    sets = ["--natural", "a", "--generated", "b"]
    commands = {
        "serve": ["serve"],
        "archive": ["verify-archive", "a", "--out", "b"],
        "explain": ["explain", "a", "--out", "b"],
        "train": ["evaluate", "generated", *sets, "--out", "c"],
    }
    code = BLOCK.replace(str(TRAINING_ONLY), str(EXTRAS)) + "from camera_sim.cli import main\n"
    code += f"for words in {[*commands.values()]}: assert main(words) == 2"
    ran = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=tmp_path, check=False
    )
    assert ran.returncode == 0, ran.stderr
    # On a slow machine each says how long it is at work.
    said = [line for line in ran.stderr.splitlines() if ": at work, " not in line]
    for line, extra in zip(said, commands, strict=True):
        assert line.endswith(to_install(extra))
