"""``camsim evaluate inpainted``: parts, tiles, what is compared with what, tables."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from tests.camera_sim.conftest import Camsim
from tests.channel.conftest import photo
from tests.verifier.detectors.toy_origin import SIDE, toy_origin
from verifier.evaluation.inpainted.part import (
    HALF,
    LEAST,
    LONGEST,
    RIM,
    Part,
    blended,
    draw_part,
    grid,
    kinds,
    made_in_tiles,
    reduced,
)
from verifier.evaluation.inpainted.tables import change_table, interval, map_table
from verifier.evaluation.inpainted.trials import SHARES, Trial
from verifier.training.generated.aligned_pairs import MULTIPLE

TRIAL = Trial(
    set="phones", photo="a.jpg", decoder="taef2", share=0.2, platform="whatsapp", psnr=30.0,
    generated=9, untouched=9, auc=0.75, before=0.5, drawn=0.5, named=False, named_before=False,
)  # fmt: skip


def coarse(planes: torch.Tensor) -> torch.Tensor:
    """A decoder that keeps one pixel of each block: it shows where its blocks begin."""
    kept = planes[..., ::MULTIPLE, ::MULTIPLE]
    return torch.nn.functional.interpolate(kept, scale_factor=MULTIPLE)


def bluer(planes: torch.Tensor) -> torch.Tensor:
    """A decoder that is found: the toy takes what is blue for generated."""
    return planes + torch.tensor([0, 0, 0.2]).reshape(3, 1, 1)


# Parts


def test_a_patch_is_generated_from_half_of_it_on_and_untouched_where_nothing_lies_in_the_part() -> (
    None
):
    part = Part(0.5, 0.0, 1.0, 1.0)
    inside = part.inside([(0, 0), (90, 0), (150, 0), (200, 0)], 100, (100, 400, 3))
    assert inside.tolist() == [0, 0, 0.5, 1]
    assert kinds(inside) is None  # too few of either
    made, untouched = kinds(np.array([0.0] * LEAST + [HALF] * LEAST + [0.1])) or ((), ())
    assert (sum(made), sum(untouched)) == (LEAST, LEAST)
    # As a platform resizes the picture, the part goes with it.
    assert part.inside([(25, 0)], 50, (50, 100, 3)).tolist() == [0.5]


@pytest.mark.parametrize("share", SHARES)
def test_a_part_is_drawn_by_the_seed_with_its_share_of_the_area(share: float) -> None:
    shape = 600, 900, 3
    parts = [draw_part(np.random.default_rng(n), share, shape, SIDE) for n in (1, 1, 2)]
    assert parts[0] == parts[1] != parts[2]
    part = parts[0]
    assert part is not None
    assert (part.right - part.left) * (part.bottom - part.top) == pytest.approx(share)
    assert 0 <= min(part.left, part.top) < max(part.right, part.bottom) <= 1
    assert kinds(part.inside(grid(shape, SIDE), SIDE, shape)) is not None


def test_a_photograph_that_is_too_small_has_no_part() -> None:
    assert draw_part(np.random.default_rng(0), 0.5, (384, 384, 3), SIDE) is None
    assert draw_part(np.random.default_rng(0), 0.5, (100, 100, 3), SIDE) is None


def test_tiles_show_no_seam_and_keep_the_decoders_lattice() -> None:
    pixels = photo(650, 661)
    found = made_in_tiles(coarse, pixels)
    kept = pixels[::MULTIPLE, ::MULTIPLE].repeat(MULTIPLE, 0).repeat(MULTIPLE, 1)
    assert found.shape == pixels.shape
    # bfloat16 rounds levels
    assert np.abs(found.astype(int) - kept[:650, :661]).max() <= 1


def test_outside_of_the_part_nothing_changes_and_its_rim_is_soft() -> None:
    pixels = np.zeros((200, 300, 3), np.uint8)
    found = blended(pixels, pixels + 200, Part(1 / 3, 0.25, 2 / 3, 0.75))[..., 0]
    assert not found[:50].any()
    assert not found[:, :100].any()
    assert not found[150:].any()
    assert not found[:, 200:].any()
    assert (found[50 + RIM : 150 - RIM, 100 + RIM : 200 - RIM] == 200).all()
    assert (np.diff(found[100, 99 : 100 + RIM].astype(int)) > 0).all()


def test_large_photographs_alone_are_reduced() -> None:
    assert reduced(photo(400, 300)).shape == (400, 300, 3)
    assert reduced(np.zeros((1000, 2 * LONGEST, 3), np.uint8)).shape == (500, LONGEST, 3)


# Tables


def test_a_line_says_what_the_map_knows_beyond_the_subject() -> None:
    trials = [
        replace(TRIAL, set=name, photo=f"{n}.jpg", auc=area, named=n == 0)
        for name, area in (("phones", 0.75), ("drones", 0.5))
        for n in range(3)
    ]
    text = map_table([*trials, replace(TRIAL, photo="small.jpg", auc=None, before=None)])
    cells = [cell.strip() for cell in text.splitlines()[2].strip("|").split("|")]
    assert cells[:4] == ["taef2", "20%", "WhatsApp", "6"]
    assert cells[4].startswith("0.625 (0.5")
    assert cells[5] == "0.500"
    assert cells[6].startswith("+0.125 (+0.0")
    assert cells[8:] == ["drones (0.50)", "2 of 7", "0 of 7"]
    assert "| – |" in map_table([replace(TRIAL, auc=None, before=None)])
    assert "| taef2 | 30.0 | 30.0 to 30.0 |" in change_table(trials)


def test_an_interval_holds_the_mean_and_narrows_with_more_photographs() -> None:
    values = np.random.default_rng(0).normal(0.6, 0.1, 400)
    widths = []
    for count in (20, 400):
        low, high = map(float, interval(values[:count]).split(" to "))
        assert low < values[:count].mean() < high
        widths.append(high - low)
    assert widths[1] < widths[0] / 3


# The command


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    folder = tmp_path / "phones"
    folder.mkdir()
    for name, side in {"a": 672, "b": 672, "c": 300}.items():
        Image.fromarray(photo(672, side, 3) // 2).save(folder / f"{name}.png")
    return folder


def test_a_part_is_found_where_it_lies(
    photos: Path, tmp_path: Path, camsim: Camsim, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("verifier.commands.train_pairs.decoders_of", lambda *_: {"blue": bluer})
    ran = camsim(
        "evaluate", "inpainted", photos, "--weights", toy_origin(tmp_path / "weights"),
        "--platform", "none", "instagram", "--limit", 1, "--out", tmp_path / "out",
    )  # fmt: skip
    assert ran.status == 0, ran.err
    rows = [line for line in ran.out.splitlines() if line.startswith("| blue | ")]
    assert [row.split(" | ")[1:3] for row in rows[:2]] == [["20%", "nothing"], ["20%", "Instagram"]]
    for row in rows[:4]:
        cells = row.split(" | ")
        assert cells[3] == "1"
        assert float(cells[4].split()[0]) > 0.9
        assert 0.2 < float(cells[5]) < 0.9
    assert "1 photographs: 1 of phones" in ran.out
    assert (tmp_path / "out" / "inpainted.md").read_text(encoding="utf-8") in ran.out
    lines = (tmp_path / "out" / "trials.jsonl").read_text(encoding="utf-8").splitlines()
    assert len(lines) == 4


def test_photographs_that_are_all_too_small_are_refused(
    photos: Path, tmp_path: Path, camsim: Camsim, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("verifier.commands.train_pairs.decoders_of", lambda *_: {"blue": bluer})
    for name in ("a", "b"):
        (photos / f"{name}.png").unlink()
    ran = camsim("evaluate", "inpainted", photos, "--out", tmp_path / "out")
    assert (ran.status, len(ran.err.splitlines())) == (2, 1)
    assert "large enough" in ran.err
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ((), "no decoder is given"),
        (("--taef2", "nowhere.pth", "nowhere.pth"), "nowhere.pth"),
        (("--taef2", "nowhere.pth"), "the encoder's weights, then the decoder's"),
        (("--generator", "nowhere"), "nowhere"),
        (("--platform", "myspace"), "myspace"),
        (("--weights", "nowhere"), "nowhere"),
    ],
)
def test_what_is_missing_is_said_in_a_sentence(
    words: tuple[str, ...], message: str, photos: Path, tmp_path: Path, camsim: Camsim
) -> None:
    ran = camsim("evaluate", "inpainted", photos, *words, "--out", tmp_path / "out")
    assert (ran.status, len(ran.err.splitlines())) == (2, 1)
    assert message in ran.err


def test_a_folder_without_photographs_is_refused(tmp_path: Path, camsim: Camsim) -> None:
    (tmp_path / "empty").mkdir()
    ran = camsim("evaluate", "inpainted", tmp_path / "empty", "--out", tmp_path / "out")
    assert (ran.status, len(ran.err.splitlines())) == (2, 1)
    assert "holds no pictures" in ran.err
