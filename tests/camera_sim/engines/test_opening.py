"""Engines by name: each gives ONNX Runtime's picture, or says in a sentence what is missing."""

import builtins
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from camera_sim import weights
from camera_sim.developing.tiles import develop
from camera_sim.engines import Source, cuda, onnxruntime_tensorrt_rtx
from camera_sim.engines.onnxruntime import OnnxRuntimeEngine
from camera_sim.engines.opening import ENGINES, Where, find_engine, open_engine_named, open_network
from camera_sim.errors import EngineError, WeightsError
from channel.extras import to_install
from tests.camera_sim.conftest import Camsim
from tests.camera_sim.scenes import capture
from tests.conftest import REPOSITORY
from tests.firmware_export.factory import capture_file, tiny_model, with_weights_elsewhere

# What each needs beside the core, and by which extra it is installed.
PACKAGES = {
    "openvino": ("openvino", "openvino"),
    "litert": ("ai_edge_litert", "litert"),
    "onnxruntime-tensorrt-rtx": ("onnxruntime_ep_nv_tensorrt_rtx", "onnxruntime-tensorrt-rtx"),
}
Without = Callable[[str], None]
PATIENCE = 120.0  # seconds


@pytest.fixture
def without(monkeypatch: pytest.MonkeyPatch) -> Without:
    """Have a package be missing."""
    genuine = builtins.__import__

    def leave_out(package: str) -> None:
        def lacking(name: str, *rest: Any) -> Any:
            if name.split(".", maxsplit=1)[0] == package:
                raise ModuleNotFoundError(f"No module named {package!r}", name=package)
            return genuine(name, *rest)

        for name in [name for name in sys.modules if name.split(".")[0] == package]:
            monkeypatch.delitem(sys.modules, name)
        monkeypatch.setattr(builtins, "__import__", lacking)

    return leave_out


def test_there_is_no_other_engine() -> None:
    with pytest.raises(EngineError, match=r"no engine 'nonesuch'; there are onnxruntime, openvino"):
        find_engine("nonesuch")


@pytest.mark.parametrize("name", PACKAGES)
def test_without_its_package_an_engine_says_what_to_install(name: str, without: Without) -> None:
    package, extra = PACKAGES[name]
    without(package)
    with pytest.raises(EngineError) as caught:
        open_engine_named(name, Source(tiny_model().model(), engines={}))
    assert to_install(extra) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_where_an_engine_is_missing_onnx_runtime_takes_over_if_asked(without: Without) -> None:
    without("openvino")
    said: list[str] = []
    where = Where("openvino", fall_back=True, say=said.append)
    engine = open_network(tiny_model().model(), weights.FOLDER, where)
    assert engine.name == "onnxruntime"
    assert said[0].endswith("; running ONNX Runtime instead")


@pytest.mark.slow
def test_openvino_lays_the_same_watermark() -> None:
    pytest.importorskip("openvino", reason="openvino is not installed")
    from watermark.plane import Plane

    entry, image = weights.read_manifest().find("qnet"), capture(300, 420, "GRBG", orientation=6)
    noise = np.random.default_rng(0).standard_normal((46, 36)).astype(np.float32)
    plane = Plane(20 * noise, (42, 32), (2, 2))
    engines = [open_engine_named(name, Source(entry)) for name in ("onnxruntime", "openvino")]
    assert [engine.takes_watermark for engine in engines] == [True, True]
    first, second = (
        develop(image, engine, exposure=1.0, watermark=plane).astype(int) for engine in engines
    )
    assert np.abs(first - second).max() <= 1
    assert np.abs(first - develop(image, engines[1], exposure=1.0)).mean() > 3


@pytest.mark.parametrize("pipeline", ["rnet", "qnet"])
def test_openvino_gives_onnx_runtimes_picture(pipeline: str) -> None:
    pytest.importorskip("openvino", reason="openvino is not installed")
    entry = weights.read_manifest().find(pipeline)
    image = capture(300, 420)
    pictures = [
        develop(image, open_engine_named(name, Source(entry)), exposure=1.0).astype(int)
        for name in ("onnxruntime", "openvino")
    ]
    assert np.abs(pictures[0] - pictures[1]).max() <= 1


def test_openvino_takes_a_model_of_one_tile() -> None:
    pytest.importorskip("openvino", reason="openvino is not installed")
    source = Source(tiny_model(tile=(64, 64)).model())
    engine = open_engine_named("openvino", source)
    assert engine.fixed == (64, 64)
    image = capture(200, 260)
    reference = OnnxRuntimeEngine(tiny_model().model())
    np.testing.assert_allclose(
        develop(image, engine, exposure=1.0).astype(int),
        develop(image, reference, exposure=1.0).astype(int),
        atol=1,
    )


def test_openvino_refuses_weights_in_another_file_and_what_is_no_network() -> None:
    pytest.importorskip("openvino", reason="openvino is not installed")
    with pytest.raises(WeightsError, match="keeps weights in another file"):
        open_engine_named("openvino", Source(with_weights_elsewhere(tiny_model()).model()))
    damaged = tiny_model().model_copy(update={"content": b"\x08\x0a"})
    with pytest.raises(WeightsError, match="cannot be loaded by OpenVINO"):
        open_engine_named("openvino", Source(damaged.model()))


class Device:
    def __init__(self, name: str) -> None:
        self.ep_name = name


def test_the_provider_is_registered_by_its_own_name_and_must_find_a_device(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The package is the genuine one; registering its library takes a driver."""
    provider = pytest.importorskip("onnxruntime_ep_nv_tensorrt_rtx", reason="not installed")
    import onnxruntime as ort

    registered: list[tuple[str, str]] = []
    found = [Device("CPUExecutionProvider")]
    monkeypatch.setattr(onnxruntime_tensorrt_rtx, "find_runtime", lambda: None)
    monkeypatch.setattr(ort, "get_ep_devices", lambda: found)
    monkeypatch.setattr(
        ort, "register_execution_provider_library", lambda *words: registered.append(words)
    )
    with pytest.raises(EngineError, match="the TensorRT-RTX provider finds no device"):
        onnxruntime_tensorrt_rtx.provider_devices()
    assert registered == [(provider.get_ep_name(), provider.get_library_path())]
    found.append(Device(provider.get_ep_name()))
    assert onnxruntime_tensorrt_rtx.provider_devices() == found[1:]
    assert len(registered) == 1  # not again


def test_a_provider_that_does_not_load_is_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("onnxruntime_ep_nv_tensorrt_rtx", reason="not installed")
    import onnxruntime as ort

    def fails(*_: object) -> None:
        raise RuntimeError("Failed to load library:\nlibcuda.so.1: cannot open")

    monkeypatch.setattr(onnxruntime_tensorrt_rtx, "find_runtime", lambda: None)
    monkeypatch.setattr(ort, "register_execution_provider_library", fails)
    with pytest.raises(EngineError, match=r"cannot load the TensorRT-RTX provider: .* libcuda"):
        onnxruntime_tensorrt_rtx.provider_devices()


def test_the_command_names_the_engines_and_refuses_others(camsim: Camsim, tmp_path: Any) -> None:
    raw, out = capture_file(tmp_path / "a.dng"), tmp_path / "a.jpg"
    ran = camsim("develop", raw, "--engine", "nonesuch", "--out", out)
    assert (ran.status, ran.err.count("\n")) == (2, 1)
    assert all(name in ran.err for name in ENGINES)
    ran = camsim("develop", raw, "--engine", "litert", "--out", out)
    assert ran.status == 2
    assert not out.exists()


def test_no_engine_is_imported_before_it_is_asked_for() -> None:
    import subprocess

    packages = {"openvino", "ai_edge_litert", "tensorrt_rtx", "tensorrt", "cuda"}
    words = (
        "import sys, camera_sim.engines.opening\n"
        f"print(sorted({packages} & {{name.split('.')[0] for name in sys.modules}}))"
    )
    ran = subprocess.run([sys.executable, "-c", words], capture_output=True, text=True,
                         check=True)  # fmt: skip
    assert ran.stdout == "[]\n"
    assert cuda.find_runtime  # importing it needs no driver


TOGETHER = """
import sys, threading
sys.setswitchinterval(1e-6)
import openvino
from camera_sim.engines import Source
from camera_sim.engines.opening import open_engine_named
from tests.firmware_export.factory import tiny_model

open_engine_named("openvino", Source(tiny_model().model()))
together = threading.Barrier(32)

def first() -> None:
    together.wait()
    openvino.Type.f32.to_dtype()  # as each inference begins

threads = [threading.Thread(target=first) for _ in range(32)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
"""


@pytest.mark.slow
def test_openvino_s_first_tiles_in_several_threads_do_not_wait_for_ever() -> None:
    """A third of new processes stood still; six of them hardly ever all go through."""
    pytest.importorskip("openvino", reason="openvino is not installed")
    command = [sys.executable, "-c", TOGETHER]
    processes = [subprocess.Popen(command, cwd=REPOSITORY) for _ in range(6)]
    try:
        assert [process.wait(PATIENCE) for process in processes] == [0] * len(processes)
    finally:
        for process in processes:
            process.kill()
            process.wait()
