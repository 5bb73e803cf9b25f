"""An install without torch imports everything that the verifier's inference needs, and answers."""

import inspect
import pkgutil
from pathlib import Path

import verifier
from tests.camera_sim.test_imports import without_torch
from tests.verifier.conftest import jpeg
from tests.verifier.toy import native
from verifier import errors

TRAINING = "verifier.training"


def test_every_module_but_training_imports_without_torch() -> None:
    found = [m.name for m in pkgutil.walk_packages(verifier.__path__, "verifier.")]
    names = [name for name in found if not name.startswith(TRAINING)]
    assert {"verifier.analysis", "verifier.cli", "verifier.worker"} <= set(names)
    code = "import importlib\nfor name in sys.argv[1:]: importlib.import_module(name)"
    ran = without_torch(code, *names)
    assert ran.returncode == 0, ran.stderr


def test_the_newsroom_example_runs_without_torch(toy_folder: Path, tmp_path: Path) -> None:
    (tmp_path / "photo.jpg").write_bytes(jpeg(native()))
    code = (
        "from pathlib import Path\nfrom verifier import Verifier\n"
        "with Verifier.from_weights(Path(sys.argv[1]), resend_through=()) as verifier:\n"
        "    print(verifier.analyze(sys.argv[2]).verdict.label)"
    )
    ran = without_torch(code, toy_folder, tmp_path / "photo.jpg")
    assert (ran.stdout, ran.stderr) == ("consistent\n", "")


def test_all_is_what_is_exported() -> None:
    public = {name for name in vars(verifier) if not name.startswith("_")}
    modules = {name for name in public if inspect.ismodule(getattr(verifier, name))}
    assert set(verifier.__all__) == public - modules
    assert list(verifier.__all__) == sorted(verifier.__all__)


def test_every_error_is_drawn_in_the_tree_and_exported() -> None:
    assert errors.__doc__ is not None
    for name, error in vars(errors).items():
        if inspect.isclass(error):
            assert issubclass(error, errors.VerifierError)
            assert name in errors.__doc__
            assert name in verifier.__all__
