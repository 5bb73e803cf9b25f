"""How often a camera's watermark is said to lie in others' pictures: what the commands count."""

from itertools import islice
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from camera_sim.cli import main
from tests.verifier.features.test_watermark_proof import natural, taken
from tests.verifier.features.test_watermark_sync import COLUMNS, MORE, RICH, ROWS, WAVES, as_pixels
from tests.verifier.reading.credentials.test_cases import made
from verifier import Settings, Verifier
from verifier.detectors.manipulation import ManipulationDetector
from verifier.detectors.pooling import Pixels, Pooling
from verifier.errors import PhotoError
from verifier.evaluation.graphics import KINDS, graphics
from verifier.evaluation.watermark_claims import claim_of, claims, claims_table, others_line
from verifier.features.watermark_proof import WatermarkProof
from verifier.features.watermark_sync import MeasuredPattern
from verifier.report.wording import pipeline_headline

FEW = 6  # drawings that a test can wait for


def test_the_cameras_pictures_are_claimed_and_others_are_not() -> None:
    pictures = [("own", taken()), ("other", as_pixels(natural()))]
    found = list(claims(pictures, RICH, (1.0, 0.7)))
    assert [one.name for one in found] == ["own", "own at 0.7", "other", "other at 0.7"]
    assert [one.claimed for one in found] == [True, True, False, False]
    *_, last = claims_table(found).strip().splitlines()
    assert last.startswith("| all | 4 |")
    assert "| 2 |" in last


def test_no_picture_is_no_measurement() -> None:
    with pytest.raises(PhotoError, match="no picture to measure"):
        claims_table([])


@pytest.mark.slow
def test_drawings_are_the_same_for_a_seed() -> None:
    first = [one.content for one in graphics(1, 5)]
    again, other = ([one.content for one in islice(graphics(1, seed), FEW)] for seed in (5, 6))
    assert first[:FEW] == again
    assert len(first) == len(KINDS) >= 20
    assert first[:FEW] != other


def test_photographs_are_searched_and_what_is_none_is_left_out(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    Image.fromarray(as_pixels(natural((300, 400)))).save(tmp_path / "one.jpg")
    Image.fromarray(np.zeros((8, 8, 3), np.uint8)).save(tmp_path / "small.png")
    (tmp_path / "none.jpg").write_bytes(b"none")
    assert main(["evaluate", "unknown-camera", str(tmp_path)]) == 0
    printed = capsys.readouterr()
    assert "| all | 1 | 0 | 0 |" in printed.out
    assert "left out" in printed.err


def test_other_cameras_watermarks_are_tried_as_well() -> None:
    found = claim_of("a", as_pixels(natural()), RICH, others=20)
    assert found.others == 0
    assert others_line([found], 20).startswith(
        "20 watermarks drawn as of other cameras for each picture"
    )
    phases = np.random.default_rng(0).uniform(0, 6.28, 18)
    waves = zip((*WAVES, *((u, v, 0.4) for u, v in MORE)), phases, strict=True)
    theirs = MeasuredPattern(sum(a * np.cos(u * ROWS + v * COLUMNS + p) for (u, v, a), p in waves))
    assert claim_of("b", taken(theirs), theirs).claimed
    assert not claim_of("b", taken(theirs), RICH).claimed


@pytest.fixture
def proofs(monkeypatch: pytest.MonkeyPatch) -> list[WatermarkProof]:
    """Collect what models find of watermarks, as they find it."""
    found: list[WatermarkProof] = []
    prove = Pooling.prove

    def kept(pooling: Pooling, pixels: Pixels) -> WatermarkProof:
        found.append(prove(pooling, pixels))
        return found[-1]

    monkeypatch.setattr(Pooling, "prove", kept)
    return found


@pytest.mark.slow(seconds=18)
def test_no_camera_took_the_drawings_that_once_were_taken_for_ours(
    shared_folder: Path, tmp_path: Path, proofs: list[WatermarkProof]
) -> None:
    folder = made(shared_folder, "09-trace-in-a-gradient", tmp_path / "out")
    photos, detector = sorted(folder.glob("*.jpg")), ManipulationDetector.from_weights()
    with Verifier([detector], Settings(resend_through=("twitter",))) as verifier:
        for photo in photos:
            report = verifier.analyze(photo)
            assert (photo.name, report.verdict.label) == (photo.name, "inconclusive")
            assert (photo.name, pipeline_headline(report)) == (photo.name, "Not known")
            assert not any(proof.holds for proof in proofs), photo.name
    assert len(proofs) >= len(photos) > 0
