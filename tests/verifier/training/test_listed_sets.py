"""What sets show, and what they are for: nothing that one class alone shows is trained on."""

import csv
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.camera_sim.conftest import Camsim
from tests.channel.conftest import photo
from verifier.errors import PicturesError
from verifier.training.listed_sets import (
    MIXED,
    WHAT_SETS_SHOW,
    read_listed_sets,
    trained_on,
    training_sets,
)
from verifier.training.picture_sets import Picture
from verifier.weights import read_manifest

LIST = Path(__file__).parents[3] / "docs/results/picture-sets.csv"


def written(folder: Path, *lines: str, head: str = "set,subject,part") -> Path:
    path = folder / "sets.csv"
    path.write_text("\n".join((head, *lines, "")))
    return path


def pictures(*sets: str) -> list[Picture]:
    """One picture of each set, named class/set."""
    return [Picture(name.split("/")[0], name, Path(name) / "one.png") for name in sets]


def test_what_one_class_alone_shows_is_not_trained_on(tmp_path: Path) -> None:
    given = pictures("npi/camera", "npi/zoo", "dgi/diffusion", "dgi/cyclegan", "dgi/stylegan")
    listed = read_listed_sets(
        written(
            tmp_path,
            "camera,mixed,training", "zoo,elephants,training", "diffusion,mixed,training",
            "cyclegan,zebras,training", "stylegan,elephants,training",
        )
    )  # fmt: skip
    names, refused = training_sets(given, listed)
    assert names == ("npi/camera", "npi/zoo", "dgi/diffusion", "dgi/stylegan")
    assert refused == {"dgi/cyclegan": "zebras"}


def test_a_subject_of_photographs_alone_is_left_out_too(tmp_path: Path) -> None:
    """A class that is cleared by its subject is as wrong as one that is accused by it."""
    given = pictures("npi/camera", "npi/drone", "dgi/diffusion", "cgg/renderer")
    lines = ("camera,mixed,training", "diffusion,mixed,training", "renderer,mixed,training")
    listed = read_listed_sets(written(tmp_path, *lines, "drone,fields,training"))
    assert training_sets(given, listed)[1] == {"npi/drone": "fields"}


def test_two_classes_of_three_are_not_enough(tmp_path: Path) -> None:
    given = pictures("npi/zoo", "dgi/cyclegan", "cgg/renderer")
    lines = ("zoo,zebras,training", "cyclegan,zebras,training", "renderer,mixed,training")
    listed = read_listed_sets(written(tmp_path, *lines))
    assert set(training_sets(given, listed)[1]) == {"npi/zoo", "dgi/cyclegan"}


def test_a_subject_that_is_kept_for_tests_does_not_balance_one(tmp_path: Path) -> None:
    given = pictures("npi/camera", "npi/zoo", "dgi/cyclegan")
    lines = ("camera,mixed,training", "zoo,zebras,test", "cyclegan,zebras,training")
    names, refused = training_sets(given, read_listed_sets(written(tmp_path, *lines)))
    assert (names, refused) == (("npi/camera",), {"dgi/cyclegan": "zebras"})


@pytest.mark.parametrize(
    ("lines", "head", "message"),
    [
        (("a,mixed,training", "a,mixed,test"), "set,subject,part", "twice"),
        (("a,,training",), "set,subject,part", "without a set or a subject"),
        (("a,mixed,tests",), "set,subject,part", "training, calibration, test"),
        (("a,training",), "set,part", "no column 'subject'"),
    ],
)
def test_a_list_that_says_too_little_is_refused(
    lines: tuple[str, ...], head: str, message: str, tmp_path: Path
) -> None:
    with pytest.raises(PicturesError, match=message):
        read_listed_sets(written(tmp_path, *lines, head=head))


def test_a_set_that_is_not_listed_is_refused(tmp_path: Path) -> None:
    path = written(tmp_path, "a,mixed,training")
    with pytest.raises(PicturesError, match="'npi/b' isn't in the list"):
        trained_on(pictures("npi/a", "npi/b"), path)
    with pytest.raises(PicturesError, match="can't be read"):
        read_listed_sets(tmp_path / "nowhere.csv")


def test_the_products_own_list_keeps_whole_sets_for_calibration_and_tests() -> None:
    listed = read_listed_sets(LIST)
    parts = [one.part for one in listed.values()]
    assert min(parts.count(part) for part in ("training", "calibration", "test")) >= 10
    assert all(one.subject == MIXED for one in listed.values() if one.part == "training")
    assert listed["3dcv-final_CycleGAN"].subject == "zebras"


def test_the_shipped_model_was_trained_by_a_list() -> None:
    [entry] = read_manifest().of_task("origin")
    assert str(entry.recipe[WHAT_SETS_SHOW]).startswith("listed")


def test_every_set_at_hand_is_listed(shared_folder: Path) -> None:
    path = shared_folder / "data" / "pictures.csv"
    if not path.exists():
        pytest.skip(f"there is no {path}")
    with path.open(newline="") as file:
        found = {row["file"].split("/")[2] for row in csv.DictReader(file)}
    assert found <= set(read_listed_sets(LIST))


@pytest.fixture
def folders(tmp_path: Path) -> list[Path]:
    """A set of photographs and two generators, of which one shows one subject."""
    found = []
    for number, name in enumerate(("camera", "doubling", "zebras")):
        folder = tmp_path / name
        folder.mkdir()
        for seed in range(16):
            picture = Image.fromarray(photo(256, 256, 100 * number + seed))
            picture.save(folder / f"{seed}.png")
        found.append(folder)
    return found


@pytest.mark.slow
@pytest.mark.usefixtures("stand_in_exports")
def test_train_synthetic_leaves_it_out_and_says_so(
    folders: list[Path], tmp_path: Path, camsim: Camsim
) -> None:
    camera, doubling, zebras = folders
    listed = written(
        tmp_path, "camera,mixed,training", "doubling,mixed,training", "zebras,zebras,training"
    )
    words = ("train", "generated", "--natural", camera, "--generated", doubling, zebras,
             "--crops", 1, "--steps", 2, "--batch", 4, "--threads", 1)  # fmt: skip
    ran = camsim(*words, "--sets", listed, "--out", tmp_path / "run")
    assert ran.status == 0, ran.err
    assert "generated/zebras (zebras)" in ran.err
    [entry] = read_manifest(tmp_path / "run/weights").of_task("generated")
    assert "zebras" not in entry.data
    assert "generated/zebras (zebras)" in str(entry.recipe[WHAT_SETS_SHOW])
    unsaid = camsim(*words, "--out", tmp_path / "unsaid")
    assert unsaid.status == 0, unsaid.err
    assert "List the sets with --sets" in unsaid.err
    [entry] = read_manifest(tmp_path / "unsaid/weights").of_task("generated")
    assert entry.recipe[WHAT_SETS_SHOW] == "not stated"


@pytest.mark.slow
@pytest.mark.usefixtures("stand_in_exports")
def test_train_origin_keeps_it_for_tests(tmp_path: Path, camsim: Camsim) -> None:
    rng = np.random.default_rng(0)
    for kind, name in (("npi", "camera"), ("cgg", "renderer"), ("dgi", "gan"), ("dgi", "zebras")):
        folder = tmp_path / "sets" / kind / name
        folder.mkdir(parents=True)
        for number in range(8):
            pixels = rng.integers(0, 256, (240, 240, 3), np.uint8)
            Image.fromarray(pixels).save(folder / f"{chr(97 + number)}.png")
    listed = written(
        tmp_path, "camera,mixed,training", "renderer,mixed,training", "gan,mixed,training",
        "zebras,zebras,training",
    )  # fmt: skip
    ran = camsim(
        "train", "origin", "--pictures", tmp_path / "sets", "--out", tmp_path / "run",
        "--patches", 1, "--draws", 2, "--threads", 1, "--sets", listed,
    )  # fmt: skip
    assert ran.status == 0, ran.err
    assert "dgi/zebras (zebras)" in ran.err
    [entry] = read_manifest(tmp_path / "run/weights").of_task("origin")
    assert entry.recipe["sets held out whole"] == "dgi/zebras"
