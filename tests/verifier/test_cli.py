import json
from pathlib import Path

import numpy as np
import pytest

from channel.evaluation.bench_history import history
from channel.manipulations import GAUSSIAN, SHARPEN
from tests.verifier.conftest import Camsim, jpeg
from tests.verifier.detectors.test_origin import BLUE, GREEN, RED, tinted
from tests.verifier.detectors.toy_origin import NAME as TOY_ORIGIN
from tests.verifier.detectors.toy_origin import toy_origin
from tests.verifier.signing import Chain, signed
from tests.verifier.toy import GRAIN, native, toy_weights
from verifier.evaluation.bench_archive import ArchiveResult
from verifier.evaluation.bench_service import LoadResult
from verifier.weights import read_manifest

QUICK = ("--resend", "instagram")


@pytest.fixture
def photos(tmp_path: Path) -> dict[str, Path]:
    contents = {
        "native": jpeg(native()),
        "smooth": jpeg(GAUSSIAN(native())),
        "small": jpeg(native(64, 64)),
        "bad": b"no picture",
    }
    paths = {}
    for name, content in contents.items():
        paths[name] = tmp_path / f"{name}.jpg"
        paths[name].write_bytes(content)
    return paths


@pytest.mark.slow
@pytest.mark.parametrize(
    ("names", "status"),
    [
        (["native"], 0),
        (["smooth"], 3),
        (["small"], 4),
        (["bad"], 2),
        (["native", "native"], 0),
        (["native", "small", "smooth"], 3),
        (["native", "small"], 4),
        (["smooth", "bad", "native"], 2),
    ],
)
def test_the_exit_status_tells_the_verdict(
    names: list[str], status: int, photos: dict[str, Path], toy_folder: Path, camsim: Camsim
) -> None:
    files = [photos[name] for name in names]
    ran = camsim("verify", *files, "--weights", toy_folder, *QUICK)
    assert ran.status == status, ran.err


def test_a_bad_photo_is_named_and_does_not_stop_the_others(
    photos: dict[str, Path], toy_folder: Path, camsim: Camsim
) -> None:
    ran = camsim("verify", photos["bad"], photos["native"], "--weights", toy_folder, *QUICK)
    assert "native.jpg: CONSISTENT" in ran.out
    assert ran.err.startswith(f"camsim: {photos['bad']}: the file is in no format")
    assert "Traceback" not in ran.err


@pytest.mark.slow
def test_json_is_one_line_a_photo(
    photos: dict[str, Path], toy_folder: Path, camsim: Camsim
) -> None:
    ran = camsim("verify", photos["native"], photos["bad"], "--json", "--weights", toy_folder)
    first, second = map(json.loads, ran.out.splitlines())
    assert first["report"]["detectors"][0]["name"] == "grain"
    assert second["kind"] == "PhotoUnreadableError"


@pytest.mark.slow
def test_html_pages(
    photos: dict[str, Path], toy_folder: Path, tmp_path: Path, camsim: Camsim
) -> None:
    options = ("--weights", toy_folder, *QUICK)
    page = tmp_path / "new" / "report.html"
    assert camsim("verify", photos["native"], "--html", page, *options).status == 0
    assert page.read_text().startswith("<!doctype html>")
    again = camsim("verify", photos["native"], "--html", page, *options)
    assert again.status == 2
    assert "exists; add --force" in again.err
    assert camsim("verify", photos["native"], "--html", page, "--force", *options).status == 0
    both = camsim("verify", photos["native"], photos["smooth"], "--html", tmp_path / "p", *options)
    assert both.status == 3
    names = sorted(path.name for path in (tmp_path / "p").iterdir())
    assert names == ["native.jpg.html", "smooth.jpg.html"]
    one = camsim("verify", photos["native"], photos["smooth"], "--html", tmp_path / "x.html")
    assert "name a folder" in one.err


def test_results_are_kept_and_resumed(
    photos: dict[str, Path], toy_folder: Path, tmp_path: Path, camsim: Camsim
) -> None:
    results = tmp_path / "results.jsonl"
    words = ("verify", photos["native"], "--results", results, "--weights", toy_folder, *QUICK)
    assert camsim(*words).status == 0
    before = results.read_text()
    assert camsim(*words).status == 0
    assert results.read_text() == before


def test_trust_anchors(tmp_path: Path, toy_folder: Path, chain: Chain, camsim: Camsim) -> None:
    photo, anchors = tmp_path / "signed.jpg", tmp_path / "root.pem"
    photo.write_bytes(signed(jpeg(native()), chain))
    anchors.write_text(chain.root)
    ran = camsim("verify", photo, "--trust-anchors", anchors, "--weights", toy_folder, *QUICK)
    assert ran.status == 0
    assert "The file is as Test Camera, whom you trust, signed it." in ran.out
    anchors.write_text("nothing")
    ran = camsim("verify", photo, "--trust-anchors", anchors)
    assert ran.status == 2
    assert ran.err.startswith("camsim: the trust anchors can't be read")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--resend", "myspace"], "no platform 'myspace'"),
        (["--weights", "/nowhere"], "holds no manifest.json"),
        (["--seconds", "0"], "seconds is 0"),
        (["--threads", "0"], "--threads must be at least 1, not 0"),
        (["--results", "/proc/results"], "can't be written"),
    ],
)
def test_wrong_options_are_bad_input(
    words: list[str], said: str, photos: dict[str, Path], camsim: Camsim
) -> None:
    ran = camsim("verify", photos["native"], *words)
    assert ran.status == 2
    assert said in ran.err
    assert len(ran.err.strip().splitlines()) == 1


def test_a_failure_of_ours_is_told_from_bad_input(
    photos: dict[str, Path], camsim: Camsim, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.executable", "/no/python")
    ran = camsim("verify", photos["native"])
    assert ran.status == 1
    assert "reading process can't be started" in ran.err


@pytest.mark.slow
def test_bench_prints_each_part(photos: dict[str, Path], toy_folder: Path, camsim: Camsim) -> None:
    ran = camsim("bench", "verify", photos["native"], "--weights", toy_folder, "--runs", 1)
    assert ran.status == 0, ran.err
    for part in ("decoding", "credential", "channel", "reading", "watermark", "stability"):
        assert part in ran.out
    assert "peak memory" in ran.out


def test_benches_of_many_pictures_keep_their_figures(
    photos: dict[str, Path], toy_folder: Path, tmp_path: Path, camsim: Camsim,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    load = LoadResult(10, {200: 10}, p50=1.0, p95=2.0, seconds=5.0, memory=3_000_000, processor=4.0)
    runs = [ArchiveResult("processes", 2, 10, 5.0, 8.0)]
    monkeypatch.setattr("verifier.evaluation.bench_service.bench_service", lambda *_, **__: load)
    monkeypatch.setattr("verifier.evaluation.bench_archive.bench_archive", lambda *_, **__: runs)
    kept, common = tmp_path / "history.jsonl", (photos["native"], "--weights", toy_folder)
    assert camsim("bench", "serve", *common, "--workers", 2, "--record", kept).status == 0
    assert camsim("bench", "archive", *common, "--record", kept).status == 0
    served, archived = (run["figures"] for run in history(kept))
    assert served["2 at a time, photos/s"] == 2.0
    assert served["one core, CPU s a photo"] == 0.4
    assert archived["processes, 2 at a time, photos/s"] == 2.0
    kept.write_text("a diary")
    ran = camsim("bench", "serve", *common, "--record", kept)
    assert (ran.status, "something else than benches" in ran.err) == (2, True)


def test_fuzz_is_a_command(camsim: Camsim) -> None:
    ran = camsim("evaluate", "fuzz", "--files", 20)
    assert ran.status == 0
    assert "exceptions that aren't ours: 0" in ran.out


@pytest.mark.slow
def test_scores_and_calibration(tmp_path: Path, camsim: Camsim) -> None:
    weights = toy_origin(tmp_path / "weights", calibration=None)
    pictures, photos = tmp_path / "pictures", 44
    rng = np.random.default_rng(0)
    for number in range(photos):
        for label, colour in {"npi": GREEN, "cgg": RED, "dgi": BLUE}.items():
            folder = pictures / label
            folder.mkdir(parents=True, exist_ok=True)
            shifted = np.clip(np.array(colour) + rng.normal(0, 12, 3), 0, 200).astype(int)
            picture = jpeg(tinted(tuple(shifted.tolist()), 240, 260))
            (folder / f"{number}.{label}.jpg").write_bytes(picture)
    model = ("--model", TOY_ORIGIN, "--weights", weights)
    scores = tmp_path / "scores.csv"
    ran = camsim("evaluate", "scores", pictures, *model, "--platform", "none", "--out", scores)
    assert ran.status == 0, ran.err
    assert ran.out == f"132 scores of 132 pictures in {scores}\n"

    figure = tmp_path / "reliability.png"
    words = ("evaluate", "calibration", scores, *model, "--figure", figure, "--store")
    ran = camsim(*words, "--data", "made pictures")
    assert ran.status == 0, ran.err
    assert "| any |" in ran.out
    assert figure.stat().st_size > 1000
    calibration = read_manifest(weights).find(TOY_ORIGIN).calibration_for(None)
    assert calibration is not None
    assert calibration.data == "made pictures"
    assert calibration.expected_calibration_error < 0.05
    assert calibration.named is not None
    assert calibration.named.false_alarm_rate <= 0.05


@pytest.mark.slow
def test_flips(tmp_path: Path, camsim: Camsim) -> None:
    weights = toy_weights(tmp_path / "weights")
    for number in range(2):
        pixels = native(256, 256, seed=number)
        for label, edit in {"native": None, "gaussian": GAUSSIAN, "sharpen": SHARPEN}.items():
            folder = tmp_path / "pictures" / label
            folder.mkdir(parents=True, exist_ok=True)
            edited = edit(pixels) if edit else pixels
            (folder / f"{number}.{label}.jpg").write_bytes(jpeg(edited))
    words = ("evaluate", "flips", tmp_path / "pictures", "--model", GRAIN, "--weights", weights)
    ran = camsim(*words, "--platform", "twitter", "--limit", 2)
    assert ran.status == 0, ran.err
    assert "| all | 6 |" in ran.out


def test_models_of_no_class_have_no_scores_to_calibrate(tmp_path: Path, camsim: Camsim) -> None:
    ran = camsim(
        "evaluate", "scores", tmp_path, "--model", "watermark-edits-4", "--out", tmp_path / "a.csv"
    )
    assert ran.status == 2
    assert "watermark-edits-4 is no model of origin, generated, platform" in ran.err
    weights = toy_weights(tmp_path / "weights")
    scores = tmp_path / "scores.csv"
    labels = ("native", "gaussian", "sharpen", "unknown-camera")
    head = "file,photo,truth,platform,channel,patches," + ",".join(f"log {name}" for name in labels)
    scores.write_text(head + "\na,a,native,none,,9,-1,-2,-3,-4\n")
    ran = camsim("evaluate", "calibration", scores, "--model", GRAIN, "--weights", weights)
    assert ran.status == 2
    assert "no classes" in ran.err


def test_too_few_pictures_are_not_calibrated_on(tmp_path: Path, camsim: Camsim) -> None:
    weights = toy_origin(tmp_path / "weights")
    scores = tmp_path / "scores.csv"
    labels = ("npi", "cgg", "dgi")
    head = "file,photo,truth,platform,channel,patches," + ",".join(f"log {name}" for name in labels)
    scores.write_text(head + "\na,a,npi,none,,9,-1,-2,-3\n")
    model = ("--model", TOY_ORIGIN, "--weights", weights)
    ran = camsim("evaluate", "calibration", scores, *model)
    assert ran.status == 2
    assert "at least 20" in ran.err
    scores.write_text("nonsense\n")
    assert "scores" in camsim("evaluate", "calibration", scores, *model).err
