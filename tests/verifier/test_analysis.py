import json
import multiprocessing
import pickle
from concurrent.futures import ThreadPoolExecutor
from html import unescape
from pathlib import Path

import numpy as np
import pytest

from channel import transmit
from channel.manipulations import GAUSSIAN
from tests.verifier.conftest import jpeg
from tests.verifier.detectors.test_generated import toy as toy_of_generated
from tests.verifier.toy import CALIBRATION, native, threshold, toy_weights
from tests.verifier.watermark.made import GROUP
from verifier import Report, SettingsError, Verifier
from verifier.detectors import DETECTORS, Detector
from verifier.detectors.edits import WatermarkEdits
from verifier.errors import OutputError, WeightsError
from verifier.report.wording import in_short
from verifier.weights import Domain, add_to_manifest, read_manifest


def test_a_native_picture_is_consistent(verifier: Verifier) -> None:
    report = verifier.analyze(jpeg(native()))
    assert report.verdict.label == "consistent"
    assert report.verdict.level == "moderate"  # no signature says that a lens saw it
    [result, *_] = report.detectors
    assert (result.answer, result.in_domain, result.status) == ("native", True, "ran")
    assert result.false_alarm_rate == 0.01
    assert report.stability.holds is True


@pytest.mark.parametrize("level", [0, 255])
def test_a_framed_picture_is_not_cleared(verifier: Verifier, level: int) -> None:
    """Its patches look native, and what lies under the border was not looked at."""
    framed = np.pad(native(), ((40, 40), (40, 40), (0, 0)), constant_values=level)
    report = verifier.analyze(jpeg(framed))
    assert report.verdict.label == "inconclusive"
    [result, *_] = report.detectors
    assert (result.status, result.in_domain) == ("abstained", True)
    assert "a border of one colour" in result.reasons[0]


def test_an_edited_picture_is_evidence_against(verifier: Verifier, toy_folder: Path) -> None:
    report = verifier.analyze(jpeg(GAUSSIAN(native())))
    assert report.verdict.label == "evidence against"
    [result, *_] = report.detectors
    assert (result.answer, result.answer_words) == ("gaussian", "smoothed")
    assert result.patch_map is not None
    assert min(result.patch_map.values) > 0.5
    assert result.model is not None
    assert result.model.sha256 == read_manifest(toy_folder).models[0].sha256


@pytest.mark.slow
def test_a_patch_map_is_shown_only_with_an_answer(toy_folder: Path, tmp_path: Path) -> None:
    """None where the detector abstained, was undecided, turned over, or was never asked again."""
    native_file, edited_file = jpeg(native()), jpeg(GAUSSIAN(native()))
    small = toy_weights(tmp_path / "small", domain=Domain(min_side=600))
    unsure = toy_weights(
        tmp_path / "unsure",
        calibration=CALIBRATION.model_copy(
            update={"edited": threshold(1.0), "native": threshold(1.0), "temperature": 50.0}
        ),
    )
    cases = [
        (toy_folder, ("twitter",), edited_file, True),
        (toy_folder, (), edited_file, False),  # an accusation that nothing confirmed
        (toy_folder, ("whatsapp",), native_file, False),  # turns over, see below
        (small, (), native_file, False),
        (unsure, (), native_file, False),
    ]
    for folder, platforms, photo, shown in cases:
        with Verifier.from_weights(folder, resend_through=platforms) as verifier:
            report = verifier.analyze(photo)
        [result, *_] = report.detectors
        assert (result.patch_map is not None) is shown, (result, platforms)
        assert ("looks edited" in report.to_html()) is shown
        assert ("looks edited" in report.to_json()) is shown


def test_probabilities_are_shown_only_by_a_detector_that_answers(tmp_path: Path) -> None:
    """A bar of 99% “smoothed” accuses like a map does, whatever the sentence beside it says."""
    cases = [
        toy_weights(tmp_path / "uncalibrated", calibration=None),
        toy_weights(tmp_path / "small", domain=Domain(min_side=600)),
    ]
    for folder in cases:
        with Verifier.from_weights(folder, resend_through=()) as verifier:
            report = verifier.analyze(jpeg(GAUSSIAN(native())))
        [result, *_] = report.detectors
        assert (result.status, result.probabilities) == ("abstained", {})
        assert "Calibrated:" not in report.to_text()


def test_path_bytes_and_array_agree(verifier: Verifier, photo_file: Path) -> None:
    from PIL import Image

    by_path = verifier.analyze(photo_file)
    by_text = verifier.analyze(str(photo_file))
    by_bytes = verifier.analyze(photo_file.read_bytes())
    with Image.open(photo_file) as image:
        by_array = verifier.analyze(np.asarray(image))
    assert by_path.input.name == by_text.input.name == "photo.jpg"
    assert by_bytes.input.name is None
    scores = [report.detectors[0].scores for report in (by_path, by_text, by_bytes, by_array)]
    assert scores == [scores[0]] * 4
    assert by_array.input.format == "pixels"
    assert by_array.channel.jpeg is None


def test_grey_arrays_and_grey_files_are_taken(verifier: Verifier) -> None:
    grey = native()[..., 1]
    assert verifier.analyze(grey).input.width == 512
    assert verifier.analyze(jpeg(grey, subsampling=-1)).input.mode == "L"


def test_a_verifier_without_models_answers(photo_file: Path, tmp_path: Path) -> None:
    (tmp_path / "manifest.json").write_text('{"schema_version": 1, "models": []}')
    with Verifier.from_weights(tmp_path) as verifier:
        report = verifier.analyze(photo_file)
    assert report.detectors[0].status == "not run"
    assert report.verdict.label == "inconclusive"


def test_an_answer_that_turns_over_when_shared_is_void(toy_folder: Path) -> None:
    with Verifier.from_weights(toy_folder, resend_through=("whatsapp",)) as verifier:
        report = verifier.analyze(jpeg(native()))
    assert report.detectors[0].finding == "consistent"
    assert report.stability.holds is False
    assert report.stability.resent[0].flipped == ("grain",)
    assert (report.verdict.label, report.verdict.level) == ("inconclusive", "none")
    assert "Unstable: the result changes" in report.to_text()


def test_without_the_test_of_stability_no_answer_is_strong(toy_folder: Path) -> None:
    with Verifier.from_weights(toy_folder, resend_through=()) as verifier:
        report = verifier.analyze(jpeg(native()))
    assert report.stability.holds is None
    assert (report.verdict.label, report.verdict.level) == ("consistent", "weak")


def test_an_uncalibrated_model_abstains(tmp_path: Path) -> None:
    with Verifier.from_weights(toy_weights(tmp_path, calibration=None)) as verifier:
        [result, *_] = verifier.analyze(jpeg(native())).detectors
    assert (result.status, result.probabilities) == ("abstained", {})
    assert result.scores
    assert "isn't calibrated" in result.reasons[0]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("domain", "photo", "reason"),
    [
        (Domain(min_side=600), jpeg(native()), "too small"),
        (Domain(min_side=10, min_patches=99), jpeg(native()), "Too little of the picture"),
        (Domain(min_side=10, least_quality=96), jpeg(native(), quality=80), "compressed too much"),
        (Domain(min_side=10), jpeg(np.full((400, 400, 3), 90, np.uint8)), "no part"),
        (Domain(min_side=10), jpeg(native(100, 100)), "no part"),
    ],
)
def test_out_of_domain_it_abstains(
    domain: Domain, photo: bytes, reason: str, tmp_path: Path
) -> None:
    with Verifier.from_weights(toy_weights(tmp_path, domain=domain)) as verifier:
        report = verifier.analyze(photo)
    [result, *_] = report.detectors
    assert (result.status, result.in_domain) == ("abstained", False)
    assert reason in result.reasons[0]
    assert report.verdict.label == "inconclusive"


@pytest.mark.parametrize("keyed", [False, True])
def test_of_a_picture_without_a_watermark_it_is_said_why_edits_are_not_judged(keyed: bool) -> None:
    """Without a key none was looked for, with one none was found: neither is passed over."""
    given = {"resend_through": (), "watermark_keys": [GROUP] if keyed else ()}
    with Verifier.default(**given) as verifier:
        report = verifier.analyze(jpeg(native()))
    result = next(one for one in report.detectors if one.name == "manipulation")
    assert (result.status, result.finding) == (
        ("abstained", "inconclusive") if keyed else ("not run", "none")
    )
    assert (result.patches, result.probabilities, result.patch_map) == (0, {}, None)
    why = "No watermark of a known key was read" if keyed else "no key of a device group is known"
    assert why in result.reasons[0]
    assert why in " ".join(report.verdict.reasons)
    short = dict(in_short(report))[result.question]
    assert short == (
        "Can't be judged: no watermark was read"
        if keyed
        else "Can't be judged: there is no key to read a watermark by"
    )
    assert f"{result.question} {short}." in " ".join(report.to_text().split())
    assert short in unescape(report.to_html())
    assert "Whether it was edited: no detector could give an answer." in report.verdict.unknown


def test_a_channel_has_its_own_calibration(tmp_path: Path) -> None:
    folder = toy_weights(tmp_path)
    entry = read_manifest(folder).models[0]
    strict = CALIBRATION.model_copy(update={"edited": threshold(1.0), "native": threshold(1.0)})
    both = entry.calibrations | {"Instagram": strict.model_copy(update={"temperature": 50.0})}
    add_to_manifest(entry.model_copy(update={"calibrations": both}), folder)
    with Verifier.from_weights(folder, resend_through=()) as verifier:
        through = verifier.analyze(transmit(native(), "instagram")).detectors[0]
        unnamed = verifier.analyze(transmit(native(), "whatsapp")).detectors[0]
        other = verifier.analyze(jpeg(native())).detectors[0]
    assert (through.answer, through.threshold) == (None, None)
    assert unnamed.probabilities["native"] != through.probabilities["native"]
    assert other.finding == "consistent"  # and no mark names WhatsApp


def test_it_is_safe_to_use_from_threads(verifier: Verifier) -> None:
    photos = [jpeg(native(256, 256 + 8 * n, seed=n)) for n in range(6)]
    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(verifier.analyze, photos))
    alone = [verifier.analyze(photo) for photo in photos]
    for one, other in zip(together, alone, strict=True):
        assert one.model_dump(exclude={"seconds"}) == other.model_dump(exclude={"seconds"})


@pytest.mark.slow
def test_it_pickles_into_worker_processes(verifier: Verifier) -> None:
    verifier.analyze(jpeg(native()))  # so that sessions and processes are there, and stay behind
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        label = pool.apply(_label_in_another_process, (pickle.dumps(verifier), jpeg(native())))
    assert label == "consistent"


def _label_in_another_process(pickled: bytes, photo: bytes) -> str:
    with pickle.loads(pickled) as verifier:
        return str(verifier.analyze(photo).verdict.label)


def test_models_are_loaded_once_and_when_needed(
    toy_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import onnxruntime as ort

    from verifier.weights import ModelEntry

    reads = []
    read = ModelEntry.read
    monkeypatch.setattr(ModelEntry, "read", lambda *args: reads.append(1) or read(*args))
    with Verifier.from_weights(toy_folder, resend_through=()) as verifier:
        assert not reads
        verifier.analyze(jpeg(native()))
        verifier.analyze(jpeg(native()))
    assert len(reads) == 1
    assert ort is not None


def test_an_altered_model_is_refused(tmp_path: Path) -> None:
    folder = toy_weights(tmp_path)
    file = folder / "grain-1.onnx"
    file.write_bytes(file.read_bytes() + b"\0")
    with (
        Verifier.from_weights(folder) as verifier,
        pytest.raises(WeightsError, match="changed or damaged"),
    ):
        verifier.analyze(jpeg(native()))


def test_an_unknown_platform_to_send_through_is_refused() -> None:
    with pytest.raises(SettingsError, match="no platform 'myspace'"):
        Verifier.default(resend_through=("myspace",))


def test_every_detector_is_listed_and_has_a_question() -> None:
    assert WatermarkEdits in DETECTORS
    for detector in DETECTORS:
        assert issubclass(detector, Detector)
        assert detector.question.endswith("?")
    assert len({detector.name for detector in DETECTORS}) == len(DETECTORS)


def test_generated_pictures_have_a_detector_of_their_own_where_a_user_brings_one(
    tmp_path: Path,
) -> None:
    """The shipped model of origins answers that, too."""
    assert "generated" not in {one.name for one in Verifier.default().detectors}
    theirs = Verifier.from_weights(toy_of_generated(tmp_path)).detectors
    assert "generated" in {one.name for one in theirs}


def test_many_photos_one_line_each_and_resume(
    verifier: Verifier, photo_file: Path, tmp_path: Path
) -> None:
    bad = tmp_path / "bad.jpg"
    bad.write_bytes(b"no picture")
    other = tmp_path / "other.jpg"
    other.write_bytes(jpeg(GAUSSIAN(native())))
    results = tmp_path / "out" / "results.jsonl"
    seen: list[tuple[int, int]] = []
    photos = [photo_file, bad, other]
    outcomes = list(
        verifier.analyze_many(
            photos, results=results, progress=lambda done, of: seen.append((done, of))
        )
    )
    assert [o.error_kind for o in outcomes] == [None, "PhotoUnreadableError", None]
    assert seen == [(1, 3), (2, 3), (3, 3)]
    lines = [json.loads(line) for line in results.read_text().splitlines()]
    assert [Path(line["photo"]).name for line in lines] == ["photo.jpg", "bad.jpg", "other.jpg"]
    assert Report.model_validate(lines[0]["report"]).verdict.label == "consistent"
    assert "no format" in lines[1]["error"]

    with results.open("a") as file:
        file.write('{"photo": "torn')  # a run that was killed while writing
    other.write_bytes(jpeg(native(seed=2)))
    again = list(verifier.analyze_many(photos, results=results))
    assert [outcome.resumed for outcome in again] == [True, False, False]
    assert again[2].report is not None
    assert again[2].report.verdict.label == "consistent"
    assert all(json.loads(line)["photo"] for line in results.read_text().splitlines())


def test_results_that_are_something_else_are_not_overwritten(
    verifier: Verifier, photo_file: Path, tmp_path: Path
) -> None:
    precious = tmp_path / "thesis.txt"
    precious.write_text("my only copy\n")
    with pytest.raises(OutputError, match="holds something else"):
        list(verifier.analyze_many([photo_file], results=precious))
    assert precious.read_text() == "my only copy\n"


def test_an_abandoned_run_of_many_ends(verifier: Verifier, photo_file: Path) -> None:
    outcomes = verifier.analyze_many([photo_file] * 50)
    next(outcomes)
    outcomes.close()
    assert verifier.analyze(photo_file).verdict.label == "consistent"
