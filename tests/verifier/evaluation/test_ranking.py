"""Ranking by platform and set, and middles of one size."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.channel.conftest import photo
from tests.verifier.detectors.test_generated import NAME, toy
from verifier.evaluation.labelled import Labelled
from verifier.evaluation.middles import cut_middles
from verifier.evaluation.ranking import auc, ranking_table, rankings
from verifier.evaluation.scores import Row, Scores
from verifier.training.listed_sets import ListedSet
from verifier.weights import Calibration, read_manifest

CALIBRATION = Calibration(
    temperature=1, exponent=0, expected_calibration_error=0, pictures=1, data="made"
)
SETS = {
    name: ListedSet(name, "mixed", part)
    for name, part in (("phones", "test"), ("gan", "test"), ("flux", "test"), ("old", "training"))
}


def row(name: str, truth: str, number: int, share: float, platform: str = "none") -> Row:
    logs = float(np.log(1 - share)), float(np.log(share))
    return Row(f"{number}.png", f"{name}/{number}", truth, platform, "", 1, logs, name)


def test_the_area_is_the_share_of_pairs_in_order() -> None:
    values, photographs = np.array([1.0, 3.0]), np.array([0.0, 1.0, 2.0])
    assert auc(values, photographs) == pytest.approx((1.5 + 3) / 6)


def test_a_line_names_the_weakest_set_and_counts_what_is_found(tmp_path: Path) -> None:
    entry = read_manifest(toy(tmp_path)).find(NAME)
    rows = [row("phones", "natural", n, 0.1 + n / 1000) for n in range(150)]
    rows += [row("phones", "natural", n, 0.9, "whatsapp") for n in range(4)]
    rows += [row("gan", "generated", n, 0.99) for n in range(3)]
    rows += [row("flux", "generated", n, share) for n, share in enumerate((0.05, 0.1785, 0.2485))]
    rows += [row("old", "generated", n, 0.01) for n in range(9)]
    [found] = rankings(entry, CALIBRATION, Scores(("natural", "generated"), tuple(rows)), SETS)
    assert (found.platform, found.truth, found.pictures, found.photographs) == (
        "none", "generated", 6, 150,
    )  # fmt: skip
    # One photograph in a hundred is one of 150: 0.2485 is below the highest and above the second.
    assert found.found == 4
    assert found.weakest[0] == "flux"
    assert found.weakest[1] == pytest.approx((0 + 79 + 149) / 450)
    assert found.auc == pytest.approx((3 * 150 + 79 + 149) / 900)
    assert "| none | generated | 6 | 150 |" in ranking_table([found])


def test_middles_keep_their_name_and_the_grid_of_blocks(tmp_path: Path) -> None:
    pixels = photo(130, 90)
    Image.fromarray(pixels).save(tmp_path / "a.b.png")
    (tmp_path / "bad.jpg").write_bytes(b"no picture")
    given = [Labelled(tmp_path / name, "natural", "s") for name in ("a.b.png", "bad.jpg")]
    (tmp_path / "cut").mkdir()
    cut, bad = cut_middles(given, 64, tmp_path / "cut")
    assert (cut.photo, cut.truth) == (given[0].photo, "natural")
    assert np.array_equal(np.asarray(Image.open(cut.path)), pixels[32:96, 8:72])
    assert bad == given[1]
