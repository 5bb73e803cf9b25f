"""TensorRT-RTX: engines built by the genuine builder without a device, and what refuses them."""

import importlib
import json
import subprocess
import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from camera_sim.engines import cuda, tensorrt
from camera_sim.engines.tensorrt import TensorRTEngine
from camera_sim.errors import EngineError
from firmware_export.boot import boot, booted, install
from firmware_export.built_engine import Made, Options
from firmware_export.bundle import built, opened
from firmware_export.contract import Exported, read_exported
from firmware_export.errors import BundleError, ExportError
from firmware_export.tensorrt_rtx_build import engine_from_model
from tests.camera_sim.conftest import Camsim
from tests.firmware_export.factory import RELEASE, Company, capture_file, tiny_model
from tests.firmware_export.genuine import SimulatedCuda, StandIn

TILE = (64, 64)
OPTIONS = Options(tile=TILE, capabilities=("8.6", "8.9"))


@pytest.fixture(scope="session")
def rtx() -> ModuleType:
    pytest.importorskip("cuda.bindings.runtime", reason="no cuda-bindings")
    return pytest.importorskip("tensorrt_rtx", reason="tensorrt-rtx is not installed")


@pytest.fixture(scope="session")
def made(rtx: ModuleType) -> Made:
    return engine_from_model(tiny_model(), OPTIONS)


@pytest.fixture
def simulated(monkeypatch: pytest.MonkeyPatch) -> SimulatedCuda:
    """A device of compute capability 9.0, as far as CUDA's runtime goes."""
    runtime = pytest.importorskip("cuda.bindings.runtime", reason="no cuda-bindings")
    found = SimulatedCuda(runtime)
    monkeypatch.setattr(tensorrt, "find_runtime", lambda: found)
    return found


def files(made: Made, **changes: Any) -> dict[str, tuple[str, bytes]]:
    key = made.key.model_copy(update=changes)
    return {made.key.file: (key.model_dump_json(), made.plan)}


def open_for(made: Made, model: Exported | None = None, precision: str = "fp32") -> TensorRTEngine:
    return TensorRTEngine((model or tiny_model()).model(), precision, files(made))


def on_capability(monkeypatch: pytest.MonkeyPatch, capability: str) -> None:
    monkeypatch.setattr(tensorrt, "compute_capability", lambda _: capability)


def test_an_engine_is_built_without_a_device_and_says_what_it_is_for(made: Made) -> None:
    assert made.plan[:4] == b"vtrt"
    key = made.key
    assert (key.runtime, key.capabilities, key.tile) == ("tensorrt-rtx", ("8.6", "8.9"), TILE)
    assert (key.precision, key.model_sha256) == ("fp32", tiny_model().sha256)
    assert key.version == importlib.metadata.version("tensorrt-rtx")
    assert "64x64" in key.file
    assert "sm8.6-8.9" in key.file


@pytest.mark.slow
@pytest.mark.parametrize("precision", ["fp32", "fp16"])
def test_a_real_network_built_twice_in_two_processes_is_the_same_byte_for_byte(
    precision: str, rtx: ModuleType, tmp_path: Path
) -> None:
    """In its default tile, for the default capabilities; fp16 by typed tensors."""
    from camera_sim import weights
    from firmware_export.quantise import quantised

    shipped = weights.read_manifest().find("rnet")
    fp32 = read_exported(weights.FOLDER / shipped.file)
    model = quantised(fp32, "fp16") if precision == "fp16" else fp32
    (tmp_path / "model.onnx").write_bytes(model.content)
    digests = []
    for folder in ("once", "again"):
        subprocess.run(
            [sys.executable, "-m", "camera_sim.cli", "firmware", "engine",
             tmp_path / "model.onnx" if precision == "fp16" else weights.FOLDER / shipped.file,
             "--out", tmp_path / folder],
            check=True,
        )  # fmt: skip
        [plan] = (tmp_path / folder).glob("*.plan")
        key = json.loads(plan.with_name(f"{plan.stem}.json").read_text())
        assert (key["precision"], key["tile"]) == (precision, [288, 288])
        assert key["capabilities"] == ["8.0", "8.6", "8.9", "12.0"]
        assert key["model_sha256"] == model.sha256
        digests.append((plan.name, plan.read_bytes()))
    assert digests[0] == digests[1]


def test_a_capability_that_the_builder_does_not_know_or_cannot_serve_is_refused(
    rtx: ModuleType,
) -> None:
    with pytest.raises(ExportError, match=r"no compute capability '9\.0'; it knows 7\.5, 8\.0"):
        engine_from_model(tiny_model(), Options(tile=TILE, capabilities=("9.0",)))
    with pytest.raises(ExportError, match=r"a tile's sides are multiples of 2 .* not 63×64"):
        engine_from_model(tiny_model(), Options(tile=(63, 64), capabilities=("8.6",)))
    with pytest.raises(ExportError, match="takes tiles of 64×64 alone"):
        engine_from_model(tiny_model(tile=TILE), Options(tile=(96, 96), capabilities=("8.6",)))


@pytest.mark.slow
def test_what_the_builder_cannot_compile_is_said_in_its_words(rtx: ModuleType) -> None:
    """Turing has no fp32 matrix product there, and RNet has one."""
    from camera_sim import weights

    model = read_exported(weights.FOLDER / "rnet.onnx")
    with pytest.raises(ExportError, match=r"could not build .* for 7\.5: .*FP32 GEMM") as caught:
        engine_from_model(model, Options(capabilities=("7.5",)))
    assert "\n" not in str(caught.value)


def test_an_engine_from_another_onnx_or_arithmetic_is_refused(
    made: Made, simulated: SimulatedCuda
) -> None:
    with pytest.raises(EngineError, match="no engine was built from the fp32 model"):
        open_for(made, tiny_model(0.5))
    with pytest.raises(EngineError, match="is in fp16"):
        open_for(made, precision="fp16")


def test_an_engine_for_another_capability_is_refused(made: Made, simulated: SimulatedCuda) -> None:
    with pytest.raises(
        EngineError, match=r"for compute capability 8\.6, 8\.9 .* and this device has 9\.0; build"
    ):
        open_for(made)


def test_a_tampered_engine_is_refused(
    made: Made, simulated: SimulatedCuda, monkeypatch: pytest.MonkeyPatch
) -> None:
    on_capability(monkeypatch, "8.6")
    middle = len(made.plan) // 2
    changed = made.plan[:middle] + bytes([made.plan[middle] ^ 1]) + made.plan[middle + 1 :]
    with pytest.raises(EngineError, match="is not the one that its key describes"):
        open_for(Made(made.key, changed))


def test_an_engine_of_another_version_is_refused(
    made: Made, simulated: SimulatedCuda, monkeypatch: pytest.MonkeyPatch
) -> None:
    on_capability(monkeypatch, "8.6")
    old = Made(made.key.model_copy(update={"version": "1.6.0.1"}), made.plan)
    with pytest.raises(EngineError, match=r"was built by tensorrt-rtx 1\.6\.0\.1, and .* is here"):
        open_for(old)


def test_what_tensorrt_rtx_itself_says_of_an_engine_is_a_sentence(
    made: Made, rtx: ModuleType, simulated: SimulatedCuda, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By the genuine classes' signatures; the verdict takes a driver."""
    on_capability(monkeypatch, "8.9")
    old = int(rtx.EngineInvalidityDiagnostics.OLD_CUDA_DRIVER)
    runtime = StandIn(rtx.Runtime, get_engine_validity=(rtx.EngineValidity.INVALID, old))
    face = SimpleNamespace(
        __version__=rtx.__version__,
        Logger=rtx.Logger,
        Runtime=lambda _: runtime,
        EngineValidity=rtx.EngineValidity,
        EngineInvalidityDiagnostics=rtx.EngineInvalidityDiagnostics,
    )
    monkeypatch.setattr(tensorrt, "find_tensorrt", lambda _: face)
    with pytest.raises(EngineError, match="refuses the engine on this device: old cuda driver"):
        open_for(made)
    assert [name for name, *_ in runtime.calls] == ["get_engine_validity"]


def test_every_call_that_runs_an_engine_exists_in_tensorrt_rtx(rtx: ModuleType) -> None:
    for of, names in {
        rtx.ICudaEngine: ("num_io_tensors", "get_tensor_name", "get_tensor_shape",
                          "create_execution_context"),
        rtx.IExecutionContext: ("set_input_shape", "set_tensor_address", "execute_async_v3"),
        rtx.Runtime: ("deserialize_cuda_engine", "get_engine_validity", "engine_host_code_allowed"),
    }.items():  # fmt: skip
        for name in names:
            assert hasattr(of, name), name


def without_a_device() -> bool:
    try:
        cuda.find_runtime()
    except EngineError:
        return True
    return False


@pytest.mark.skipif(not without_a_device(), reason="there is an NVIDIA device here")
def test_without_a_device_developing_says_so_in_one_sentence_and_does_not_crash(
    camsim: Camsim, rtx: ModuleType, tmp_path: Path
) -> None:
    """The engine is genuine, and so is the runtime; see TensorRT's trap in docs/firmware.md."""
    from camera_sim import weights

    engines = tmp_path / "engines"
    built_ = camsim("firmware", "engine", weights.FOLDER / "rnet.onnx", "--tile", 64, 64,
                    "--capability", "8.6", "-o", engines)  # fmt: skip
    assert built_.status == 0, built_.err
    assert "SHA-256" in built_.out
    raw, out = capture_file(tmp_path / "capture.dng"), tmp_path / "a.jpg"
    ran = camsim("develop", raw, "--pipeline", "rnet", "--engine", "tensorrt", "--engines",
                 engines, "--out", out)  # fmt: skip
    assert ran.status == 2
    assert ran.err.startswith("camsim: there is no NVIDIA device here")
    assert len(ran.err.splitlines()) == 1
    assert not out.exists()
    ran = camsim("firmware", "engine", weights.FOLDER / "rnet.onnx", "--capability", "current",
                 "-o", engines)  # fmt: skip
    assert (ran.status, len(ran.err.splitlines())) == (2, 1)
    assert "there is no NVIDIA device here" in ran.err


def test_an_option_of_another_runtime_is_refused(camsim: Camsim, tmp_path: Path) -> None:
    (tmp_path / "a.onnx").write_bytes(tiny_model().content)
    words = ("firmware", "engine", tmp_path / "a.onnx", "-o", tmp_path / "out")
    assert (
        "--timing-cache goes with --runtime tensorrt" in camsim(*words, "--timing-cache", "x").err
    )
    assert "--int16 goes with --runtime litert" in camsim(*words, "--int16").err
    ran = camsim(*words, "--runtime", "litert", "--capability", "8.6")
    assert "--capability goes with --runtime tensorrt-rtx" in ran.err


def bundle_with(model: Exported, engines: dict[str, tuple[str, bytes]]) -> bytes:
    return built(RELEASE, {model.contract.name: model.model()}, "fp32", (), engines)


def test_a_bundle_carries_the_engine_and_the_boot_log_its_digest(
    maker: Company, device: Any, made: Made, simulated: SimulatedCuda, tmp_path: Path
) -> None:
    bundle = maker.signed(bundle_with(tiny_model(), files(made)))
    [part] = opened(bundle).manifest.engines
    assert (part.sha256, part.key) == (made.key.plan_sha256, made.key)
    (tmp_path / "a.camfw").write_bytes(bundle)
    install(device, tmp_path / "a.camfw")
    log = boot(device).log
    [entry] = [entry for entry in log.entries if entry.step == "engine"]
    assert entry.sha256 == made.key.plan_sha256
    assert "tensorrt-rtx" in entry.detail
    assert "for compute capability 8.6, 8.9" in entry.detail
    firmware = booted(device)
    with pytest.raises(EngineError, match=r"and this device has 9\.0"):
        TensorRTEngine(firmware.model(None), "fp32", firmware.engines)


def test_a_bundle_takes_no_engine_of_another_onnx_or_that_its_key_does_not_describe(
    made: Made,
) -> None:
    with pytest.raises(BundleError, match=r"was built from the model .* the bundle does not hold"):
        bundle_with(tiny_model(0.5), files(made))
    with pytest.raises(BundleError, match="is not the one that its key describes"):
        bundle_with(tiny_model(), files(made, plan_sha256="0" * 64))
