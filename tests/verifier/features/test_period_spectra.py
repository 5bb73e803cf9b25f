"""Periods are transformed as numpy's transform of each would."""

import numpy as np
import pytest

from verifier.features.period_spectra import period_spectra


@pytest.mark.parametrize("period", [16, 32])
@pytest.mark.parametrize("shape", [(64, 96), (100, 77), (33, 40)])
def test_each_period_has_the_spectrum_that_numpy_gives(period: int, shape: tuple[int, int]) -> None:
    plane = np.random.default_rng(0).normal(0, 5, shape).astype(np.float32)
    found = period_spectra(plane, period)
    rows, columns = (side // period for side in shape)
    assert found.shape == (rows, columns, period, period // 2 + 1)
    for row in range(rows):
        for column in range(columns):
            cut = plane[row * period :, column * period :][:period, :period]
            expected = np.fft.rfft2(cut.astype(np.float64))
            assert found[row, column] == pytest.approx(expected, abs=1e-3)


def test_a_plane_without_a_whole_period_has_none() -> None:
    assert period_spectra(np.zeros((31, 64), np.float32), 32).shape == (0, 2, 32, 17)
