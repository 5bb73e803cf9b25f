from pathlib import Path

import numpy as np
import pytest

from channel.errors import UnreadablePictureError
from channel.evaluation.agreement import agreements, psnr
from channel.evaluation.figure import figure_3
from channel.evaluation.headers import header_agreements
from channel.evaluation.pictures import scene
from channel.evaluation.table import Table
from channel.evaluation.uploads import comparisons, shares


def test_exact_roundings_equal_libjpeg_and_smooth_ones_nearly() -> None:
    measured = list(agreements([("scene", scene(64, 80))], qualities=(30, 90)))
    assert len(measured) == 4 * 2 * 2
    for agreement in measured:
        if agreement.rounding in ("standard", "straight-through"):
            assert (agreement.equal, agreement.worst) == (1, 0)
            assert agreement.psnr_ours == agreement.psnr_libjpeg
        else:
            assert 0 < agreement.equal < 1
            assert agreement.psnr_between > 25
    assert figure_3(measured).startswith(b"\x89PNG")


def test_psnr() -> None:
    black = np.zeros((2, 2), np.uint8)
    assert psnr(black, black) == float("inf")
    assert psnr(black, black + 255) == 0


def test_shares_of_equal_coefficients() -> None:
    ours = np.array([0, 0, 3, 4])
    real = np.array([0, 1, 3, 5])
    assert shares((ours,), (real,)) == ((0.5,), (pytest.approx(1 / 3),))
    assert shares((ours,), (real[:3],)) == ((0.0,), (0.0,))


def test_tables_are_markdown() -> None:
    assert str(Table(["a", "b"], [["1", 2]])) == "| a | b |\n| --- | --- |\n| 1 | 2 |\n"


def test_missing_lists_are_named(tmp_path: Path) -> None:
    with pytest.raises(UnreadablePictureError, match=r"no networks\.csv"):
        list(comparisons(tmp_path))
    with pytest.raises(UnreadablePictureError, match=r"no network_headers\.csv"):
        list(header_agreements(tmp_path))
