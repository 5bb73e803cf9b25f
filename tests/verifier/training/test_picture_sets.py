"""Pictures by class and set, splits by sets and scenes, and one history for every class."""

from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from tests.channel.conftest import photo
from verifier.errors import PicturesError
from verifier.training.origin.equalise import (
    History,
    Ranges,
    draw_history,
    equalise,
    equalised_pixels,
    least_scale,
)
from verifier.training.picture_sets import (
    Picture,
    list_pictures,
    scenes_of,
    sets_of,
    split,
)


def write(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", (8, 8)).save(path)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for number in range(40):
        write(tmp_path / "real" / "phones" / f"{number:03}.png")
        write(tmp_path / "real" / "studio" / f"{number:03}.png")
        write(tmp_path / "fake" / "gan" / f"gan_{number // 4}_fake-{number % 4}.png")
    write(tmp_path / "fake" / "loose.png")
    write(tmp_path / "other" / "x.png")
    return tmp_path


def named(*names: str) -> list[Picture]:
    return [Picture("a", "a/s", Path(f"{name}.png")) for name in names]


def test_pictures_are_listed_by_class_and_set(folder: Path) -> None:
    pictures = list_pictures(folder, ("real", "fake"))
    assert sets_of(pictures) == ("real/phones", "real/studio", "fake/gan", "fake")
    assert len(pictures) == 121
    assert pictures[0].name == "real/phones/000.png"
    assert pictures[0].pixels().shape == (8, 8, 3)


def test_a_class_without_folder_or_pictures_is_refused(folder: Path) -> None:
    with pytest.raises(PicturesError, match="no folder 'drawn'"):
        list_pictures(folder, ("real", "drawn"))
    (folder / "empty").mkdir()
    with pytest.raises(PicturesError, match="holds no pictures"):
        list_pictures(folder, ("empty",))


def test_what_is_no_picture_is_told() -> None:
    with pytest.raises(PicturesError, match="can't be read"):
        Picture("a", "a", Path(__file__)).pixels()


def test_scenes_are_the_first_words_that_differ() -> None:
    takes = named("n02_1090_fake-1", "n02_1090_fake", "n02_1100_fake-2")
    one, two, three = scenes_of(takes)
    assert one == two != three
    rooms = named("bath_arnold_1", "bath_indigo", "living-room-3", "living-room", "car2", "car")
    assert [scene.split("/")[-1] for scene in scenes_of(rooms)] == [
        "bath", "bath", "living", "living", "car", "car",
    ]  # fmt: skip
    assert len(set(scenes_of(named("00003", "00005", "00008")))) == 3


def test_a_split_parts_sets_and_scenes(folder: Path) -> None:
    pictures = list_pictures(folder, ("real", "fake"))
    parts = split(pictures, ["real/studio"], seen=0.2, calibration=0.1)
    all_parts = (parts.training, parts.calibration, parts.seen, parts.unseen)
    assert sorted(p.name for part in all_parts for p in part) == sorted(p.name for p in pictures)
    assert {p.set for p in parts.unseen} == {"real/studio"}
    assert len(parts.unseen) == 40
    scenes = dict(zip(pictures, scenes_of(pictures), strict=True))
    of_parts = [{scenes[p] for p in part} for part in all_parts]
    assert not any(one & two for i, one in enumerate(of_parts) for two in of_parts[:i])
    assert sum(p.set == "real/phones" for p in parts.seen) == 8
    assert sum(p.set == "real/phones" for p in parts.calibration) == 4
    # Scenes of four takes each: at least the share, at most a scene more.
    assert 8 <= sum(p.set == "fake/gan" for p in parts.seen) <= 11


def test_a_split_is_drawn_again_alike(folder: Path) -> None:
    pictures = list_pictures(folder, ("real", "fake"))
    assert split(pictures, seed=3) == split(pictures, seed=3)
    assert split(pictures, seed=3) != split(pictures, seed=4)
    alone = split(list_pictures(folder, ("real",)), seed=3)
    assert set(alone.seen) < set(split(pictures, seed=3).seen)


def test_splits_that_leave_nothing_are_refused(folder: Path) -> None:
    pictures = list_pictures(folder, ("real", "fake"))
    with pytest.raises(PicturesError, match="no set 'real/phone'"):
        split(pictures, ["real/phone"])
    with pytest.raises(PicturesError, match="'real' has no set left"):
        split(pictures, ["real/phones", "real/studio"])
    with pytest.raises(PicturesError, match="nothing to train on"):
        split(pictures, seen=0.6, calibration=0.4)


@given(st.integers(0, 2**32), st.integers(64, 900), st.integers(64, 900))
def test_a_history_stays_in_the_picture(seed: int, height: int, width: int) -> None:
    drawn = draw_history(np.random.default_rng(seed), height, width, 64)
    assert drawn is not None
    reach = 64 / drawn.scale
    assert 0 <= drawn.left <= width - reach + 1e-6
    assert 0 <= drawn.top <= height - reach + 1e-6
    assert max(0.5, least_scale(height, width, 64)) <= drawn.scale <= 1.4
    centred = draw_history(np.random.default_rng(seed), height, width, 64, centre=(width, 0))
    assert centred is not None
    assert centred.top <= 8
    assert centred.left >= width - 64 / centred.scale - 8


def test_a_picture_too_small_has_no_history() -> None:
    rng = np.random.default_rng(0)
    assert draw_history(rng, 100, 400, 224) is None
    assert draw_history(rng, 160, 400, 224) is not None


def test_every_file_looks_alike() -> None:
    """Container, size, marks: nothing in the file depends on what the picture was."""
    rng = np.random.default_rng(5)
    seen = set()
    for pixels in (photo(300, 500), np.full((260, 900, 3), 7, np.uint8)):
        for _ in range(8):
            history = draw_history(rng, *pixels.shape[:2], 224)
            assert history is not None
            with Image.open(BytesIO(equalise(pixels, history, 224))) as image:
                seen.add((image.format, image.size, image.mode, tuple(sorted(image.info))))
    assert len(seen) == 1
    assert next(iter(seen))[1] == (224, 224)


def test_the_same_draw_gives_the_same_file() -> None:
    pixels = photo(300, 300)
    one, two = (draw_history(np.random.default_rng(1), 300, 300, 128) for _ in range(2))
    assert one == two
    assert one is not None
    assert equalise(pixels, one, 128) == equalise(pixels, one, 128)


def test_the_part_that_was_drawn_is_kept() -> None:
    rows, columns = np.mgrid[:300, :300].astype(np.uint8)
    pixels = np.stack([rows % 250, columns % 250, rows * 0], axis=2).astype(np.uint8)
    history = History(1.25, 40.5, 20.25, (3, 5), "bilinear", 98, 0, 98, 0)
    found = equalised_pixels(pixels, history, 128).astype(float)
    # The first pixel's middle lies 0.4 source pixels into the part.
    assert found[0, 0, 1] == pytest.approx(40.5 + 0.4 - 0.5, abs=4)
    assert found[127, 127, 0] == pytest.approx(20.25 + 127.5 / 1.25 - 0.5, abs=4)


def test_an_old_jpeg_grid_is_no_longer_told_from_none() -> None:
    """Blocking of the source's own grid, before and after: after, both kinds have as much."""
    rng = np.random.default_rng(2)
    before, after = [], []
    for number in range(12):
        scene = photo(400, 400, number)
        file = BytesIO()
        Image.fromarray(scene).save(file, "JPEG", quality=60)
        coded = np.asarray(Image.open(file).convert("RGB"))
        before.append((_blocking(scene), _blocking(coded)))
        history = draw_history(rng, 400, 400, 224)
        assert history is not None
        after.append([_blocking(equalised_pixels(p, history, 224)) for p in (scene, coded)])
    gap_before, gap_after = (float(np.mean([b - a for a, b in pairs])) for pairs in (before, after))
    assert gap_before > 0.1
    assert abs(gap_after) < gap_before / 4


def _blocking(pixels: np.ndarray) -> float:
    """How much larger steps across the 8×8 grid are than others, as a ratio less 1."""
    steps = np.abs(np.diff(pixels[..., 1].astype(float), axis=1)).mean(0)
    on = np.arange(len(steps)) % 8 == 7
    return float(steps[on].mean() / max(steps[~on].mean(), 1e-9) - 1)


@pytest.mark.parametrize("bad", [{"scale": (0.0, 1.0)}, {"scale": (2.0, 1.0)}, {"quality": (0, 9)}])
def test_ranges_out_of_reach_are_refused(bad: dict[str, tuple[float, float]]) -> None:
    with pytest.raises(PicturesError, match="can't be drawn"):
        Ranges(**bad)


def test_the_shared_pictures_split_by_sets(shared_folder: Path) -> None:
    pictures = list_pictures(shared_folder / "data" / "pictures", ("npi", "cgg", "dgi"))
    parts = split(pictures, ["dgi/stable-diffusion", "npi/codec-corpus_clic2025"])
    assert {p.kind for p in parts.seen} == {"npi", "cgg", "dgi"}
    gan = {p.path.stem.split("_")[1] for p in parts.training if "CycleGAN" in p.set}
    held = {p.path.stem.split("_")[1] for p in parts.seen if "CycleGAN" in p.set}
    assert held
    assert not gan & held
