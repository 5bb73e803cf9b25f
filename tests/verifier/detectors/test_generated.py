"""Generated pictures: augmentation, watermark, average precision, the detector and its tables."""

import hashlib
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from onnx import TensorProto, helper, numpy_helper
from PIL import Image

from tests.camera_sim.conftest import Camsim
from tests.channel.conftest import photo
from tests.verifier.detectors.toy_origin import toy_origin
from tests.verifier.toy import threshold
from verifier import Verifier
from verifier.commands.evaluate_generated import model_of
from verifier.detectors.generated import GeneratedDetector
from verifier.detectors.model import Model
from verifier.errors import PicturesError, ScoresError
from verifier.evaluation.average_precision import average_precision
from verifier.evaluation.fitting import Rates, fit
from verifier.evaluation.generated.bench import (
    centre_crops,
    chance_by_set,
    count_by_set,
    precision_by_set,
    scores_of,
)
from verifier.evaluation.generated.log_odds import log_odds
from verifier.evaluation.generated.tables import precision_table
from verifier.evaluation.scores import Row, Scores
from verifier.features.average_spectrum import average_spectrum, high_pass
from verifier.report.record import DetectorResult
from verifier.training.generated.blur_and_jpeg import (
    VARIANTS,
    augmented,
    blurred,
    coded,
    find_variant,
    grey,
)
from verifier.training.generated.compvis_watermark import MESSAGE, agreement, marked, unmarked
from verifier.training.generated.sets import GENERATED, NATURAL, pictures_of_sets
from verifier.training.origin.classes import labels_of
from verifier.weights import (
    ANY_CHANNEL,
    FOLDER,
    Calibration,
    Domain,
    InputContract,
    Label,
    ModelEntry,
    Selection,
    Threshold,
    add_to_manifest,
    read_manifest,
)

NAME = "toy-synthetic"
LABELS = (
    Label(name="natural", role="native", words="a photograph"),
    Label(name="generated", role="class", words="a generated picture"),
)


def calibration(named: Threshold) -> Calibration:
    return Calibration(
        temperature=1.0, exponent=0.0, named=named, none=threshold(0.9),
        expected_calibration_error=0.02, pictures=200, data="none: a toy",
    )  # fmt: skip


def toy(folder: Path, calibrated: Calibration | None = None) -> Path:
    """A model to which a picture is generated if it is redder than green: ±100 × the difference."""
    weights = np.array([[-100, 100], [100, -100], [0, 0]], np.float32)
    graph = helper.make_graph(
        [
            helper.make_node("GlobalAveragePool", ["patches"], ["mean4"]),
            helper.make_node("Flatten", ["mean4"], ["mean"]),
            helper.make_node("MatMul", ["mean", "weights"], ["logits"]),
        ],
        "red",
        [helper.make_tensor_value_info("patches", TensorProto.FLOAT, ["n", 3, 224, 224])],
        [helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["n", 2])],
        [numpy_helper.from_array(weights, "weights")],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)
    content = model.SerializeToString()
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{NAME}.onnx").write_bytes(content)
    entry = ModelEntry(
        name=NAME, task="generated", version="1", file=f"{NAME}.onnx",
        sha256=hashlib.sha256(content).hexdigest(), licence="CC0-1.0", parameters=6,
        labels=LABELS, input=InputContract(side=224),
        selection=Selection(stride=224, min_variance=0.0),
        domain=Domain(min_side=224, min_patches=1), recipe={}, data="none", figures={},
        calibrations={ANY_CHANNEL: calibrated} if calibrated else {},
    )  # fmt: skip
    add_to_manifest(entry, folder)
    return folder


def tinted(red: int, green: int, side: int = 256, seed: int = 0) -> np.ndarray:
    noise = np.random.default_rng(seed).integers(-20, 21, (side, side, 3))
    return np.clip(np.array([red, green, 100]) + noise, 0, 255).astype(np.uint8)


def png(pixels: np.ndarray) -> bytes:
    file = BytesIO()
    Image.fromarray(pixels).save(file, "PNG")
    return file.getvalue()


def result(verifier: Verifier, data: bytes) -> DetectorResult:
    return next(r for r in verifier.analyze(data).detectors if r.name == "generated")


# Augmentation


def test_the_variants_are_the_papers() -> None:
    assert {name: (v.blur, v.jpeg) for name, v in VARIANTS.items()} == {
        "none": (0, 0), "blur": (0.5, 0), "jpeg": (0, 0.5), "both-0.5": (0.5, 0.5),
        "both-0.1": (0.1, 0.1),
    }  # fmt: skip
    with pytest.raises(PicturesError, match="none, blur, jpeg"):
        find_variant("both")


def test_the_two_codecs_lose_more_at_less_quality() -> None:
    pixels = photo(224, 224)
    loss = {
        (codec, quality): float(np.abs(coded(pixels, quality, codec).astype(int) - pixels).mean())
        for codec in ("opencv", "pillow")
        for quality in (30, 90)
    }
    assert all(loss[codec, 30] > 1.2 * loss[codec, 90] > 0 for codec in ("opencv", "pillow"))
    # Colours in the right order: a swap of red and blue would cost far more.
    assert max(loss.values()) < 20


def test_a_blur_spreads_a_point_by_sigma() -> None:
    point = np.zeros((65, 65, 3), np.uint8)
    point[32, 32] = 255
    bright = np.full_like(point, 255)
    assert np.array_equal(blurred(bright, 3.0), bright)
    assert np.array_equal(blurred(point, 0.0), point)
    spread = 255.0 - blurred(255 - point, 1.0)[32, :, 0]
    assert spread[32] == pytest.approx(255 / (2 * np.pi), abs=3)
    with pytest.raises(PicturesError, match="-1"):
        blurred(point, -1)


@settings(max_examples=20, deadline=None)
@given(st.sampled_from(sorted(VARIANTS)), st.integers(0, 2**31))
def test_augmentation_keeps_size_and_is_repeatable(name: str, seed: int) -> None:
    pixels = photo(96, 96)
    first = augmented(pixels, VARIANTS[name], np.random.default_rng(seed))
    assert (first.shape, first.dtype) == (pixels.shape, np.uint8)
    assert np.array_equal(first, augmented(pixels, VARIANTS[name], np.random.default_rng(seed)))
    if name == "none":
        assert np.array_equal(first, pixels) or np.array_equal(first, pixels[:, ::-1])


def test_grey_has_one_value_in_three_channels() -> None:
    found = grey(photo(40, 50))
    assert (found == found[..., :1]).all()
    assert found.std() > 1


# The watermark


def test_a_watermark_is_written_read_and_removed() -> None:
    pixels = photo(512, 640)
    carried = marked(pixels)
    assert agreement(pixels) < 0.7
    assert agreement(carried) > 0.9
    assert agreement(unmarked(carried)) < 0.75
    assert np.abs(carried.astype(int) - pixels).mean() < 4


def test_removal_changes_little_and_leaves_the_luma() -> None:
    pixels = photo(256, 256)
    cleaned = unmarked(pixels)
    assert np.abs(cleaned.astype(int) - pixels).mean() < 3
    luma = [np.asarray(Image.fromarray(p).convert("L"), int) for p in (pixels, cleaned)]
    assert np.abs(luma[0] - luma[1]).mean() < 1.5


@pytest.mark.slow
def test_stable_diffusions_pictures_carry_it(shared_folder: Path) -> None:
    folder = shared_folder / "data" / "pictures" / "dgi" / "stable-diffusion"
    if not folder.is_dir():
        pytest.skip(f"there is no {folder}")
    pictures = [picture.pixels() for picture in pictures_of_sets(GENERATED, [folder])]
    assert len(MESSAGE) == 17
    assert np.mean([agreement(pixels) > 0.9 for pixels in pictures]) > 0.4
    assert max(agreement(unmarked(pixels)) for pixels in pictures) < 0.75


# Average precision and spectra


def test_average_precision_by_hand() -> None:
    assert average_precision([3, 2, 1, 0], [1, 1, 0, 0]) == 1
    assert average_precision([3, 2, 1, 0], [1, 0, 1, 0]) == pytest.approx((1 + 2 / 3) / 2)
    assert average_precision([0, 0, 0, 0], [1, 0, 0, 0]) == pytest.approx(0.25)
    with pytest.raises(ScoresError, match="both kinds"):
        average_precision([1, 2], [1, 1])


@settings(max_examples=50, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 5), st.booleans()), min_size=2, max_size=30))
def test_average_precision_ignores_order_and_is_at_most_one(
    rows: list[tuple[int, bool]],
) -> None:
    scores, truth = zip(*rows, strict=True)
    if len(set(truth)) < 2:
        return
    found = average_precision(scores, truth)
    assert 0 < found <= 1
    assert found == pytest.approx(average_precision(scores[::-1], truth[::-1]))


def test_upsampling_shows_as_a_lattice() -> None:
    rng = np.random.default_rng(0)
    small = rng.integers(0, 256, (20, 56, 56, 3), np.uint8)
    doubled = [np.repeat(np.repeat(one, 2, axis=0), 2, axis=1) for one in small]
    plain = rng.integers(0, 256, (20, 112, 112, 3), np.uint8)
    middle = 56
    lattice, noise = average_spectrum(doubled), average_spectrum(plain)
    assert lattice.shape == (112, 112)
    # Doubling by repetition has no component at the highest frequency.
    assert lattice[0, middle] < 0.5 * noise[0, middle]
    assert np.abs(high_pass(np.full((32, 32, 3), 90, np.uint8))).max() == 0


# Crops, precision by generator


@pytest.fixture
def sets(tmp_path: Path) -> tuple[Path, Path, Path]:
    """Green photographs, and two generators: one red, one as green as the photographs."""
    folders = []
    for name, red in (("camera", 80), ("red", 160), ("green", 80)):
        folder = tmp_path / "sets" / name
        folder.mkdir(parents=True)
        for number in range(6):
            picture = tinted(red, 120, seed=10 * red + number + (name == "green") * 100)
            Image.fromarray(picture).save(folder / f"{number}.png")
        folders.append(folder)
    return folders[0], folders[1], folders[2]


def test_precision_is_by_generator(sets: tuple[Path, Path, Path], tmp_path: Path) -> None:
    camera, red, green = sets
    pictures = (
        *pictures_of_sets(NATURAL, [camera]),
        *pictures_of_sets(GENERATED, [red, green]),
    )
    crops = centre_crops(pictures)
    assert {crop.pixels.shape for crop in crops} == {(224, 224, 3)}
    folder = toy(tmp_path / "weights")
    model = Model(read_manifest(folder).find(NAME), folder)
    found = precision_by_set(crops, scores_of(model, crops))
    assert found["red"] == 1
    assert found["green"] < 0.95
    assert chance_by_set(crops) == {"red": 0.5, "green": 0.5}
    greyed = precision_by_set(crops, scores_of(model, crops, grey))
    assert greyed["red"] < 1
    counts = count_by_set(crops)
    table = precision_table([("toy", found)], chance_by_set(crops), counts, ["red"])
    assert "| model | red (seen) | green | mean of unseen |" in table
    assert f"| toy | 100.0 | {100 * found['green']:.1f} | {100 * found['green']:.1f} |" in table
    assert "| *chance* | 50.0 | 50.0 | 50.0 |\n| *pictures* | 6 | 6 | 6 |" in table


def test_a_crop_does_not_depend_on_the_other_pictures(sets: tuple[Path, Path, Path]) -> None:
    camera, red, green = sets
    natural = pictures_of_sets(NATURAL, [camera])
    first = centre_crops((*natural, *pictures_of_sets(GENERATED, [red, green])))
    second = centre_crops((*natural[:2], *pictures_of_sets(GENERATED, [red])))
    assert np.array_equal(first[1].pixels, second[1].pixels)


def test_folders_that_are_no_sets_are_refused(tmp_path: Path) -> None:
    with pytest.raises(PicturesError, match="not a folder"):
        pictures_of_sets(NATURAL, [tmp_path / "nowhere"])
    with pytest.raises(PicturesError, match="holds no pictures"):
        pictures_of_sets(NATURAL, [tmp_path])
    with pytest.raises(PicturesError, match="same name"):
        pictures_of_sets(NATURAL, [tmp_path, tmp_path])


@pytest.mark.slow
def test_evaluate_writes_tables_and_figures(
    sets: tuple[Path, Path, Path], tmp_path: Path, camsim: Camsim
) -> None:
    camera, red, green = sets
    weights, out = toy(tmp_path / "weights"), tmp_path / "out"
    ran = camsim(
        "evaluate", "generated", "--natural", camera, "--generated", red, green,
        "--models", weights, "--out", out,
    )  # fmt: skip
    assert ran.status == 0, ran.err
    assert "6 photographs and 12 generated pictures" in ran.out
    assert "| toy-synthetic | 100.0 |" in ran.out
    assert "| Gaussian blur, σ in pixels | 0 | 1 | 2 | 3 | 4 |" in ran.out
    assert "| JPEG quality (Pillow) | 100 | 90 | 80 | 70 | 60 | 50 | 40 | 30 |" in ran.out
    assert sorted(path.name for path in out.iterdir()) == [
        "generated-augmentation.png", "generated-ranking.md", "generated-ranking.png",
        "generated-robustness.png", "generated-spectra.png",
    ]  # fmt: skip
    ranked = (out / "generated-ranking.md").read_text().splitlines()
    assert all("generated/red" in line for line in ranked[2:8])


def test_the_shipped_model_is_taken_and_one_of_generated_pictures_before_it(
    tmp_path: Path,
) -> None:
    assert model_of(FOLDER).entry.task == "origin"
    both = toy(toy_origin(tmp_path))
    assert model_of(both).entry.name == NAME


def test_a_model_of_origins_is_measured_by_its_probability_of_generated(
    sets: tuple[Path, Path, Path], tmp_path: Path, camsim: Camsim
) -> None:
    """The toy takes green for photographs, red for rendered and blue for generated."""
    camera, red, green = sets
    blue = tmp_path / "blue"
    blue.mkdir()
    for number in range(6):
        picture = tinted(80, 120, seed=number)
        picture[..., 2] = np.minimum(picture[..., 2], 205) + 50
        Image.fromarray(picture).save(blue / f"{number}.png")
    ran = camsim(
        "evaluate", "generated", "--natural", camera, "--generated", red, green, blue,
        "--models", toy_origin(tmp_path / "weights"), "--part", "precision", "--out", tmp_path,
    )  # fmt: skip
    assert ran.status == 0, ran.err
    [row] = [line.split(" | ") for line in ran.out.splitlines() if line.startswith("| toy-origin")]
    # Red pictures are rendered ones: less likely generated than any photograph.
    assert float(row[1]) < 50
    assert row[3] == "100.0"
    assert "| *pictures* | 6 | 6 | 6 | 18 |" in ran.out


def test_log_odds_are_those_of_the_probability() -> None:
    logits = np.array([[0.0, 1.0, 3.0], [4.0, 5.0, 1.0]])
    shares = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
    np.testing.assert_allclose(log_odds(logits, 2), np.log(shares[:, 2] / (1 - shares[:, 2])))
    np.testing.assert_allclose(log_odds(logits[:, :2], 1), logits[:, 1] - logits[:, 0])
    assert log_odds(logits[:, 1:2], 1).tolist() == [1, 5]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        (
            {"labels": labels_of(["real", "drawn"])},
            "distinguishes real, drawn; give a model with a class 'generated' or 'dgi'",
        ),
        (
            {"input": InputContract(side=96)},
            "takes patches of 96 pixels a side; give a model that takes patches of 224",
        ),
        (
            {"input": InputContract(kind="forensic statistics", side=224)},
            "takes forensic statistics of 224 pixels a side; give a model that takes patches",
        ),
    ],
)
def test_a_model_that_says_nothing_of_crops_is_refused(
    changes: dict[str, object], words: str, tmp_path: Path, camsim: Camsim
) -> None:
    folder = toy_origin(tmp_path / "weights")
    add_to_manifest(read_manifest(folder).models[0].model_copy(update=changes), folder)
    ran = camsim(
        "evaluate", "generated", "--natural", tmp_path, "--generated", tmp_path,
        "--models", folder, "--out", tmp_path / "out",
    )  # fmt: skip
    assert (ran.status, len(ran.err.splitlines())) == (2, 1)
    assert f"toy-origin {words}" in ran.err


def test_a_folder_without_a_model_is_refused(
    sets: tuple[Path, Path, Path], tmp_path: Path, camsim: Camsim
) -> None:
    (tmp_path / "manifest.json").write_text('{"schema_version": 1, "models": []}')
    ran = camsim(
        "evaluate", "generated", "--natural", sets[0], "--generated", sets[1],
        "--models", tmp_path, "--out", tmp_path / "out",
    )  # fmt: skip
    assert (ran.status, len(ran.err.splitlines())) == (2, 1)
    assert "camsim train generated makes one" in ran.err
    assert not (tmp_path / "out").exists()


# The detector


def test_it_says_generated_above_its_threshold_alone(tmp_path: Path) -> None:
    folder = toy(tmp_path, calibration(threshold(0.9)))
    with Verifier.from_weights(folder, resend_through=()) as verifier:
        red = result(verifier, png(tinted(160, 100)))
        green = result(verifier, png(tinted(100, 160)))
    assert (red.answer, red.finding) == ("generated", "informs")
    assert red.answer_words == "Looks like a generated picture"
    assert red.confidence is not None
    assert red.confidence > 0.99
    assert any("photographic test pictures" in reason for reason in red.reasons)
    assert "no verdict rests on it" in red.reasons[-1]
    assert (green.answer, green.finding, green.status) == (None, "inconclusive", "ran")
    assert "no trace is no evidence for a picture" in green.limits


@pytest.mark.parametrize(
    "measured",
    [
        Threshold(value=0.9, false_alarm_rate=0.0, upper_bound=0.11, pictures=25),
        Threshold(value=0.9, false_alarm_rate=0.0, upper_bound=0.001, pictures=3000),
    ],
)
def test_no_verdict_rests_on_it_however_few_photographs_got_it_wrongly(
    measured: Threshold, tmp_path: Path
) -> None:
    folder = toy(tmp_path, calibration(measured))
    with Verifier.from_weights(folder, resend_through=()) as verifier:
        report = verifier.analyze(png(tinted(160, 100)))
    found = next(r for r in report.detectors if r.name == "generated")
    assert (found.answer, found.finding) == ("generated", "informs")
    assert report.verdict.label == "inconclusive"
    assert "Looks like a generated picture" in report.to_text()
    assert "looks generated" in report.to_html()


def test_it_abstains(tmp_path: Path) -> None:
    with Verifier.from_weights(toy(tmp_path / "a"), resend_through=()) as verifier:
        found = result(verifier, png(tinted(160, 100)))
        assert (found.status, found.probabilities) == ("abstained", {})
        assert any("isn't calibrated" in reason for reason in found.reasons)
        small = result(verifier, png(tinted(160, 100, side=200)))
        assert (small.status, small.finding) == ("abstained", "inconclusive")
    with Verifier([GeneratedDetector()]) as verifier:
        assert result(verifier, png(tinted(160, 100))).status == "not run"


def test_false_alarms_are_counted_by_photograph(tmp_path: Path) -> None:
    entry = read_manifest(toy(tmp_path)).find(NAME)
    rng = np.random.default_rng(0)
    rows = []
    for number in range(80):
        generated = number % 2 == 1
        for platform in ("none", "instagram", "twitter"):
            logit = rng.normal(3 if generated else -3)
            chance = 1 / (1 + np.exp(-logit))
            truth = "generated" if generated else "natural"
            log = (float(np.log(1 - chance)), float(np.log(chance)))
            rows.append(Row(f"{number}.png", str(number), truth, platform, "", 1, log))
    scores = Scores(("natural", "generated"), tuple(rows))
    by_row = fit(entry, scores, Rates(named=0.0), data="made").calibration.named
    by_photo = fit(entry, scores, Rates(named=0.0), by_photo=True, data="made").calibration.named
    assert by_row is not None
    assert by_photo is not None
    assert by_row.pictures == 3 * by_photo.pictures
    assert by_row.value == by_photo.value
    assert by_photo.upper_bound > 2 * by_row.upper_bound
