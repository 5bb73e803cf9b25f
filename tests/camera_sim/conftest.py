from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from camera_sim.cli import main
from camera_sim.engines.onnxruntime import OnnxRuntimeEngine
from camera_sim.weights import read_manifest
from tests.conftest import REPOSITORY, MadeOnce

EXAMPLE = REPOSITORY / "examples" / "canon-s40-box.crw"
ASSETS = Path(__file__).parent / "assets"


@dataclass(frozen=True)
class Ran:
    """What a command gave."""

    status: int
    out: str
    err: str


Camsim = Callable[..., Ran]


@pytest.fixture(scope="session", autouse=True)
def _one_thread() -> None:
    """Torch's threads wait for each other by spinning: on a busy machine, forty times longer."""
    import torch

    torch.set_num_threads(1)


@pytest.fixture
def camsim(capfd: pytest.CaptureFixture[str]) -> Camsim:
    """Run the command line in this process, everything that reaches the terminal caught."""

    def run(*words: object) -> Ran:
        capfd.readouterr()
        try:
            status = main([str(word) for word in words])
        except SystemExit as stop:  # argparse's
            status = int(stop.code or 0)
        caught = capfd.readouterr()
        return Ran(status, caught.out, caught.err)

    return run


@pytest.fixture(scope="session")
def untrained(made_once: MadeOnce) -> Callable[[str], Path]:
    """Export a pipeline's untrained network; returns its folder of weights."""
    import torch

    from camera_sim.pipelines import find_pipeline
    from camera_sim.training.nip.export import Label, build_network, export_network

    def weights_of(name: str) -> Path:
        def fill(folder: Path) -> None:
            torch.manual_seed(0)
            pipeline = find_pipeline(name)
            label = Label("0", "none", "nothing: untrained", {}, "none", {})
            export_network(build_network(pipeline), pipeline, label, folder)

        return made_once(f"untrained-{name}", fill)

    return weights_of


@pytest.fixture(scope="session")
def untrained_engine(
    untrained: Callable[[str], Path],
) -> Callable[[str], OnnxRuntimeEngine]:
    """Open an untrained pipeline."""

    def engine_of(name: str) -> OnnxRuntimeEngine:
        folder = untrained(name)
        return OnnxRuntimeEngine(read_manifest(folder).find(name), folder)

    return engine_of


@pytest.fixture(scope="session")
def tiny_pair(made_once: MadeOnce) -> Path:
    """Train and export a pair with a tiny FAN, once for all tests; none changes its run."""

    def fill(folder: Path) -> None:
        from tests.camera_sim.tiny_pair import narrow, train_and_export

        with pytest.MonkeyPatch.context() as patch:
            narrow(patch)
            train_and_export(folder)

    return made_once("tiny-pair", fill)


@pytest.fixture
def stand_in_exports(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let training write an identity in place of each ONNX file; all around it is real.

    ONNX's exporter takes some seconds a network. That it gives what torch gives is asked of every
    pipeline in `test_weights`, of a pair in `test_joint`, and of the other detectors beside them.
    """
    import onnx
    from onnx import TensorProto, helper

    sides = [helper.make_tensor_value_info(n, TensorProto.FLOAT, ["n"]) for n in ("x", "y")]
    graph = helper.make_graph(
        [helper.make_node("Identity", ["x"], ["y"])], "none", sides[:1], sides[1:]
    )
    identity = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)])
    onnx.checker.check_model(identity)
    camera, verifier = "camera_sim.training.nip.export", "verifier.training.export"
    for exporter in (f"{camera}.onnx_of", f"{verifier}.onnx_graph"):
        monkeypatch.setattr(exporter, lambda *_, **__: identity)
    for check in (f"{camera}.check_export", f"{verifier}.check_graph"):
        monkeypatch.setattr(check, lambda *_, **__: None)
