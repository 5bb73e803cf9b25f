"""Origin: edges, the choice of patches, the detector, its calibration and its tables."""

import dataclasses
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.verifier.conftest import Camsim, jpeg
from tests.verifier.detectors.toy_origin import CALIBRATION, NAME, SIDE, UNSURE, toy_origin
from verifier import Verifier
from verifier.detectors.model import Model
from verifier.detectors.origin import OriginDetector
from verifier.errors import PicturesError, ScoresError
from verifier.evaluation.linear_classifier import fit_linear
from verifier.evaluation.origin import tables
from verifier.evaluation.origin.bench import OriginRecord, fed, measure, split_of
from verifier.evaluation.origin.conditions import CONDITIONS, scaled, stretched
from verifier.evaluation.origin.features import BASELINES, container
from verifier.evaluation.origin.fitting import LEAST, fit_origin, with_calibration
from verifier.features.canny import canny
from verifier.features.edge_patches import edge_counts, edge_patches
from verifier.reading.reading import Reading
from verifier.report.record import DetectorResult
from verifier.report.report import Report
from verifier.settings import Settings
from verifier.training.origin.classes import labels_of
from verifier.training.picture_sets import Picture
from verifier.weights import Threshold, read_manifest

GREEN, RED, BLUE = (60, 160, 60), (160, 60, 60), (60, 60, 160)


def tinted(colour: tuple[int, int, int], height: int = 300, width: int = 400) -> np.ndarray:
    """A picture of a mean colour, with edges."""
    rows, columns = np.mgrid[:height, :width]
    checks = 50 * ((rows // 20 + columns // 20) % 2)[..., None]
    return (np.array(colour) + checks).astype(np.uint8)


def origin_of(verifier: Verifier, pixels: np.ndarray) -> DetectorResult:
    return result_of(verifier.analyze(jpeg(pixels)))


def result_of(report: Report) -> DetectorResult:
    return next(result for result in report.detectors if result.name == "origin")


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return toy_origin(tmp_path_factory.mktemp("origin"))


# Edges and patches


def grainy(height: int, width: int, seed: int = 0) -> np.ndarray:
    """Grey blotches with grain: edges of every direction and strength."""
    rng = np.random.default_rng(seed)
    small = rng.integers(60, 200, (height // 8, width // 8), np.uint8)
    large = np.asarray(Image.fromarray(small).resize((width, height), Image.Resampling.BICUBIC))
    grey = np.clip(large + rng.normal(0, 5, (height, width)), 0, 255).astype(np.uint8)
    return np.repeat(grey[..., None], 3, axis=2)


def slow_canny(pixels: np.ndarray, low: int, high: int) -> np.ndarray:
    """The definition, pixel by pixel."""
    grey = np.pad(pixels[..., 0].astype(int), 2, mode="edge")
    height, width = grey.shape
    gx, gy = np.zeros_like(grey), np.zeros_like(grey)
    for y in range(1, height - 1):
        for x in range(1, width - 1):
            n = grey[y - 1 : y + 2, x - 1 : x + 2]
            gx[y, x] = n[0, 2] + 2 * n[1, 2] + n[2, 2] - n[0, 0] - 2 * n[1, 0] - n[2, 0]
            gy[y, x] = n[2, 0] + 2 * n[2, 1] + n[2, 2] - n[0, 0] - 2 * n[0, 1] - n[0, 2]
    size = abs(gx) + abs(gy)
    marks = np.zeros_like(grey)
    for y in range(2, height - 2):
        for x in range(2, width - 2):
            angle = np.degrees(np.arctan2(gy[y, x], gx[y, x])) % 180
            step = {0: (0, 1), 1: (1, 1), 2: (1, 0), 3: (1, -1)}[int((angle + 22.5) // 45) % 4]
            before = size[y - step[0], x - step[1]]
            after = size[y + step[0], x + step[1]]
            if size[y, x] > low and size[y, x] > before and size[y, x] >= after:
                marks[y, x] = 2 if size[y, x] > high else 1
    kept = marks == 2
    while True:
        grown = kept.copy()
        for y, x in zip(*np.nonzero(kept), strict=True):
            grown[y - 1 : y + 2, x - 1 : x + 2] |= marks[y - 1 : y + 2, x - 1 : x + 2] > 0
        if (grown == kept).all():
            return kept[2:-2, 2:-2]
        kept = grown


@pytest.mark.parametrize("seed", range(3))
def test_edges_are_those_of_the_definition(seed: int) -> None:
    pixels = grainy(60, 70, seed)
    found, expected = canny(pixels), slow_canny(pixels, 50, 100)
    assert expected.sum() > 50
    # Directions on the border of two sectors may fall either way.
    assert (found != expected).mean() < 0.002


def test_strips_leave_no_seam() -> None:
    pixels = grainy(600, 80)
    assert (canny(pixels)[10:-10] == canny(pixels[5:])[5:-10]).mean() > 0.999
    assert not canny(np.full((300, 300, 3), 90, np.uint8)).any()


def test_patches_lie_where_edges_are() -> None:
    pixels = np.full((500, 900, 3), 120, np.uint8)
    pixels[:, 600:] = tinted(GREEN, 500, 300)
    patches = edge_patches(pixels, 224, 10)
    assert len(patches.places) == len(set(patches.places)) == 10
    assert all(left > 600 - 224 for left, _ in patches.places)
    assert patches == edge_patches(pixels, 224, 10)
    assert edge_patches(np.full((500, 500, 3), 9, np.uint8), 224, 10).places == ()
    assert edge_patches(pixels[:200], 224, 10).of == 0


def test_large_pictures_are_looked_at_in_tiles() -> None:
    pixels = np.full((2000, 2400, 3), 120, np.uint8)
    pixels[:, :1200] = tinted(GREEN, 2000, 1200)
    patches = edge_patches(pixels, 224, 8)
    assert len(patches.places) == 8
    assert patches.of >= 160
    assert all(left < 1200 for left, _ in patches.places)
    lefts, tops = (np.array(axis) for axis in zip(*patches.places, strict=True))
    assert edge_counts(pixels, lefts, tops, 224).min() > 0


def test_every_place_of_a_small_picture_is_a_candidate() -> None:
    patches = edge_patches(tinted(RED, 225, 226), 224, 99)
    assert patches.of == 2 * 3
    assert sorted(patches.places) == [(x, y) for x in range(3) for y in range(2)]


def test_the_wheel_draws_by_edges() -> None:
    """Two places, one with three times the edges: it comes first three times out of four."""
    pixels = np.full((32, 96, 3), 40, np.uint8)
    pixels[4:28, 10:13] = 200
    pixels[4:28, 70:73] = pixels[4:28, 78:81] = pixels[4:28, 86:89] = 200
    few, many = edge_counts(pixels, np.array([0, 64]), np.array([0, 0]), 32)
    assert many > 2 * few > 0
    rng = np.random.default_rng(0)
    firsts = [edge_patches(pixels, 32, 1, 65, rng).places[0][0] for _ in range(300)]
    counts = edge_counts(pixels, np.arange(65), np.zeros(65, int), 32)
    share = counts[33:].sum() / counts.sum()
    assert np.mean(np.array(firsts) >= 33) == pytest.approx(share, abs=0.08)


# The detector


@pytest.mark.slow
@pytest.mark.parametrize(
    ("colour", "answer", "finding"),
    [
        (GREEN, "npi", "informs"),
        (RED, "cgg", "informs"),
        (BLUE, "dgi", "informs"),
        ((100, 100, 100), None, "inconclusive"),
    ],
)
def test_it_names_an_origin_or_is_not_sure(
    colour: tuple[int, int, int], answer: str | None, finding: str, weights: Path
) -> None:
    with Verifier.from_weights(weights, resend_through=("twitter",)) as verifier:
        result = origin_of(verifier, tinted(colour))
    assert (result.answer, result.finding, result.status) == (answer, finding, "ran")
    assert sum(result.probabilities.values()) == pytest.approx(1)
    assert (result.patch_map is not None) is (answer is not None)
    if result.patch_map is not None:
        assert len(result.patch_map.places) == result.patches > 0
    if answer == "dgi":
        assert min(result.patch_map.values) > 0.9
        assert result.reasons[0].startswith("It looks like a picture generated by")
    if answer is None:
        assert result.reasons[0].startswith("It looks most like ")
        assert result.reasons[0].endswith("not clearly enough for an answer.")
    if answer:
        assert result.confidence is not None
        assert result.confidence >= 0.9


@pytest.mark.parametrize("measured", [UNSURE, CALIBRATION.named])
def test_no_verdict_rests_on_it_however_few_photographs_got_it_wrongly(
    measured: Threshold, tmp_path: Path
) -> None:
    calibration = CALIBRATION.model_copy(update={"named": measured})
    with Verifier.from_weights(toy_origin(tmp_path, calibration), resend_through=()) as verifier:
        report = verifier.analyze(jpeg(tinted(BLUE)))
    assert (result_of(report).answer, result_of(report).finding) == ("dgi", "informs")
    assert any("no verdict rests on it" in reason for reason in result_of(report).reasons)
    assert report.verdict.label == "inconclusive"
    assert "Probably a picture generated by a neural network" in report.to_text()


def test_the_verdict_does_not_rest_on_the_kind_of_picture(weights: Path) -> None:
    with Verifier.from_weights(weights, resend_through=("twitter",)) as verifier:
        report = verifier.analyze(jpeg(tinted(RED)))
        photograph = verifier.analyze(jpeg(tinted(GREEN)))
    assert report.verdict.label == photograph.verdict.label == "inconclusive"
    assert "may be computer graphics" in report.verdict.summary
    # What only informs isn't sent again.
    assert report.stability.holds is photograph.stability.holds is None
    assert "looks made by a computer" in report.to_html()


class Turning(OriginDetector):
    """A detector of something else, sure of a picture, and of the opposite afterwards."""

    name = "turning"

    def analyze(self, reading: Reading, *, brief: bool = False) -> DetectorResult:
        """Answer by the colour alone."""
        found = super().analyze(reading, brief=brief)
        return found.model_copy(
            update={"finding": "consistent" if brief else "evidence against", "confidence": 0.99}
        )


def test_an_answer_that_turns_over_is_void(weights: Path) -> None:
    detector = Turning.from_weights(weights)
    with Verifier([detector], Settings(resend_through=("twitter",))) as verifier:
        report = verifier.analyze(jpeg(tinted(BLUE)))
    assert report.detectors[0].finding == "evidence against"
    assert report.stability.resent[0].flipped == ("turning",)
    assert report.verdict.label == "inconclusive"


@pytest.mark.parametrize("pixels", [tinted(RED, 200, 900), np.full((400, 400, 3), 80, np.uint8)])
def test_too_little_to_see_gives_no_answer(pixels: np.ndarray, weights: Path) -> None:
    with Verifier.from_weights(weights, resend_through=()) as verifier:
        result = origin_of(verifier, pixels)
    assert (result.status, result.answer, result.in_domain) == ("abstained", None, False)
    assert "nothing to judge by" in result.reasons[0]


def test_without_model_or_calibration_it_says_so(tmp_path: Path, weights: Path) -> None:
    with Verifier.from_weights(toy_origin(tmp_path, None), resend_through=()) as verifier:
        result = origin_of(verifier, tinted(RED))
    assert (result.status, result.answer) == ("abstained", None)
    assert "isn't calibrated" in result.reasons[0]
    with Verifier([OriginDetector()]) as verifier:
        assert origin_of(verifier, tinted(RED)).status == "not run"


def test_classes_of_a_users_own() -> None:
    labels = labels_of(["real", "dgi", "drawn=drawn by hand"])
    assert [label.role for label in labels] == ["native", "class", "class"]
    assert [label.words for label in labels][1:] == [
        "a picture generated by a neural network",
        "drawn by hand",
    ]
    with pytest.raises(PicturesError, match="two or more"):
        labels_of(["real"])


# Measuring


@pytest.fixture(scope="module")
def sets(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three classes by colour, two sets of each, and the toy that knows colour."""
    folder = tmp_path_factory.mktemp("sets")
    rng = np.random.default_rng(0)
    for kind, colour in (("npi", GREEN), ("cgg", RED), ("dgi", BLUE)):
        for name in ("one", "two"):
            (folder / kind / name).mkdir(parents=True)
            for number in range(10):
                shade = tuple(int(v + rng.integers(-20, 21)) for v in colour)
                pixels = tinted(shade, 280, 280 + 8 * number)
                Image.fromarray(pixels).save(folder / kind / name / f"{number}.png")
    return folder


RECIPE: dict[str, str | int | float | bool] = {
    "sets held out whole": "npi/two, cgg/two, dgi/two", "seed": 0,
}  # fmt: skip


@pytest.fixture(scope="module")
def measured(sets: Path, tmp_path_factory: pytest.TempPathFactory) -> list[OriginRecord]:
    folder = toy_origin(tmp_path_factory.mktemp("toy"), None, RECIPE)
    entry = read_manifest(folder).find(NAME)
    parts, model = split_of(entry, sets), Model(entry, folder)
    return [
        record
        for part in ("calibration", "seen", "unseen")
        for picture in getattr(parts, part)
        for record in measure(model, part, picture, (256, 0), 2)
    ]


def test_a_model_without_its_split_is_refused(weights: Path, sets: Path) -> None:
    with pytest.raises(ScoresError, match="which pictures its training saw"):
        split_of(read_manifest(weights).find(NAME), sets)


def test_tables_tell_right_from_wrong(measured: list[OriginRecord], weights: Path) -> None:
    entry = read_manifest(weights).find(NAME)
    table = tables.accuracy_table(measured, entry)
    assert (
        "| whole sets unseen | 256×256, equalised | 30 | 60 | 100.0% | **100.0%** | 100.0% |"
        in table
    )
    labels = ["npi", "cgg", "dgi"]
    wrong = [dataclasses.replace(r, kind="dgi") if r.kind == "cgg" else r for r in measured]
    assert tables.accuracies(tables.chosen(wrong, "unseen", 256), labels)[1] == pytest.approx(0.75)
    assert "| npi/two (unseen) | 20 | 100% | 0% | 0% |" in tables.sets_table(measured, entry, 256)
    answers = tables.answers_table(measured, entry)
    assert "100.0% | 0 of 10 |" in answers


def test_a_vote_is_of_patches_and_ties_go_to_the_likelier() -> None:
    record = OriginRecord("a", "seen", "npi", "npi/a", 256, 0, "", 0.0, (2, 2, 0), (-2, -1, -9), 4)
    assert tables.by_vote(record) == 1
    assert tables.by_vote(dataclasses.replace(record, votes=(3, 1, 0))) == 0


def test_a_calibration_counts_pictures_and_spares_photographs(
    measured: list[OriginRecord], weights: Path
) -> None:
    entry = read_manifest(weights).find(NAME)
    # One file of one unseen photograph is taken for a generated picture.
    place = next(i for i, r in enumerate(measured) if r.part == "unseen" and r.kind == "npi")
    marred = list(measured)
    marred[place] = dataclasses.replace(marred[place], mean_log=(-9.0, -9.0, -0.001))
    found = fit_origin(entry, marred, "made")
    assert found.named is not None
    assert found.none is not None
    photographs = {r.name for r in measured if r.kind == "npi" and r.part != "calibration"}
    assert found.named.pictures == len(photographs)
    assert found.named.false_alarm_rate == pytest.approx(1 / len(photographs))
    assert found.none.false_alarm_rate == 0
    assert found.named.value >= LEAST
    clean = with_calibration(entry, fit_origin(entry, measured, "made"))
    assert {tables.answer(r, clean) for r in measured if r.kind == "cgg"} == {"cgg"}
    with pytest.raises(ScoresError, match="need photographs, and others"):
        fit_origin(entry, [r for r in measured if r.kind == "npi"], "made")


def test_no_photograph_of_the_calibration_is_accused(
    measured: list[OriginRecord], weights: Path
) -> None:
    """Not one in two hundred either, though that is less than a share that rounding hides."""
    entry = read_manifest(weights).find(NAME)
    photo = next(r for r in measured if r.kind == "npi" and r.part == "calibration")
    likely = dataclasses.replace(photo, mean_log=tuple(np.log([0.98, 0.01, 0.01])))
    unlike = dataclasses.replace(
        photo, name="npi/one/odd.png", mean_log=tuple(np.log([0.1, 0.85, 0.05]))
    )
    many = [dataclasses.replace(likely, name=f"npi/one/{number}.png") for number in range(250)]
    others = [r for r in measured if r.kind != "npi" or r.part != "calibration"]
    found = fit_origin(entry, [*others, *many, unlike], "made")
    calibrated = with_calibration(entry, found)
    assert found.named is not None
    assert max(list(tables.probabilities(unlike, calibrated).values())[1:]) < found.named.value


def test_a_fed_file_is_the_same_in_every_run(sets: Path) -> None:
    picture = Picture("npi", "npi/one", sets / "npi" / "one" / "1.png")
    pixels = picture.pixels()
    assert fed(picture, pixels, 256, 0) == fed(picture, pixels, 256, 0)
    assert fed(picture, pixels, 256, 0) != fed(picture, pixels, 256, 1)
    assert fed(picture, pixels, 0, 0) == picture.path.read_bytes()
    assert fed(picture, pixels, 512, 0) is None


def test_conditions_do_what_they_are_called() -> None:
    assert [c.level for c in CONDITIONS if c.name == "JPEG quality"] == list(range(90, 0, -10))
    assert scaled(tinted(RED), 1.7).shape == (510, 680, 3)
    grey = np.array([[[28, 128, 228]]], np.uint8)
    assert stretched(grey, 0.5).tolist() == [[[78, 128, 178]]]
    assert stretched(grey, 2.0).tolist() == [[[0, 128, 255]]]
    pixels = tinted(RED, 240, 300)
    turned = {c.level: c.apply(pixels) for c in CONDITIONS if c.name == "turn"}
    assert turned[90].shape == (300, 240, 3)
    assert np.array_equal(turned[-1][:, ::-1], pixels)
    assert np.array_equal(turned[180], turned[-1][::-1])


def test_a_linear_classifier_learns_what_is_linear() -> None:
    rng = np.random.default_rng(0)
    kinds = rng.integers(0, 3, 300)
    features = np.eye(3)[kinds] + rng.normal(0, 0.2, (300, 3))
    classifier = fit_linear(features, kinds, 3)
    assert (classifier.named(features) == kinds).mean() > 0.95
    with pytest.raises(ScoresError, match="class 2 has no picture"):
        fit_linear(features, np.minimum(kinds, 1), 3)


def test_features_see_what_they_are_called() -> None:
    dark, bright = (np.full((64, 64, 3), level, np.uint8) for level in (0, 255))
    for features in BASELINES.values():
        assert not np.allclose(features(dark), features(bright))
    assert BASELINES["histogram"](dark).sum() == pytest.approx(3)
    file, other = jpeg(tinted(RED), quality=60), jpeg(tinted(BLUE), quality=60)
    assert np.array_equal(container(file), container(other))
    assert not np.array_equal(container(file), container(jpeg(tinted(RED), quality=90)))
    assert not np.array_equal(container(file), container(jpeg(tinted(RED, 300, 401), quality=60)))


@pytest.mark.slow(seconds=8)
def test_evaluate_prints_every_table(
    camsim: Camsim, sets: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("verifier.evaluation.origin.bench.CURVE_PICTURES", 12)  # one a class
    folder = toy_origin(tmp_path / "weights", None, RECIPE)
    out = tmp_path / "measured"
    words = (sets, "--weights", folder, "--out", out, "--threads", 1)
    ran = camsim("evaluate", "origin", *words, "--store")
    assert ran.status == 0, ran.err
    for words_of_table in ("right by vote", "answered", "npi/two (unseen)", "colour co-occurrence",
                           "its 95% bound", "JPEG quality 10", "turn upside down"):  # fmt: skip
        assert words_of_table in ran.out
    assert {p.name for p in out.glob("*.png")} == {
        "origin-confusion.png", "origin-curves.png", "origin-reliability.png",
    }  # fmt: skip
    entry = read_manifest(folder).find(NAME)
    assert entry.calibrations["any"].named is not None
    again = camsim("evaluate", "origin", *words, "--table", "accuracy")
    assert again.status == 0
    assert "right by vote" in again.out


def test_evaluate_without_a_model_says_so(camsim: Camsim, sets: Path, tmp_path: Path) -> None:
    (tmp_path / "manifest.json").write_text('{"schema_version": 1, "models": []}')
    ran = camsim("evaluate", "origin", sets, "--weights", tmp_path, "--out", tmp_path / "m")
    assert ran.status == 2
    assert "camsim train origin makes one" in ran.err
    assert not (tmp_path / "m").exists()


def test_patches_have_the_side_that_the_network_takes() -> None:
    import torch

    from verifier.training.origin.cnn import OriginCNN

    model = OriginCNN().eval()
    assert model(torch.rand(1, 3, SIDE, SIDE)).shape == (1, 3)
