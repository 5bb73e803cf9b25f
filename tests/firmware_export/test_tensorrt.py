"""TensorRT 10 and 11: refusals in words, keys, and our calls against the genuine 11.x classes.

No engine is built or run here: that takes a device. What stands in for one is said in `genuine`.
"""

import ctypes
import hashlib
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np
import pytest

from camera_sim.developing.tiles import develop
from camera_sim.engines import cuda, tensorrt
from camera_sim.engines.engine_key import EngineKey, check_runs
from camera_sim.engines.onnxruntime import OnnxRuntimeEngine
from camera_sim.engines.tensorrt import TensorRTEngine, find_tensorrt
from camera_sim.errors import EngineError
from firmware_export import tensorrt_build
from firmware_export.boot import booted
from firmware_export.built_engine import Options, Tiles
from firmware_export.bundle import built, opened
from firmware_export.contract import Exported
from firmware_export.errors import ExportError
from firmware_export.tensorrt_build import engine_from_model
from tests.camera_sim.conftest import Camsim
from tests.camera_sim.scenes import capture
from tests.firmware_export.factory import RELEASE, Company, capture_file, tiny_model
from tests.firmware_export.genuine import SimulatedCuda, StandIn, tensorrt_bindings

KEY = EngineKey(
    runtime="tensorrt",
    version="11.4.0.106",
    capabilities=("9.0",),
    tiles=(32, 288, 320),
    precision="fp32",
    model_sha256=tiny_model().sha256,
    plan_sha256=hashlib.sha256(b"plan").hexdigest(),
)


def plans(key: EngineKey = KEY) -> dict[str, tuple[str, bytes]]:
    return {"a.plan": (key.model_dump_json(), b"plan")}


@pytest.fixture(scope="session")
def trt(tmp_path_factory: pytest.TempPathFactory) -> ModuleType:
    return tensorrt_bindings(tmp_path_factory.mktemp("libraries"))


@pytest.fixture
def simulated(monkeypatch: pytest.MonkeyPatch) -> SimulatedCuda:
    runtime = pytest.importorskip("cuda.bindings.runtime", reason="no cuda-python")
    made = SimulatedCuda(runtime)
    for module in (tensorrt, tensorrt_build):
        monkeypatch.setattr(module, "find_runtime", lambda: made)
    return made


def test_the_stand_in_refuses_what_does_not_exist(trt: ModuleType) -> None:
    context = StandIn(trt.IExecutionContext, execute_async_v3=True)
    with pytest.raises(AttributeError):
        context.execute_v2_of_old(1)
    with pytest.raises(TypeError):
        context.execute_async_v3(1, 2, 3)
    with pytest.raises(TypeError):
        context.execute_async_v3(cuda_stream=1)
    assert context.execute_async_v3(1)
    config = StandIn(trt.IBuilderConfig)
    with pytest.raises(AttributeError):  # gone in TensorRT 11
        _ = config.int8_calibrator


def test_without_the_library_it_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    nowhere = {name: (f"{name}_that_is_not_here",) for name in tensorrt.LIBRARIES}
    monkeypatch.setattr(tensorrt, "LIBRARIES", nowhere)
    with pytest.raises(EngineError, match=r"tensorrt is not installed .*; pip install tensorrt"):
        find_tensorrt("tensorrt")
    with pytest.raises(
        EngineError, match=r"tensorrt-rtx is not installed .*pip install .+\[tensorrt\]"
    ):
        find_tensorrt("tensorrt-rtx")


@pytest.mark.parametrize(
    ("status", "reason"),
    [
        ((35, None), "CUDA says 35"),
        ((0, 0), "CUDA finds none"),
        (
            RuntimeError("Failed to dlopen libcuda.so.1"),
            "driver cannot be loaded: Failed to dlopen",
        ),
    ],
)
def test_without_a_device_it_says_so_and_touches_nothing(
    status: Any, reason: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """TensorRT itself would end the process: see docs/firmware.md."""
    runtime = pytest.importorskip("cuda.bindings.runtime", reason="no cuda-python")

    def count() -> tuple[Any, ...]:
        if isinstance(status, Exception):
            raise status
        code = SimpleNamespace(name=str(status[0]), __int__=None)
        return (type("Status", (int,), {"name": code.name})(status[0]), status[1])

    monkeypatch.setattr(runtime, "cudaGetDeviceCount", count)
    monkeypatch.setattr(tensorrt, "find_tensorrt", lambda _: SimpleNamespace())
    with pytest.raises(EngineError, match="there is no NVIDIA device here") as caught:
        TensorRTEngine(tiny_model().model(), "fp32", plans())
    assert reason in str(caught.value)


@pytest.mark.parametrize(
    ("changes", "version", "capability", "reason"),
    [
        ({}, "11.4.0.106", "9.0", ""),
        ({}, "11.5.0.1", "9.0", "was built by tensorrt 11.4.0.106, and 11.5.0.1 is here"),
        ({"version_compatible": True}, "11.5.0.1", "9.0", ""),
        ({"version_compatible": True}, "11.3.0.1", "9.0", "was built by tensorrt"),
        ({"version_compatible": True}, "12.0.0.1", "9.0", "was built by tensorrt"),
        ({"version_compatible": True, "version": ""}, "11.4.0.106", "9.0", "no version number"),
        ({"version": "11..4"}, "11.4.0.106", "9.0", "no version number"),
        ({}, "11.4.0.106", "8.6", r"for compute capability 9.0 \(hardware compatibility: none\)"),
        ({"hardware": "same_compute_capability"}, "11.4.0.106", "9.0", ""),
        ({"hardware": "ampere_plus"}, "11.4.0.106", "8.6", ""),
        ({"hardware": "ampere_plus"}, "11.4.0.106", "7.5", "and this device has 7.5"),
    ],
)
def test_an_engine_of_another_device_or_version_is_refused(
    changes: dict[str, Any], version: str, capability: str, reason: str
) -> None:
    key = KEY.model_copy(update=changes)
    if not reason:
        check_runs(key, version, capability)
        return
    with pytest.raises(EngineError, match=reason):
        check_runs(key, version, capability)


def test_an_engine_of_another_model_or_precision_is_refused() -> None:
    with pytest.raises(EngineError, match="no engine was built from the fp32 model"):
        TensorRTEngine(tiny_model(0.5).model(), "fp32", plans())
    with pytest.raises(EngineError, match="is in fp16"):
        TensorRTEngine(tiny_model().model(), "fp16", plans())
    with pytest.raises(EngineError, match="no engine for tensorrt-rtx or tensorrt; build one"):
        TensorRTEngine(tiny_model().model(), "fp32", {})


@pytest.mark.parametrize("digest", ["", "0" * 64])
def test_an_engine_that_was_exchanged_is_never_opened(
    digest: str, simulated: SimulatedCuda, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A plan is code: its key speaks for the bytes that are opened, not for a file's name."""
    monkeypatch.setattr(
        tensorrt, "find_tensorrt", lambda _: SimpleNamespace(__version__="11.4.0.106")
    )
    key = KEY.model_copy(update={"plan_sha256": digest})
    with pytest.raises(EngineError, match="is not the one that its key describes"):
        TensorRTEngine(tiny_model().model(), "fp32", plans(key))


class Context:
    """An execution context: remembers shapes and addresses, and has ONNX Runtime answer."""

    def __init__(self, trt: ModuleType, model: Exported) -> None:
        self.session = OnnxRuntimeEngine(model.model())._session
        self.addresses: dict[str, int] = {}
        self.shapes: dict[str, tuple[int, ...]] = {}
        self.face = StandIn(
            trt.IExecutionContext,
            set_input_shape=lambda name, shape: self.shapes.update({name: shape}) or True,
            set_tensor_address=lambda name, at: self.addresses.update({name: at}) or True,
            execute_async_v3=self.execute,
        )

    def execute(self, stream: int) -> bool:
        shape = self.shapes["mosaic"]
        held = (ctypes.c_float * int(np.prod(shape))).from_address(self.addresses["mosaic"])
        mosaic = np.ctypeslib.as_array(held).reshape(shape)
        result = np.ascontiguousarray(self.session.run(["srgb"], {"mosaic": mosaic})[0])
        ctypes.memmove(self.addresses["srgb"], result.ctypes.data, result.nbytes)
        return True


class Device:
    """What TensorRT would be on a device: the genuine classes' members."""

    def __init__(self, trt: ModuleType, model: Exported, fixed: tuple[int, int] | None) -> None:
        self.contexts: list[StandIn] = []
        engine = StandIn(
            trt.ICudaEngine,
            num_io_tensors=2,
            get_tensor_name=lambda index: ("mosaic", "srgb")[index],
            get_tensor_shape=lambda _: (1, 4, *(fixed or (-1, -1))),
            create_execution_context=lambda: self.context(trt, model),
        )
        runtime = StandIn(trt.Runtime, deserialize_cuda_engine=lambda _: engine)
        self.module = SimpleNamespace(
            __version__="11.4.0.106", Logger=Logger, Runtime=lambda _: runtime
        )

    def context(self, trt: ModuleType, model: Exported) -> StandIn:
        self.contexts.append(Context(trt, model).face)
        return self.contexts[-1]


class Logger:
    ERROR = 1

    def __init__(self, level: int) -> None:
        self.level = level


@pytest.mark.parametrize("fixed", [None, (64, 64)])
def test_execution_gives_the_picture_through_pinned_buffers(
    fixed: tuple[int, int] | None,
    trt: ModuleType,
    simulated: SimulatedCuda,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    model = tiny_model()
    device = Device(trt, model, fixed)
    monkeypatch.setattr(tensorrt, "find_tensorrt", lambda _: device.module)
    engine = TensorRTEngine(model.model(), "fp32", plans())
    assert engine.fixed == fixed
    image = capture(200, 260)
    picture = develop(image, engine, exposure=1.0)
    reference = develop(image, OnnxRuntimeEngine(model.model()), exposure=1.0)
    np.testing.assert_array_equal(picture, reference)
    assert {"cudaHostAlloc", "cudaMemcpyAsync", "cudaStreamSynchronize"} <= set(simulated.log)
    names = [name for name, *_ in device.contexts[0].calls]
    assert names.index("set_input_shape") < names.index("execute_async_v3")


def _builder(trt: ModuleType, *, parses: bool = True, takes_cache: bool = True) -> SimpleNamespace:
    """Make a TensorRT whose builder answers, every call checked against the genuine classes."""
    tensors = [SimpleNamespace(name="mosaic"), SimpleNamespace(name="noise")]
    network = StandIn(trt.INetworkDefinition, num_inputs=2, get_input=lambda i: tensors[i])
    cache = StandIn(trt.ITimingCache, serialize=b"timings")
    config = StandIn(
        trt.IBuilderConfig,
        create_timing_cache=cache,
        set_timing_cache=takes_cache,
        get_timing_cache=cache,
        add_optimization_profile=0,
        hardware_compatibility_level=None,
    )
    profile = StandIn(trt.IOptimizationProfile)
    builder = StandIn(
        trt.Builder,
        create_network=network,
        create_builder_config=config,
        create_optimization_profile=profile,
        build_serialized_network=b"the plan",
    )
    error = SimpleNamespace(desc=lambda: "Conv is not what it was")
    parser = StandIn(trt.OnnxParser, parse=parses, num_errors=1, get_error=lambda _: error)
    return SimpleNamespace(
        __version__="11.4.0.106",
        Logger=Logger,
        Builder=lambda _: builder,
        OnnxParser=lambda *_: parser,
        BuilderFlag=trt.BuilderFlag,
        MemoryPoolType=trt.MemoryPoolType,
        HardwareCompatibilityLevel=trt.HardwareCompatibilityLevel,
        NetworkDefinitionCreationFlag=trt.NetworkDefinitionCreationFlag,
        config=config,
        builder=builder,
        profile=profile,
    )


def test_building_makes_the_calls_that_tensorrt_11_has(
    trt: ModuleType, simulated: SimulatedCuda, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake = _builder(trt)
    monkeypatch.setattr(tensorrt_build, "find_tensorrt", lambda _: fake)
    options = Options(version_compatible=True, hardware="ampere_plus", timing_cache=b"old")
    made = engine_from_model(tiny_model(), options)
    assert (made.plan, made.timing_cache) == (b"the plan", b"timings")
    assert made.key == KEY.model_copy(
        update={
            "version_compatible": True,
            "hardware": "ampere_plus",
            "plan_sha256": hashlib.sha256(b"the plan").hexdigest(),
        }
    )
    calls = {name: (words, named) for name, words, named in fake.config.calls}
    assert calls["set_flag"][0] == (trt.BuilderFlag.VERSION_COMPATIBLE,)
    assert calls["set_memory_pool_limit"][0] == (trt.MemoryPoolType.WORKSPACE, 1 << 30)
    assert fake.config.hardware_compatibility_level == trt.HardwareCompatibilityLevel.AMPERE_PLUS
    strongly_typed = 1 << int(trt.NetworkDefinitionCreationFlag.STRONGLY_TYPED)
    assert fake.builder.calls[0] == ("create_network", (strongly_typed,), {})
    assert fake.profile.calls == [
        ("set_shape", ("mosaic", (1, 4, 32, 32), (1, 4, 288, 288), (1, 4, 320, 320)), {})
    ]
    engine_from_model(tiny_model(tile=(64, 64)), Options())
    assert len([call for call in fake.config.calls if call[0] == "add_optimization_profile"]) == 1


def test_what_the_builder_refuses_is_said(
    trt: ModuleType, simulated: SimulatedCuda, monkeypatch: pytest.MonkeyPatch
) -> None:
    for fake, options, reason in (
        (_builder(trt, parses=False), Options(), "does not take the model: Conv is not what"),
        (_builder(trt, takes_cache=False), Options(), "timing cache is of another device"),
        (_builder(trt), Options(tiles=Tiles(31, 64, 96)), "tiles are rising multiples of 2"),
        (_builder(trt), Options(tiles=Tiles(96, 64, 32)), "tiles are rising multiples of 2"),
    ):
        monkeypatch.setattr(tensorrt_build, "find_tensorrt", lambda _, fake=fake: fake)
        with pytest.raises(ExportError, match=reason):
            engine_from_model(tiny_model(), options)
    lean = SimpleNamespace(__name__="tensorrt_lean")
    monkeypatch.setattr(tensorrt_build, "find_tensorrt", lambda _: lean)
    with pytest.raises(ExportError, match="tensorrt_lean only runs engines"):
        engine_from_model(tiny_model(), Options())


def test_the_commands_refuse_in_one_sentence_and_fall_back_when_asked(
    camsim: Camsim, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def none_here() -> ModuleType:
        raise EngineError("there is no NVIDIA device here; develop with --engine onnxruntime")

    monkeypatch.setattr(tensorrt, "find_tensorrt", lambda _: SimpleNamespace())
    monkeypatch.setattr(tensorrt, "find_runtime", none_here)
    from camera_sim import weights

    sha256 = weights.read_manifest().find("rnet").sha256
    folder = tmp_path / "engines"
    folder.mkdir()
    (folder / "a.plan").write_bytes(b"plan")
    (folder / "a.json").write_text(
        KEY.model_copy(update={"model_sha256": sha256}).model_dump_json()
    )
    raw, out = capture_file(tmp_path / "capture.dng"), tmp_path / "a.jpg"
    words = ("develop", raw, "--pipeline", "rnet", "--engine", "tensorrt", "--out", out)
    assert "name the folder of engines with --engines" in camsim(*words).err
    ran = camsim(*words, "--engines", folder)
    assert ran.status == 2
    assert ran.err.startswith("camsim: there is no NVIDIA device here")
    assert len(ran.err.splitlines()) == 1
    assert not out.exists()
    ran = camsim(*words, "--engines", folder, "--fall-back")
    assert ran.status == 0
    assert "running ONNX Runtime instead" in ran.err
    assert out.exists()


def test_a_bundle_carries_engines_and_the_device_refuses_foreign_ones(
    maker: Company,
    trt: ModuleType,
    simulated: SimulatedCuda,
    monkeypatch: pytest.MonkeyPatch,
    device: Any,
    tmp_path: Path,
) -> None:
    from firmware_export.boot import boot, install

    model = tiny_model()
    foreign = plans(KEY.model_copy(update={"capabilities": ("8.7",)}))
    bundle = maker.signed(
        built(
            RELEASE,
            {model.contract.name: model.model()},
            "fp32",
            (),
            foreign,
            {"timing.cache": b"timings"},
        )
    )
    parts = opened(bundle).manifest
    assert parts.engines[0].key.capabilities == ("8.7",)
    assert parts.others[0].sha256 == hashlib.sha256(b"timings").hexdigest()
    (tmp_path / "a.camfw").write_bytes(bundle)
    install(device, tmp_path / "a.camfw")
    boot(device)
    firmware = booted(device)
    monkeypatch.setattr(tensorrt, "find_tensorrt", lambda _: Device(trt, model, None).module)
    with pytest.raises(EngineError, match=r"was built for compute capability 8\.7"):
        TensorRTEngine(firmware.model(None), "fp32", firmware.engines)


def test_cuda_failures_are_words() -> None:
    with pytest.raises(EngineError, match="CUDA failed: 2"):
        cuda.checked((2, None))
    assert cuda.checked((0, 5)) == 5
