from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from camera_sim.evaluation import bench, fidelity, trade_off
from camera_sim.evaluation.bench import LIBRAW, PEER, Result
from camera_sim.sensor.sensor import LOW_PASS_BLUR
from channel.evaluation.processor import processor_name
from tests.camera_sim.conftest import Camsim
from tests.camera_sim.scenes import picture


@pytest.fixture
def timed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Replace the timing, which takes minutes; what was to be timed is listed."""
    asked: list[str] = []

    def bench_develop(pipelines: tuple[str, ...], sizes: tuple[int, ...]) -> Iterator[Result]:
        assert sizes == (12,)
        asked.extend((PEER, *pipelines))
        for place, name in enumerate(asked):
            yield Result(name, 12.2, 1 / (place + 1), 1 / (place + 1), 0)

    monkeypatch.setattr(trade_off, "bench_develop", bench_develop)
    return asked


def test_points_hold_each_developer_s_own_fidelity_and_time(timed: list[str]) -> None:
    pictures = [picture(64, 96)]
    points = trade_off.measure(pictures, ["rnet", "classical"])
    by_name = {point.name: point for point in points}
    assert sorted(by_name) == sorted(timed) == sorted([*LIBRAW, "classical", "rnet"])
    assert [p.seconds_per_megapixel for p in points] == sorted(
        p.seconds_per_megapixel for p in points
    )
    (capture,) = fidelity.captures(pictures, fidelity.noise_of("medium"), LOW_PASS_BLUR)
    ahd = fidelity.psnr(fidelity.by_libraw(capture.image), capture.clean)
    assert by_name[PEER].psnr[1] == pytest.approx(ahd)
    assert by_name["rnet"].psnr[1] > ahd
    assert len({point.psnr for point in points}) == len(points)  # no two are one demosaicing
    assert {by_name[name].kind for name in LIBRAW} == {"LibRaw"}


@pytest.mark.usefixtures("timed")
def test_the_command_prints_and_draws(camsim: Camsim, tmp_path: Path) -> None:
    pictures, out = tmp_path / "pictures", tmp_path / "figure.png"
    pictures.mkdir()
    Image.fromarray(picture(64, 64)).save(pictures / "a.png")
    ran = camsim("evaluate", "trade-off", pictures, "--pipeline", "rnet", "--out", out)
    assert ran.status == 0, ran.err
    assert processor_name() in ran.out
    assert "| libraw AHD |" in ran.out
    assert "| classical (Menon 2007) |" in ran.out
    assert out.stat().st_size < 150_000
    with Image.open(out) as drawn:
        assert drawn.format == "PNG"


@pytest.mark.parametrize("name", ["libraw DHT", "rnet"])
def test_a_name_of_libraw_s_and_a_pipeline_s_are_both_timed(name: str, tmp_path: Path) -> None:
    bench.write_sample(tmp_path / "small.dng", 128, 96)
    assert bench.measure(name, tmp_path / "small.dng").seconds > 0


def test_psnr_alone_is_that_of_the_whole_measure() -> None:
    first, second = picture(64, 64, 1), picture(64, 64, 2)
    assert fidelity.psnr(first, second) == fidelity.quality(first, second).psnr
    assert fidelity.psnr(first, first) == 100
    assert np.isfinite(fidelity.psnr(first, second))


@pytest.mark.parametrize(
    ("name", "reason"), [("mine.png", "exists; name another --out"), ("mine.dng", "ends with .png")]
)
def test_a_file_of_yours_is_not_replaced_and_nothing_measured_first(
    name: str, reason: str, timed: list[str], camsim: Camsim, tmp_path: Path
) -> None:
    out = tmp_path / name
    out.write_bytes(b"mine")
    Image.fromarray(picture(64, 64)).save(tmp_path / "a.png")
    ran = camsim("evaluate", "trade-off", tmp_path, "--pipeline", "rnet", "--out", out)
    assert ran.status == 2
    assert reason in ran.err
    assert (out.read_bytes(), timed) == (b"mine", [])
