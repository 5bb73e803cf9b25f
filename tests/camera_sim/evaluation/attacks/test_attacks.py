"""Attacks on the watermark do what they say, and what they gain is counted."""

import json
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageFilter

from camera_sim.commands import attack as command
from camera_sim.developing.files import open_engine
from camera_sim.errors import CameraSimError, OutputError
from camera_sim.evaluation.attacks import autoencoder, rehearsal
from camera_sim.evaluation.attacks.attack import Attacker, Attempt, Target
from camera_sim.evaluation.attacks.averaging import averaging
from camera_sim.evaluation.attacks.colluding import colluding
from camera_sim.evaluation.attacks.copying import known_lines
from camera_sim.evaluation.attacks.estimating import (
    MOST_DEVIATION,
    amplitudes,
    calibrated,
    estimated,
    laid,
    pilot_strength,
    shaped,
    weighed,
)
from camera_sim.evaluation.attacks.gathering import Gathering, gathered
from camera_sim.evaluation.attacks.impersonating import impersonating
from camera_sim.evaluation.attacks.judging import Judge, Outcome
from camera_sim.evaluation.attacks.removing import removing
from camera_sim.evaluation.attacks.repairing import lost, repairing
from camera_sim.evaluation.attacks.tables import attack_table
from camera_sim.evaluation.watermark.edit_tables import COMPRESSED, UNDECIDED
from camera_sim.evaluation.watermark.photos import Keys, Picture, shots
from channel.manipulations import GAUSSIAN, JPEG
from tests.verifier.watermark.made import in_8_bits, scene
from verifier.watermark.reader import read_watermark
from watermark.embedding import octave_part
from watermark.pattern import OPERATING_POINT

pytestmark = pytest.mark.slow

KEYS = Keys.of_seed(3)


def photos(folder: Path, size: tuple[int, int]) -> Path:
    for number in (1, 2):
        Image.fromarray(in_8_bits(scene(size, number))).save(folder / f"{number}.png")
    return folder


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return photos(tmp_path_factory.mktemp("photos"), (900, 1200))


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Photos for runs whose answers don't matter."""
    return photos(tmp_path_factory.mktemp("small"), (240, 320))


@pytest.fixture(scope="module")
def target(folder: Path) -> Target:
    files = sorted(folder.iterdir())
    shot, other = (
        replace(shot, payload=bytes([number] * 8))
        for number, shot in enumerate(shots(files, open_engine("qnet"), KEYS))
    )
    mean = weighed(shot.photo[:800, :800])
    twin = replace(shot, payload=b"the twin")
    return Target(shot, twin, other.plain, Attacker({7: mean}, lambda picture: picture, 0))


@pytest.fixture(scope="module")
def judge(target: Target) -> Judge:
    return Judge.of(target)


def attempt(start: Picture, picture: Picture) -> Attempt:
    return Attempt("a way", "forgery", start, picture)


def test_an_estimate_holds_octaves_without_their_key_and_a_plain_picture_holds_none(
    target: Target,
) -> None:
    def of_key(picture: Picture) -> float:
        lines, coefficients = octave_part(2, target.shot.keys.device.of_photo(target.shot.payload))
        found = amplitudes(estimated(picture), lines).astype(np.complex64)
        return float(np.corrcoef(found.view(np.float32), coefficients.view(np.float32))[0, 1])

    assert of_key(target.shot.photo) > 0.03
    assert abs(of_key(target.shot.plain)) < 0.015


def test_an_estimate_is_as_strong_as_cameras_lay_it(target: Target) -> None:
    plane = target.shot.keys.watermark(target.shot.payload).plane((768, 1024))
    faint = 0.02 * plane.window((768, 1024), slice(0, 768), slice(0, 1024))
    assert pilot_strength(faint) == pytest.approx(0.02, rel=0.1)
    assert pilot_strength(calibrated(faint)) == pytest.approx(OPERATING_POINT, rel=1e-3)
    noise = np.random.default_rng(0).standard_normal((300, 400)).astype(np.float32)
    assert calibrated(noise).std() <= MOST_DEVIATION * 1.001


def test_less_than_half_a_level_is_laid_by_dither() -> None:
    grey = np.full((64, 64, 3), 100, np.uint8)
    changed = laid(grey, np.full((64, 64), 0.25, np.float32))
    assert set(np.unique(changed)) == {100, 101}
    assert changed.mean() == pytest.approx(100.25, abs=0.03)


def test_a_copied_watermark_is_read_and_the_reference_notices(target: Target, judge: Judge) -> None:
    copied = laid(target.foreign, estimated(target.shot.photo))
    outcome = judge.outcome("copying", attempt(target.foreign, copied))
    assert (outcome.read, outcome.octaves, outcome.comparison) == (True, True, "another picture")
    assert (outcome.forged, outcome.noticed) == (True, True)


def test_a_payload_without_its_octaves_is_noticed_by_the_photos_key(
    target: Target, judge: Judge
) -> None:
    even = np.asarray(Image.fromarray(target.foreign).filter(ImageFilter.GaussianBlur(3)))
    copied = laid(even, known_lines(target.shot.photo))
    outcome = judge.outcome("copying", attempt(even, copied))
    assert (outcome.read, outcome.octaves, outcome.missing) == (True, False, True)


def test_an_honest_photo_is_noticed_by_nothing(target: Target, judge: Judge) -> None:
    outcome = judge.outcome("none", attempt(target.shot.photo, target.shot.photo))
    assert (outcome.read, outcome.octaves, outcome.missing) == (True, True, False)
    assert (outcome.comparison, outcome.noticed, outcome.psnr) == ("same", False, None)


def test_the_difference_of_two_photos_of_a_scene_is_their_watermarks(target: Target) -> None:
    mean, difference, doubled = colluding(target)
    assert [one.aim for one in (mean, difference, doubled)] == ["removal", "forgery", "forgery"]
    changed = difference.picture.astype(int) - target.foreign
    wanted = target.shot.photo.astype(int) - target.twin.photo
    inside = (target.foreign > 20) & (target.foreign < 235)
    assert (changed == wanted)[inside].all()


def test_what_averages_have_in_common_is_taken_away_and_laid_elsewhere(target: Target) -> None:
    subtracted, added = averaging(target)
    assert subtracted.way.startswith("mean of 7 photos")
    common = subtracted.start.astype(int) - subtracted.picture
    laid_there = added.picture.astype(int) - added.start
    assert added.start is target.foreign
    inside = (np.abs(subtracted.start.astype(int) - 128) < 100)[..., 0]
    assert np.corrcoef(common[inside].ravel(), laid_there[inside].ravel())[0, 1] > 0.8
    assert _pilot(subtracted.picture) < 0.8 * _pilot(subtracted.start)


def _pilot(picture: Picture) -> float:
    return pilot_strength(shaped(weighed(picture)))


def test_what_an_edit_takes_is_put_back() -> None:
    rng = np.random.default_rng(0)
    levels = rng.standard_normal((128, 160)).astype(np.float32)
    taken = lost(levels, GAUSSIAN)
    smoothed = levels - taken
    assert smoothed.std() < 0.5 * levels.std()
    nothing = lost(np.zeros((16, 16), np.float32), GAUSSIAN)
    assert not nothing.any()


def test_each_edit_is_repaired_in_each_way(target: Target) -> None:
    tried = list(repairing(target))
    assert len(tried) == 9
    assert tried[1].way == "smoothed, the mean of 7 photos put back"
    assert all(one.picture.shape == target.shot.photo.shape for one in tried)


def test_removals_are_what_they_say(target: Target) -> None:
    made = {one.way: one.picture for one in removing(target)}
    photo = target.shot.photo
    assert all(picture.shape == photo.shape for picture in made.values())
    np.testing.assert_array_equal(made["JPEG 50"], JPEG(photo, 50))
    noise = made["noise of 5 levels"].astype(float) - photo
    assert noise[(photo > 30) & (photo < 225)].std() == pytest.approx(5, rel=0.02)
    np.testing.assert_array_equal(made["our VAE"], photo)  # it is none here


def test_nothing_is_read_in_a_foreign_picture(target: Target, judge: Judge) -> None:
    shown = [(one.way, judge.outcome("impersonating", one)) for one in impersonating(target)]
    assert [way for way, _ in shown] == ["a foreign picture as it is", "what our VAE makes of it"]
    assert not any(found.read or found.forged for _, found in shown)
    assert shown[0][1].psnr is None  # nothing was changed


def outcome(**changes: object) -> Outcome:
    found = Outcome("copying", "a way", "forgery", "a.jpg", True, True, False, "same", 40.0)
    return replace(found, **changes)  # type: ignore[arg-type]


def test_a_row_counts_what_is_false_and_what_nothing_notices() -> None:
    some = [
        outcome(),
        outcome(missing=True, octaves=False),
        outcome(comparison="another picture", psnr=30.0),
        outcome(read=False, octaves=None, missing=None, comparison=""),
    ]
    (row,) = attack_table("copying", some).rows
    assert row == (
        "forgery: a way", 4, 3, "2 of 3", "3 of 4", "1 of 3", "1 of 3", "1 of 4", "75%",
        "37.5 (30.0)",
    )  # fmt: skip


def test_a_repair_that_is_not_judged_is_not_counted() -> None:
    (row,) = attack_table("copying", [outcome(aim="repair", psnr=None)]).rows
    assert row[4] == row[7] == row[8] == row[9] == "–"


def test_a_repair_that_is_called_native_is_false_and_the_photos_key_may_notice() -> None:
    repaired = outcome(aim="repair", edits="native", edits_keyed="gaussian")
    assert (repaired.forged, repaired.noticed) == (True, True)
    unnoticed = outcome(aim="repair", edits="native", edits_keyed=UNDECIDED)
    assert (unnoticed.forged, unnoticed.noticed) == (True, False)
    by_the_photos = outcome(aim="repair", edits=UNDECIDED, edits_keyed="native")
    assert (by_the_photos.forged, by_the_photos.noticed) == (True, False)
    assert outcome(aim="repair", edits="gaussian").forged is False


def test_edits_are_asked_of_repairs_of_large_photos(target: Target, judge: Judge) -> None:
    photo = target.shot.photo
    reading = read_watermark(photo, [KEYS.group])
    repair = Attempt("a", "repair", photo, photo)
    assert judge._edits(repair, reading) == (None, None)  # too small
    large = replace(reading, longer_side=4000)
    assert judge._edits(replace(repair, aim="forgery"), large) == (None, None)
    called = {"native", "sharpen", "gaussian", "resample", UNDECIDED, COMPRESSED}
    assert set(judge._edits(repair, large)) <= called


def test_averages_go_on_where_they_were_stopped(folder: Path, tmp_path: Path) -> None:
    scenes = [np.asarray(Image.open(file)) for file in sorted(folder.iterdir())]
    gathering = Gathering(open_engine("qnet"), KEYS, 128, 4000, 0)
    file = tmp_path / "averages.npz"
    first = gathered(gathering, lambda: scenes, [2], file)
    resumed: list[int] = []

    def track(numbers, _):  # type: ignore[no-untyped-def]
        for number in numbers:
            resumed.append(number)
            yield number

    both = gathered(gathering, lambda: scenes, [2, 4], file, track)
    assert resumed == [2, 3]
    np.testing.assert_array_equal(both[2], first[2])
    mean = np.mean([weighed(gathering.photo(scenes, number)) for number in range(4)], axis=0)
    np.testing.assert_allclose(both[4], mean, atol=1e-6)
    other = replace(gathering, seed=1)
    assert not np.array_equal(gathered(other, lambda: scenes, [2], file)[2], first[2])


def test_the_autoencoder_makes_the_whole_picture_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    recipe = replace(autoencoder.RECIPE, steps=30, batch=4, validate_every=30)
    monkeypatch.setattr(autoencoder, "RECIPE", recipe)
    scenes = [in_8_bits(scene((160, 200), n)) for n in range(3)]
    through = autoencoder.autoencoder(scenes, tmp_path, 0)
    picture = in_8_bits(scene((600, 530), 5))
    made = through(picture)
    assert made.shape == picture.shape
    assert np.corrcoef(made.ravel().astype(float), picture.ravel().astype(float))[0, 1] > 0.7


@pytest.fixture
def unsearched(monkeypatch: pytest.MonkeyPatch) -> None:
    """Look for no photo that a picture may be cut from: here are none that are."""
    uncut = partial(read_watermark, search=False)
    monkeypatch.setattr("camera_sim.evaluation.attacks.judging.read_watermark", uncut)


def run(folder: Path, out: Path, **options: object) -> int:
    given = {"attack": ("colluding",), "limit": 3} | options
    return command.Attack(folder, out=out, **given)()  # type: ignore[arg-type]


@pytest.mark.usefixtures("unsearched")
def test_one_bad_photo_stops_no_other_and_a_second_run_does_nothing_again(
    small: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    photos, out = tmp_path / "photos", tmp_path / "out"
    photos.mkdir()
    for file in small.iterdir():
        (photos / file.name).write_bytes(file.read_bytes())
    (photos / "0.jpg").write_bytes(b"no picture")
    assert run(photos, out) == 1
    printed = capsys.readouterr()
    assert "0.jpg cannot be read as a picture" in printed.err
    assert "**Colluding**" in printed.out
    found = json.loads((out / "attacks.json").read_text("utf-8"))
    assert {one["photo"] for one in found["attempts"]} == {"1.png", "2.png"}
    assert "attacked: 2;" in (out / "attacks.md").read_text("utf-8")
    monkeypatch.setattr(Judge, "outcome", None)
    assert run(photos, out) == 1
    assert json.loads((out / "attacks.json").read_text("utf-8")) == found


@pytest.mark.usefixtures("unsearched")
def test_a_run_is_the_same_twice(small: Path, tmp_path: Path) -> None:
    texts = []
    for out in (tmp_path / "a", tmp_path / "b"):
        assert run(small, out, limit=1) == 0
        texts.append((out / "attacks.json").read_text("utf-8"))
    assert texts[0] == texts[1]


@pytest.mark.usefixtures("unsearched")
def test_what_other_models_said_is_kept_until_it_is_to_be_replaced(
    small: Path, tmp_path: Path
) -> None:
    assert run(small, tmp_path, limit=1) == 0
    file = tmp_path / "attacks.json"
    found = file.read_text("utf-8")
    earlier = found.replace("watermark-edits-keyed", "an-earlier-one")
    file.write_text(earlier, "utf-8")
    with pytest.raises(OutputError, match="other models; name another --out, or overwrite it"):
        run(small, tmp_path, limit=1)
    assert file.read_text("utf-8") == earlier
    assert run(small, tmp_path, limit=1, force=True) == 0
    assert file.read_text("utf-8") == found


def test_one_photo_is_too_few(tmp_path: Path) -> None:
    Image.new("RGB", (64, 64)).save(tmp_path / "one.png")
    with pytest.raises(CameraSimError, match="fewer than two"):
        run(tmp_path, tmp_path / "out")
    with pytest.raises(CameraSimError, match="not a folder"):
        run(tmp_path / "one.png", tmp_path / "out")


def test_the_command_names_every_attack() -> None:
    assert command.AttackName.__args__ == tuple(rehearsal.ATTACKS)  # type: ignore[attr-defined]
