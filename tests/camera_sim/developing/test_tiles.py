import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from camera_sim.developing.tiles import Plan, develop, plan_tiles, tile_memory
from camera_sim.engines import TileEngine
from camera_sim.engines.onnxruntime import OnnxRuntimeEngine
from camera_sim.errors import MemoryBudgetError
from camera_sim.pipelines import DEFAULT_PIPELINE
from camera_sim.pipelines.classical import ClassicalEngine
from camera_sim.raw.cfa import CFA_ORDERS, CFAOrder
from camera_sim.raw.raw_image import RawImage
from camera_sim.sensor.cameras import CAMERAS
from camera_sim.sensor.dng import write_dng
from camera_sim.sensor.sensor import Noise
from camera_sim.weights import FOLDER, read_manifest
from tests.camera_sim.scenes import capture, clean, psnr

EngineOf = Callable[[str], OnnxRuntimeEngine]
NOISE = Noise(1e-3, 1e-5)
slow = settings(
    max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
halves = st.integers(4, 90)
small = st.integers(4, 32)


def halo_of(engine: TileEngine) -> int:
    multiple = engine.size.multiple_of
    return -(-engine.size.receptive_field // multiple) * multiple


def untiled(image: RawImage, engine: TileEngine) -> np.ndarray:
    """Develop in one tile that holds the whole picture, and never more than mirrored edges."""
    multiple = engine.size.multiple_of
    whole = -(-max(image.size) // (2 * multiple)) * multiple
    return develop(image, engine, exposure=1.0, plan=Plan(whole, halo_of(engine), 1))


def assert_tiled_equals_untiled(
    image: RawImage, engine: TileEngine, tile: int, threads: int
) -> None:
    plan = Plan(tile * engine.size.multiple_of, halo_of(engine), threads)
    tiled = develop(image, engine, exposure=1.0, plan=plan)
    whole = untiled(image, engine)
    assert tiled.shape == (*image.size, 3)
    assert whole.std() > 1, "a flat picture would prove nothing"
    assert np.abs(tiled.astype(int) - whole.astype(int)).max() <= 1


@slow
@given(halves, halves, st.integers(8, 40), st.sampled_from(CFA_ORDERS))
def test_classical_tiled_equals_untiled(h: int, w: int, tile: int, order: CFAOrder) -> None:
    image = capture(2 * h, 2 * w, order, NOISE)
    assert_tiled_equals_untiled(image, ClassicalEngine(), tile, 2)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["rnet", "qnet", "inet", "dnet"])
def test_neural_tiled_equals_untiled(name: str, untrained_engine: EngineOf) -> None:
    engine = untrained_engine(name)

    @settings(slow, max_examples=4)
    @given(small, small, st.integers(4, 12), st.sampled_from(CFA_ORDERS))
    def check(h: int, w: int, tile: int, order: CFAOrder) -> None:
        assert_tiled_equals_untiled(capture(2 * h, 2 * w, order, NOISE), engine, tile, 2)

    check()


@pytest.mark.slow
@pytest.mark.parametrize("order", ["GRBG", "BGGR"])
def test_unet_tiled_equals_untiled(order: CFAOrder, untrained_engine: EngineOf) -> None:
    # Untrained, it is all but flat: its picture is compared at 16 bits.
    image = capture(102, 134, order, NOISE)
    engine = untrained_engine("unet")
    plan = Plan(48, halo_of(engine), 1)
    tiled = develop(image, engine, exposure=1.0, plan=plan, depth=16)
    multiple = engine.size.multiple_of
    whole = develop(image, engine, exposure=1.0, plan=Plan(5 * multiple, plan.halo, 1), depth=16)
    assert len(np.unique(whole)) > 100
    assert np.abs(tiled.astype(int) - whole.astype(int)).max() <= 257  # one 8-bit level


@pytest.mark.parametrize("order", CFA_ORDERS)
def test_classical_recovers_the_scene_in_every_order(order: CFAOrder) -> None:
    developed = develop(capture(192, 256, order), ClassicalEngine(), exposure=1.0)
    assert psnr(developed, clean(192, 256)) > 33


@pytest.mark.slow
@pytest.mark.parametrize("name", ["rnet", "qnet"])
@pytest.mark.parametrize("order", CFA_ORDERS)
def test_networks_recover_the_scene_before_training(
    name: str, order: CFAOrder, untrained_engine: EngineOf
) -> None:
    """They start as classical pipelines: orders, colours, the curve are right from the first."""
    developed = develop(capture(192, 256, order), untrained_engine(name), exposure=1.0)
    assert psnr(developed, clean(192, 256)) > 27


@pytest.mark.slow
@pytest.mark.parametrize("size", [(22, 22), (24, 200), (2, 2), (130, 34)])
def test_small_and_uneven_sizes(size: tuple[int, int], untrained_engine: EngineOf) -> None:
    for engine in (ClassicalEngine(), untrained_engine("rnet"), untrained_engine("qnet")):
        developed = develop(capture(*size), engine, exposure=1.0)
        assert developed.shape == (*size, 3)
        assert developed.dtype == np.uint8


def test_sixteen_bits_agree_with_eight() -> None:
    image = capture(64, 80)
    eight = develop(image, ClassicalEngine(), exposure=1.0)
    sixteen = develop(image, ClassicalEngine(), exposure=1.0, depth=16)
    assert sixteen.dtype == np.uint16
    assert len(np.unique(sixteen)) > 256
    assert np.abs(sixteen / 257 - eight).max() <= 0.51


def test_exposure_brightens_in_linear_light() -> None:
    image = capture(64, 80)
    dark, bright = (develop(image, ClassicalEngine(), exposure=e) for e in (1.0, 1.4))
    assert (bright.astype(int) >= dark.astype(int)).all()
    assert bright.mean() > dark.mean() + 10


def test_progress_ends_at_one() -> None:
    seen: list[float] = []
    plan = Plan(16, 8, 2)
    develop(capture(96, 96), ClassicalEngine(), plan=plan, progress=seen.append)
    assert len(seen) == 9
    assert seen == sorted(seen)
    assert seen[-1] == 1.0


def shipped_rnet() -> OnnxRuntimeEngine:
    return OnnxRuntimeEngine(read_manifest(FOLDER).find("rnet"), FOLDER)


def test_plans_shrink_with_the_memory_and_fit_it() -> None:
    image, engine = capture(512, 512), shipped_rnet()
    last = None
    for megabytes in (4000, 1000, 400, 300, 240):
        plan = plan_tiles(image, engine, max_memory=megabytes * 1024**2, threads=4)
        used = plan.threads * tile_memory(plan.tile, plan.halo, engine)
        assert used < megabytes * 1024**2
        assert last is None or used <= last
        assert plan.tile % engine.size.multiple_of == 0
        assert plan.halo >= engine.size.receptive_field
        last = used


def test_the_memory_that_would_do_does() -> None:
    image, engine = capture(512, 512), shipped_rnet()
    with pytest.raises(MemoryBudgetError, match=r"0\.3 MP cannot be developed in 100 MB") as raised:
        plan_tiles(image, engine, max_memory=100 * 1024**2)
    stated = int(str(raised.value).split("--max-memory ")[1].split("MB")[0])
    plan_tiles(image, engine, max_memory=stated * 1024**2)
    with pytest.raises(MemoryBudgetError):
        plan_tiles(image, engine, max_memory=(stated - 2) * 1024**2)


def write_large(path: Path, size: tuple[int, int]) -> None:
    small = capture(512, 512, noise=NOISE)
    samples = np.tile(small.samples, (11, 17))[: size[0], : size[1]]
    write_dng(path, RawImage(**{**vars(small), "samples": samples}))


MEASURE = """
import sys
from camera_sim.cli import main
status = main(sys.argv[1:])
# Not ru_maxrss: across exec it keeps the peak of the process that started this one.
line = next(line for line in open("/proc/self/status") if line.startswith("VmHWM"))
print(status, int(line.split()[1]) * 1024)
"""


@pytest.mark.slow(seconds=5)
@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="peak memory is read from /proc")
@pytest.mark.parametrize(
    ("size", "name", "words", "megabytes"),
    [
        ((5504, 8256), DEFAULT_PIPELINE, (), 2048),
        ((3648, 5472), "rnet", ("--max-memory", "580MB"), 580),
    ],
    ids=["45 MP by default", "20 MP in 580 MB"],
)
def test_memory_limit_is_kept(
    size: tuple[int, int],
    name: str,
    words: tuple[str, ...],
    megabytes: int,
    tmp_path: Path,
    untrained: Callable[[str], Path],
) -> None:
    raw = tmp_path / "large.dng"
    write_large(raw, size)
    command = [sys.executable, "-c", MEASURE, "develop", raw, "--out", tmp_path]
    command += ["--pipeline", name, *words]
    if name != DEFAULT_PIPELINE:
        command += ["--weights", untrained(name)]
    ran = subprocess.run(command, capture_output=True, text=True, check=True)
    status, peak = ran.stdout.splitlines()[-1].split()
    assert status == "0", ran.stderr
    assert (tmp_path / f"large.{name}.jpg").stat().st_size > 1e6
    assert int(peak) < megabytes * 1024**2, f"{int(peak) / 1024**2:.0f} MB"


def test_every_camera_develops_neutral_as_neutral() -> None:
    from camera_sim.sensor.sensor import Sensor

    grey = np.full((64, 64, 3), 0.4, np.float32)
    for camera in CAMERAS:
        image = Sensor(camera).capture(grey, (1.8, 1.0, 1.6), np.random.default_rng(0))
        developed = develop(image, ClassicalEngine(), exposure=1.0)
        assert np.ptp(developed.reshape(-1, 3).mean(axis=0)) < 0.6, camera.model
