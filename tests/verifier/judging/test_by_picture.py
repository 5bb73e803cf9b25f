"""One picture is one unit: its crops and versions prove no more than a picture does."""

import numpy as np
import pytest

from tests.camera_sim.conftest import Camsim
from tests.verifier.detectors.test_generated import NAME, toy
from verifier.errors import ScoresError
from verifier.evaluation.fitting import Rates, fit, measure_stored
from verifier.evaluation.labelled import labelled_pictures
from verifier.evaluation.origin.bench import OriginRecord
from verifier.evaluation.origin.fitting import fit_origin
from verifier.evaluation.scores import Row, Scores, read_scores, write_scores
from verifier.evaluation.set_table import set_rows, set_table
from verifier.judging import calibration as calibrating
from verifier.judging.decision import picture_probabilities
from verifier.training.listed_sets import ListedSet
from verifier.weights import ModelEntry, read_manifest, store_calibration

PLATFORMS = ("none", "whatsapp", "twitter")
LABELS = ("natural", "generated")
LISTED = {
    one.name: one
    for one in (
        ListedSet("seen", "mixed", "training"),
        ListedSet("phones", "mixed", "calibration"), ListedSet("drones", "mixed", "test"),
        ListedSet("flux", "mixed", "calibration"), ListedSet("gan", "mixed", "test"),
    )
}  # fmt: skip


@pytest.fixture
def entry(tmp_path) -> ModelEntry:
    return read_manifest(toy(tmp_path)).find(NAME)


def log_shares(generated: float) -> tuple[float, float]:
    return float(np.log(1 - generated)), float(np.log(generated))


def rows_of(name: str, truth: str, count: int, rng: np.random.Generator) -> list[Row]:
    """Pictures of a set, three versions of each, that are alike: a third are misjudged."""
    rows = []
    for number in range(count):
        right = number % 3 != 0
        generated = 0.97 if (truth == "generated") == right else 0.03
        for platform in PLATFORMS:
            value = float(np.clip(generated + rng.normal(0, 0.005), 0.01, 0.99))
            logs = log_shares(value)
            rows.append(
                Row(f"{number}.png", f"{name}/{number}", truth, platform, "", 1, logs, name)
            )
    return rows


@pytest.fixture
def scores() -> Scores:
    rng = np.random.default_rng(0)
    rows = []
    for name, truth in (("phones", "natural"), ("drones", "natural"), ("flux", "generated"),
                        ("gan", "generated")):  # fmt: skip
        rows += rows_of(name, truth, 24, rng)
    return Scores(LABELS, tuple(rows))


def test_more_crops_of_a_picture_make_no_answer_surer(entry: ModelEntry, scores: Scores) -> None:
    """Crops of a misjudged picture are all misjudged: by the sum, it was wrong at 99.99%."""
    rng = np.random.default_rng(1)
    large = [
        Row(r.file, f"{r.photo}-large", r.truth, r.platform, "", 24, r.mean_log, r.set)
        for name, truth in (("phones", "natural"), ("flux", "generated"), ("drones", "natural"),
                            ("gan", "generated"))
        for r in rows_of(name, truth, 24, rng)
    ]  # fmt: skip
    both = Scores(LABELS, (*scores.rows, *large))
    found = fit(entry, both, Rates(), sets=LISTED, data="made").calibration
    assert found.exponent == 0
    logs = np.array(log_shares(0.97))
    few, many = (picture_probabilities(entry, found, logs, n)["generated"] for n in (1, 24))
    assert few == many < 0.8
    assert found.expected_calibration_error < 0.1


def test_whole_sets_are_held_out_and_pictures_counted(entry: ModelEntry, scores: Scores) -> None:
    found = fit(entry, scores, Rates(named=0.0, none=0.0), sets=LISTED, data="made").calibration
    assert found.pictures == 48
    assert found.named is not None
    assert found.named.pictures == 24  # photographs of the set for tests, not versions
    again = [r for r in scores.rows if LISTED[r.set].part == "calibration"]
    accused = max(
        picture_probabilities(entry, found, np.array(r.mean_log), 1)["generated"]
        for r in again
        if r.truth == "natural"
    )
    assert accused < found.named.value


def test_versions_of_a_picture_weigh_as_one(entry: ModelEntry) -> None:
    """A misjudged picture counts no more for having been sent through more platforms."""
    rng = np.random.default_rng(2)
    rows = [
        row
        for name, truth in (("phones", "natural"), ("drones", "natural"), ("flux", "generated"),
                            ("gan", "generated"))
        for row in rows_of(name, truth, 24, rng)
    ]  # fmt: skip
    wrong = [r for r in rows if int(r.file.split(".")[0]) % 3 == 0]
    more = [Row(r.file, r.photo, r.truth, "none", "", 1, r.mean_log, r.set) for r in wrong * 10]
    plain, heavy = (
        fit(entry, Scores(LABELS, tuple(some)), Rates(), sets=LISTED, data="made").calibration
        for some in (rows, rows + more)
    )
    assert heavy.temperature == pytest.approx(plain.temperature, rel=0.02)
    assert heavy.expected_calibration_error == pytest.approx(
        plain.expected_calibration_error, abs=0.01
    )


def test_a_set_that_is_not_listed_is_refused(entry: ModelEntry, scores: Scores) -> None:
    listed = {name: one for name, one in LISTED.items() if name != "gan"}
    with pytest.raises(ScoresError, match="'gan'"):
        fit(entry, scores, Rates(), sets=listed, data="made")


def test_the_table_names_the_weakest_set_first(entry: ModelEntry, scores: Scores) -> None:
    listed = {**LISTED, "phones": ListedSet("phones", "mixed", "test")}
    natural = [
        Row(r.file, r.photo, r.truth, r.platform, "", 1, log_shares(0.01), r.set)
        if r.set == "phones" and r.platform != "whatsapp"
        else r
        for r in scores.rows
    ]
    changed = Scores(LABELS, tuple(natural))
    calibration = fit(entry, scores, Rates(), sets=LISTED, data="made").calibration
    loose = calibration.model_copy(
        update={"named": calibration.named.model_copy(update={"value": 0.6})}
    )
    rows = set_rows(entry, loose, changed, listed)
    # Photographs of "phones" are misjudged through one platform alone; those of "drones" always.
    assert [(r.name, r.pictures, r.as_found, r.in_any) for r in rows] == [
        ("drones", 24, 8, 8), ("phones", 24, 0, 8), ("gan", 24, 16, 16),
    ]  # fmt: skip
    table = set_table(entry, loose, changed, listed)
    bound = calibrating.upper_bound(16, 48)
    assert f"| **all 2 sets** | natural | 48 | 8 | 16 | {bound:.1%} | 0 | 0 |" in table


def test_naming_the_wrong_kind_is_not_naming_rightly(tmp_path) -> None:
    """A rendering called generated is called no photograph, and isn't named."""
    from tests.verifier.detectors.toy_origin import NAME as ORIGIN
    from tests.verifier.detectors.toy_origin import toy_origin

    entry = read_manifest(toy_origin(tmp_path / "origin", None)).find(ORIGIN)
    calibration = fit_origin(entry, origin_records(2), "made")
    assert calibration.named is not None
    loose = calibration.model_copy(
        update={"named": calibration.named.model_copy(update={"value": 0.6}), "temperature": 1.0}
    )
    rows = []
    for number in range(6):
        shares = (0.02, 0.96, 0.02) if number < 4 else (0.02, 0.02, 0.96)
        logs = tuple(float(value) for value in np.log(shares))
        rows.append(Row(f"{number}.png", f"gan/{number}", "cgg", "none", "", 1, logs, "gan"))
    [found] = set_rows(entry, loose, Scores(("npi", "cgg", "dgi"), tuple(rows)), LISTED)
    assert (found.in_any, found.right, found.cleared) == (6, 4, 0)


def test_a_stored_calibration_is_measured_without_fitting(
    entry: ModelEntry, scores: Scores
) -> None:
    fitted = fit(entry, scores, Rates(), sets=LISTED, data="made").calibration
    assert fitted.named is not None
    kept = fitted.model_copy(
        update={"named": fitted.named.model_copy(update={"value": 0.7}), "temperature": 1.0}
    )
    stored = entry.model_copy(update={"calibrations": {"any": kept}})
    tested = scores.where([LISTED[row.set].part == "test" for row in scores.rows])
    found = measure_stored(stored, tested, LISTED, data="again").calibration  # none to fit to
    assert found.data == "again"
    assert (found.temperature, found.named.value) == (1.0, 0.7)
    assert (found.named.false_alarm_rate, found.named.pictures) == (8 / 24, 24)
    assert found.pictures == 48
    assert found.expected_calibration_error == pytest.approx(0.97 - 2 / 3, abs=0.01)


def test_without_a_stored_calibration_there_is_nothing_to_measure(
    entry: ModelEntry, scores: Scores
) -> None:
    bare = entry.model_copy(update={"calibrations": {}})
    with pytest.raises(ScoresError, match="no stored calibration"):
        measure_stored(bare, scores, LISTED)


def test_scores_keep_the_set(tmp_path, scores: Scores) -> None:
    path = tmp_path / "scores.csv"
    write_scores(path, LABELS, iter(scores.rows))
    assert {row.set for row in read_scores(path).rows} == {"phones", "drones", "flux", "gan"}


def test_scores_of_before_are_read(tmp_path, scores: Scores) -> None:
    """Their column of platforms was called network."""
    path = tmp_path / "scores.csv"
    write_scores(path, LABELS, iter(scores.rows))
    first, rest = path.read_text().split("\n", 1)
    path.write_text(first.replace("platform", "network") + "\n" + rest)
    assert {row.platform for row in read_scores(path).rows} == set(PLATFORMS)


def test_a_label_as_it_was_called_is_still_read(tmp_path) -> None:
    row = Row("a.png", "a", "foreign", "none", "", 9, (-1.0, -2.0))
    write_scores(tmp_path / "scores.csv", ("native", "foreign"), iter([row]))
    found = read_scores(tmp_path / "scores.csv")
    assert found.labels == ("native", "unknown-camera")
    assert found.truth().tolist() == [1]
    (tmp_path / "pictures" / "foreign").mkdir(parents=True)
    (tmp_path / "pictures" / "foreign" / "a.png").write_bytes(b"")
    [picture] = labelled_pictures(tmp_path / "pictures", found.labels)
    assert picture.truth == "unknown-camera"


def test_pictures_of_two_sets_may_share_a_name(tmp_path) -> None:
    for name in ("natural/phones", "natural/drones", "generated/gan"):
        (tmp_path / name).mkdir(parents=True)
        (tmp_path / name / "1.png").write_bytes(b"")
    (tmp_path / "generated" / "2.edited.png").write_bytes(b"")
    found = labelled_pictures(tmp_path, LABELS)
    assert {(one.truth, one.set, one.photo) for one in found} == {
        ("generated", "", "2"), ("generated", "gan", "gan/1"), ("natural", "drones", "drones/1"),
        ("natural", "phones", "phones/1"),
    }  # fmt: skip


def origin_records(files_of_wrong: int) -> list[OriginRecord]:
    """Pictures of two files, a third misjudged, with so many files."""
    rows = []
    for part in ("calibration", "unseen"):
        for kind, place in (("npi", 0), ("cgg", 1), ("dgi", 2)):
            for number in range(12):
                right = number % 3 != 0
                shares = np.full(3, 0.02)
                shares[place if right else (place + 1) % 3] = 0.96
                logs = tuple(float(v) for v in np.log(shares))
                for draw in range(2 if right else files_of_wrong):
                    rows.append(
                        OriginRecord(f"{kind}/{part}/{number}.png", part, kind, f"{kind}/{part}",
                                     224, draw, "", 0.0, (0, 0, 0), logs, 1 + draw % 3)
                    )  # fmt: skip
    return rows


def test_files_of_a_picture_weigh_as_one_in_origins_calibration(tmp_path) -> None:
    from tests.verifier.detectors.toy_origin import NAME as ORIGIN
    from tests.verifier.detectors.toy_origin import toy_origin

    entry = read_manifest(toy_origin(tmp_path / "origin", None)).find(ORIGIN)
    few, many = (fit_origin(entry, origin_records(n), "made") for n in (2, 40))
    assert few.exponent == many.exponent == 0
    assert many.temperature == pytest.approx(few.temperature, rel=0.01)
    assert many.expected_calibration_error == pytest.approx(few.expected_calibration_error)


def test_each_class_is_named_from_a_threshold_of_its_own(tmp_path) -> None:
    """Portraits that look generated don't keep renderings from being named."""
    from tests.verifier.detectors.toy_origin import NAME as ORIGIN
    from tests.verifier.detectors.toy_origin import toy_origin
    from verifier.detectors.origin import answer_of
    from verifier.judging.decision import Grounds

    entry = read_manifest(toy_origin(tmp_path / "origin", None)).find(ORIGIN)
    shares = {"npi": [(0.9, 0.05, 0.05), (0.4, 0.55, 0.05), (0.1, 0.05, 0.85)],
              "cgg": [(0.2, 0.75, 0.05)], "dgi": [(0.2, 0.05, 0.75)]}  # fmt: skip
    rows = []
    for truth, kinds in shares.items():
        for part in ("calibration", "test"):
            for number in range(24):
                logs = tuple(float(np.log(v)) for v in kinds[number % len(kinds)])
                name = f"{truth}-{part}"
                rows.append(Row("a.png", f"{name}/{number}", truth, "none", "", 1, logs, name))
    listed = {row.set: ListedSet(row.set, "mixed", row.set.split("-")[1]) for row in rows}
    scores = Scores(("npi", "cgg", "dgi"), tuple(rows))
    found = fit(entry, scores, Rates(named=0.0), sets=listed, data="made").calibration
    assert set(found.named_as) == {"cgg", "dgi"}
    probable = picture_probabilities(entry, found, np.log(shares["cgg"][0]), 1)
    assert found.named_as["cgg"].value < probable["cgg"] < found.named_as["dgi"].value
    assert found.named_as["cgg"].pictures == 24
    named = {row.truth: row.right for row in set_rows(entry, found, scores, listed)}
    assert (named["cgg"], named["dgi"]) == (24, 0)
    assert all(
        row.in_any == 0 for row in set_rows(entry, found, scores, listed) if row.truth == "npi"
    )
    answer = answer_of(entry, Grounds(found, probable))
    assert answer.answer is not None
    assert (answer.answer.name, answer.threshold) == ("cgg", found.named_as["cgg"])
    again = measure_stored(
        entry.model_copy(update={"calibrations": {"any": found}}), scores, listed
    ).calibration
    assert again.named_as == found.named_as


def test_the_shipped_calibration_is_by_picture() -> None:
    """More crops make no answer surer, and what is stated was measured on pictures enough."""
    [entry] = read_manifest().of_task("origin")
    calibration = entry.calibration_for(None)
    assert calibration is not None
    assert calibration.exponent == 0
    assert set(calibration.named_as) == {"cgg", "dgi"}
    for threshold in calibration.named_as.values():
        assert threshold.pictures >= 250
        assert threshold.upper_bound > 0.01  # so few photographs prove no less


def test_the_command_measures_what_is_stored(tmp_path, scores: Scores, camsim: Camsim) -> None:
    """It stores figures alone: threshold and temperature stay, whatever the scores would fit."""
    fitted = fit(read_manifest(toy(tmp_path)).find(NAME), scores, Rates(), sets=LISTED, data="made")
    kept = fitted.calibration.model_copy(update={"temperature": 1.25})
    store_calibration(NAME, kept, folder=tmp_path)
    table, listed = tmp_path / "scores.csv", tmp_path / "sets.csv"
    write_scores(table, LABELS, iter(scores.rows))
    lines = [f"{one.name},{one.subject},{one.part}" for one in LISTED.values()]
    listed.write_text("\n".join(["set,subject,part", *lines]) + "\n")
    words = ("evaluate", "calibration", table, "--model", NAME, "--weights", tmp_path, "--stored")
    assert "--stored needs --sets" in camsim(*words).err
    ran = camsim(*words, "--sets", listed, "--store", "--data", "again")
    assert ran.status == 0, ran.err
    assert "| **all 1 sets** | natural | 24 |" in ran.out
    found = read_manifest(tmp_path).find(NAME).calibration_for(None)
    assert found is not None
    assert (found.temperature, found.data) == (1.25, "again")
    assert found.named.value == kept.named.value
