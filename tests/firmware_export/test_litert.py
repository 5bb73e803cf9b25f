"""LiteRT: a file with its key, run as a device's firmware, into a signed photo."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from camera_sim import weights
from camera_sim.developing.tiles import develop
from camera_sim.engines import Source
from camera_sim.engines.engine_key import EngineKey
from camera_sim.engines.litert import LiteRtEngine
from camera_sim.engines.onnxruntime import OnnxRuntimeEngine
from camera_sim.errors import EngineError
from channel.extras import to_install
from firmware_export.boot import boot, install
from firmware_export.built_engine import Made
from firmware_export.bundle import built
from firmware_export.contract import read_exported
from firmware_export.engine_contenders import contenders
from firmware_export.litert_build import files_of
from tests.camera_sim.conftest import Camsim
from tests.camera_sim.scenes import capture
from tests.conftest import REPOSITORY
from tests.firmware_export.factory import RELEASE, Company, capture_file, tiny_model
from tests.firmware_export.test_credentials import assertion, read
from verifier.reading.credentials import read_credential

TINY = Path(__file__).parent / "assets" / "tiny.tflite"  # made by tiny_litert.py beside it


@pytest.fixture
def made() -> Made:
    pytest.importorskip("ai_edge_litert", reason="ai-edge-litert is not installed")
    content = TINY.read_bytes()
    key = EngineKey(
        runtime="litert",
        version="0.10.0",
        precision="fp32",
        tile=(64, 64),
        model_sha256=tiny_model().sha256,
    )
    return Made(key.of_plan(content), content)


def test_it_gives_onnx_runtimes_picture(made: Made) -> None:
    engine = LiteRtEngine(Source(tiny_model().model(), engines=files_of(made)))
    assert engine.fixed == (64, 64)
    image = capture(200, 260)
    np.testing.assert_allclose(
        develop(image, engine, exposure=1.0).astype(int),
        develop(image, OnnxRuntimeEngine(tiny_model().model()), exposure=1.0).astype(int),
        atol=1,
    )


def test_a_file_that_is_not_its_keys_or_not_of_the_model_is_refused(made: Made) -> None:
    broken = Made(made.key, made.plan[:-1])
    with pytest.raises(EngineError, match="is not the one that its key describes"):
        LiteRtEngine(Source(tiny_model().model(), engines=files_of(broken)))
    with pytest.raises(EngineError, match="no engine was built from the fp32 model"):
        LiteRtEngine(Source(tiny_model(0.5).model(), engines=files_of(made)))
    no_file = b"nothing that LiteRT knows"
    nothing = Made(made.key.of_plan(no_file), no_file)
    with pytest.raises(EngineError, match="LiteRT cannot open the engine"):
        LiteRtEngine(Source(tiny_model().model(), engines=files_of(nothing)))
    lying = Made(made.key.model_copy(update={"tile": (96, 96)}), made.plan)
    with pytest.raises(EngineError, match="does not take the tile that its key states"):
        LiteRtEngine(Source(tiny_model().model(), engines=files_of(lying)))


def junk_without_a_key(folder: Path) -> None:
    (folder / "0.tflite").write_bytes(b"junk")


def a_key_that_is_none(folder: Path) -> None:
    junk_without_a_key(folder)
    (folder / "0.json").write_bytes(b"\xff{")


def a_folder_named_as_an_engine(folder: Path) -> None:
    (folder / "0.plan").mkdir()


def a_tampered_one_of_the_same_network(folder: Path) -> None:
    [engine] = folder.glob("*.tflite")
    (folder / "0.tflite").write_bytes(engine.read_bytes()[:-1])
    (folder / "0.json").write_bytes(engine.with_suffix(".json").read_bytes())


JUNK = (junk_without_a_key, a_key_that_is_none, a_folder_named_as_an_engine,
        a_tampered_one_of_the_same_network)  # fmt: skip


@pytest.mark.parametrize("lay", JUNK)
def test_junk_in_a_folder_of_engines_stops_no_sound_one(
    lay: Callable[[Path], None], made: Made, tmp_path: Path
) -> None:
    lie_in(tmp_path, made)
    lay(tmp_path)
    source = Source(tiny_model().model(), folder_of_engines=tmp_path)
    assert LiteRtEngine(source).engine_sha256 == made.key.plan_sha256
    rows = list(contenders(tiny_model(), ["litert"], weights.FOLDER, (), tmp_path))
    assert made.key.precision in {row.precision for row in rows}


@pytest.mark.parametrize("lay", [junk_without_a_key, a_key_that_is_none])
def test_a_folder_of_junk_alone_is_told_by_the_name_of_the_file(
    lay: Callable[[Path], None], made: Made, tmp_path: Path
) -> None:
    lay(tmp_path)
    source = Source(tiny_model().model(), folder_of_engines=tmp_path)
    with pytest.raises(
        EngineError, match=r"^0\.tflite does not say what its engine was built for$"
    ):
        LiteRtEngine(source)


def test_a_folder_that_is_none_is_told_in_plain_words(made: Made, tmp_path: Path) -> None:
    source = Source(tiny_model().model(), folder_of_engines=tmp_path / "none")
    with pytest.raises(EngineError) as caught:
        LiteRtEngine(source)
    assert str(caught.value).endswith("/none cannot be read: No such file or directory")


@pytest.mark.slow
def test_the_library_prints_nothing_while_it_develops(made: Made, tmp_path: Path) -> None:
    """It would say once in a process that it has a delegate for the processor."""
    lie_in(tmp_path, made)
    program = (
        "import sys\nfrom pathlib import Path\n"
        "from camera_sim.developing.tiles import develop\n"
        "from camera_sim.engines import Source\n"
        "from camera_sim.engines.litert import LiteRtEngine\n"
        "from tests.camera_sim.scenes import capture\n"
        "from tests.firmware_export.factory import tiny_model\n"
        "source = Source(tiny_model().model(), folder_of_engines=Path(sys.argv[1]))\n"
        "develop(capture(64, 64), LiteRtEngine(source), exposure=1.0)\n"
    )
    command = [sys.executable, "-c", program, str(tmp_path)]
    ran = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=True)
    assert (ran.stdout, ran.stderr) == ("", "")


def lie_in(folder: Path, made: Made) -> None:
    """Write an engine and its key, as ``camsim firmware engine`` does."""
    for name, (key, content) in files_of(made).items():
        (folder / name).write_bytes(content)
        (folder / name).with_suffix(".json").write_text(key)


def test_its_digest_is_in_the_bundle_the_boot_log_and_the_photo(
    made: Made, maker: Company, device: Any, camsim: Camsim, tmp_path: Path
) -> None:
    model = tiny_model()
    bundle = built(RELEASE, {model.contract.name: model.model()}, "fp32", (), files_of(made))
    (tmp_path / "a.camfw").write_bytes(maker.signed(bundle))
    install(device, tmp_path / "a.camfw")
    entries = boot(device).log.entries
    assert [one.sha256 for one in entries if one.step == "engine"] == [made.key.plan_sha256]
    raw, photo = capture_file(tmp_path / "capture.dng", device), tmp_path / "a.jpg"
    ran = camsim("develop", raw, "--device", device.folder, "--engine", "litert", "--out", photo)
    assert (ran.status, ran.err) == (0, "")
    state, manifest, failures = read(photo, maker)
    assert (state, failures) == ("Trusted", [])
    stated = assertion(manifest, "org.camsim.development")
    assert stated["engine_sha256"] == made.key.plan_sha256
    assert (stated["engine"], stated["precision"]) == ("litert", "fp32")
    credential = read_credential(photo.read_bytes(), "image/jpeg")
    assert credential.development
    assert credential.development.engine_sha256 == made.key.plan_sha256


def test_without_the_converter_it_says_what_to_install(
    camsim: Camsim, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setitem(sys.modules, "litert_torch", None)
    ran = camsim("firmware", "engine", weights.FOLDER / "rnet.onnx", "--runtime", "litert",
                 "-o", tmp_path)  # fmt: skip
    needs = f"converting for LiteRT needs litert-torch: {to_install('litert-convert')}"
    assert (ran.status, ran.err) == (2, f"camsim: {needs}\n")


@pytest.mark.slow
def test_a_real_network_is_converted_in_fp32_and_int16() -> None:
    pytest.importorskip("litert_torch", reason="litert-torch is not installed")
    from firmware_export.calibration import feeds_of
    from firmware_export.litert_build import engine_from_weights
    from firmware_export.litert_int16 import INT16_PSNR, in_int16

    model = read_exported(weights.FOLDER / "rnet.onnx")
    fp32 = engine_from_weights(model, tile=(64, 64))
    image = capture(320, 320)
    int16 = in_int16(fp32, feeds_of([("a", image)], (64, 64)))
    assert int16.key.precision == "int16x8"
    assert len(int16.plan) < len(fp32.plan)
    pictures = [
        develop(image, LiteRtEngine(Source(model.model(), engines=files_of(one))), exposure=1.0)
        for one in (fp32, int16)
    ]
    reference = develop(image, OnnxRuntimeEngine(model.model()), exposure=1.0).astype(int)
    assert np.abs(pictures[0].astype(int) - reference).max() <= 1
    error = np.square(pictures[1].astype(float) - reference).mean()
    assert 0 < error < 255**2 / 10 ** (0.1 * (INT16_PSNR - 6))
