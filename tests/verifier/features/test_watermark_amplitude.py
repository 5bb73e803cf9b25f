"""What is left of a watermark in rounded coefficients is found whatever the texture swallows."""

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from verifier.features import watermark_amplitude
from verifier.features.watermark_amplitude import Amplitude, Blocks, amplitude

PLACE = 31
EMBEDDED = np.array([[-9.0, 5.0], [13.0, 7.0]])
BLOCKS = (96, 128)


def downloaded(left: float, step: float, widths: tuple[float, float]) -> NDArray[np.float32]:
    """Coefficients of a Laplacian texture, wider from left to right, with a watermark, rounded."""
    rng = np.random.default_rng(1)
    across = np.geomspace(*widths, BLOCKS[1])[None, :, None]
    textures = rng.laplace(size=(*BLOCKS, 63)) * across
    rows, columns = (np.arange(side) % 2 for side in BLOCKS)
    textures[..., PLACE] += left * EMBEDDED[np.ix_(rows, columns)]
    rounded = np.round(textures / step) * step
    return rounded.reshape(-1, 63).astype(np.float32)


def found(left: float, step: float, widths: tuple[float, float]) -> Amplitude:
    return amplitude(blocks_of(downloaded(left, step, widths)), EMBEDDED, PLACE)


def blocks_of(coefficients: NDArray[np.float32], shape: tuple[int, int] = BLOCKS) -> Blocks:
    return Blocks(coefficients, shape, np.ones(len(coefficients), bool))


@pytest.mark.parametrize("left", [0.0, 0.25, 0.45, 1.0, 2.0])
@pytest.mark.parametrize("widths", [(2.0, 5.0), (4.0, 30.0)])
def test_what_is_left_is_found_through_rounding(left: float, widths: tuple[float, float]) -> None:
    one = found(left, 18.0, widths)
    assert one.step == 18
    assert one.value == pytest.approx(left, abs=0.04)
    assert (one.evidence > 20) == (left > 0)


def test_the_mean_would_say_less() -> None:
    """The reason for all this: of an even picture the mean keeps a fraction of the watermark."""
    coefficients = downloaded(0.45, 18.0, (2.0, 4.0))[:, PLACE].reshape(BLOCKS)
    embedded = np.tile(EMBEDDED, (BLOCKS[0] // 2, BLOCKS[1] // 2))
    mean = (coefficients * embedded).sum() / np.square(embedded).sum()
    assert mean < 0.3
    assert found(0.45, 18.0, (2.0, 4.0)).value == pytest.approx(0.45, abs=0.04)


def test_few_textured_blocks_of_a_smooth_picture_say_it_all() -> None:
    """A clear sky over a city: a tenth of the blocks, of all widths, holds nearly all that is left.

    Taken together as one width they would say less than there was.
    """
    rng, blocks = np.random.default_rng(1), (192, 256)
    small = Image.fromarray(rng.normal(0, 1, (24, 32)).astype(np.float32))
    field = np.asarray(small.resize(blocks[::-1], Image.Resampling.BICUBIC))
    widths = np.exp(2 * field / field.std() - 1.5)
    textures = rng.laplace(size=(*blocks, 63)) * widths[..., None]
    textures[..., PLACE] += 0.4 * np.tile(EMBEDDED, (96, 128))
    rounded = (np.round(textures / 18) * 18).reshape(-1, 63).astype(np.float32)
    assert amplitude(blocks_of(rounded, blocks), EMBEDDED, PLACE).value == pytest.approx(
        0.4, abs=0.03
    )


@pytest.mark.parametrize("blocks", [1, 399, 471, 3000, 50_000])
def test_ranges_are_shares_of_what_is_as_active_or_more(blocks: int) -> None:
    edges = watermark_amplitude._edges(np.arange(blocks, dtype=np.float64))
    counts = np.diff([0, *np.ceil(edges), blocks])
    left = counts[::-1].cumsum()[::-1]
    assert counts[:-1] / left[:-1] == pytest.approx(0.15, abs=0.003)
    assert counts[-1] == blocks if blocks < 400 / 0.85 else 400 <= counts[-1] < 400 / 0.85 + 1


@pytest.mark.parametrize("step", [1.0, 3.0])
def test_fine_steps_are_taken_together(step: float) -> None:
    one = found(0.5, step, (4.0, 20.0))
    assert one.step >= 4
    assert one.value == pytest.approx(0.5, abs=0.04)


def test_eight_bits_of_even_blocks_hide_no_step() -> None:
    """Alone in its block a coefficient of 18 is rounded to 16 when pixels are."""
    coefficients = downloaded(1.0, 18.0, (0.5, 8.0))
    alone = np.count_nonzero(coefficients, axis=1) == 1
    coefficients[alone, PLACE] *= 16 / 18
    assert np.count_nonzero(alone & (coefficients[:, PLACE] != 0)) > 1000
    one = amplitude(blocks_of(coefficients), EMBEDDED, PLACE)
    assert one.step == 18
    assert one.value == pytest.approx(1.0, abs=0.04)


def test_blocks_that_are_not_kept_say_nothing() -> None:
    coefficients = downloaded(1.0, 18.0, (3.0, 9.0))
    kept = np.arange(len(coefficients)) % 3 > 0
    coefficients[~kept] = 70  # the most textured, with neither a step nor a watermark
    one = amplitude(Blocks(coefficients, BLOCKS, kept), EMBEDDED, PLACE)
    assert one.step == 18
    assert one.value == pytest.approx(1.0, abs=0.04)
    none = amplitude(Blocks(coefficients, BLOCKS, np.zeros_like(kept)), EMBEDDED, PLACE)
    assert (none.value, none.evidence) == (0, 0)


def test_the_shape_of_a_laplacian_is_told() -> None:
    """Of one of width b, rounded to s, exp(-s/2b) isn't zero and exp(-s/b) of that is two more."""
    width, step = 12.0, 18.0
    coefficients = downloaded(0.0, step, (width, width))
    one = amplitude(blocks_of(coefficients), EMBEDDED, PLACE)
    assert one.filled == pytest.approx(-step / (2 * width), abs=0.03)
    assert one.second == pytest.approx(-step / width, abs=0.05)


def test_the_last_range_is_told_from_the_others() -> None:
    """Where few blocks are textured, those of the most active range hold what isn't zero."""
    even = amplitude(blocks_of(downloaded(0.0, 18.0, (9.0, 9.0))), EMBEDDED, PLACE)
    mixed = amplitude(blocks_of(downloaded(0.0, 18.0, (0.5, 20.0))), EMBEDDED, PLACE)
    assert 0 < even.last < mixed.last < 1


def test_more_blocks_are_surer() -> None:
    few = amplitude(
        blocks_of(downloaded(0.3, 18.0, (3.0, 9.0))[: 8 * 128], (8, 128)), EMBEDDED, PLACE
    )
    assert few.sureness < found(0.3, 18.0, (3.0, 9.0)).sureness / 2


@pytest.mark.parametrize("blocks", [(1, 1), (2, 3), (1, 40)])
def test_few_or_empty_blocks_say_nothing(blocks: tuple[int, int]) -> None:
    empty = np.zeros((blocks[0] * blocks[1], 63), np.float32)
    one = amplitude(blocks_of(empty, blocks), EMBEDDED, PLACE)
    assert np.isfinite([one.value, one.sureness, one.evidence, one.width]).all()
    assert one.evidence < 3
