import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numpy.typing import NDArray

from camera_sim.raw.cfa import (
    CFA_ORDERS,
    PACKED_RGB,
    CFAOrder,
    CFAPattern,
    pack,
    sample,
    to_rggb,
    unpack,
)

orders = st.sampled_from(CFA_ORDERS)
even = st.integers(1, 12).map(lambda half: 2 * half)
mosaics = st.tuples(even, even).flatmap(lambda shape: hnp.arrays(np.uint16, shape))


def letters(order: CFAOrder, height: int, width: int) -> NDArray[np.str_]:
    """Spell the colour of every site, from the order's letters alone."""
    return np.array([[order[2 * (y % 2) + x % 2] for x in range(width)] for y in range(height)])


@given(mosaics, orders)
def test_unpack_undoes_pack(mosaic: NDArray[np.uint16], order: CFAOrder) -> None:
    pattern = CFAPattern(order)
    np.testing.assert_array_equal(unpack(pack(mosaic, pattern), pattern), mosaic)


@given(mosaics, orders)
def test_pack_undoes_unpack(mosaic: NDArray[np.uint16], order: CFAOrder) -> None:
    planes = pack(mosaic, CFAPattern("RGGB"))
    pattern = CFAPattern(order)
    np.testing.assert_array_equal(pack(unpack(planes, pattern), pattern), planes)


@given(mosaics, orders)
def test_to_rggb_is_its_own_inverse(mosaic: NDArray[np.uint16], order: CFAOrder) -> None:
    pattern = CFAPattern(order)
    np.testing.assert_array_equal(to_rggb(to_rggb(mosaic, pattern), pattern), mosaic)


@given(even, even, orders)
def test_to_rggb_gives_rggb(height: int, width: int, order: CFAOrder) -> None:
    turned = to_rggb(letters(order, height, width), CFAPattern(order))
    np.testing.assert_array_equal(turned, letters("RGGB", height, width))


def test_to_rggb_is_a_view() -> None:
    mosaic = np.zeros((4, 4), np.uint16)
    assert to_rggb(mosaic, CFAPattern("GBRG")).base is mosaic


@pytest.mark.parametrize("order", CFA_ORDERS)
def test_pack_puts_colours_in_the_standard_order(order: CFAOrder) -> None:
    planes = pack(letters(order, 6, 8), CFAPattern(order))
    for channel, letter in enumerate("RGGB"):
        assert set(planes[..., channel].ravel()) == {letter}


@pytest.mark.parametrize("order", CFA_ORDERS)
def test_first_green_shares_the_row_of_red(order: CFAOrder) -> None:
    (red_row, _), (first_row, _), (second_row, _), (blue_row, _) = CFAPattern(order).sites
    assert first_row == red_row
    assert second_row == blue_row


@given(even, even, orders, st.integers(0, 2**32 - 1))
def test_sample_takes_the_colour_of_the_site(
    height: int, width: int, order: CFAOrder, seed: int
) -> None:
    rgb = np.random.default_rng(seed).integers(0, 2**16, (height, width, 3), np.uint16)
    mosaic = sample(rgb, CFAPattern(order))
    for (y, x), letter in np.ndenumerate(letters(order, height, width)):
        assert mosaic[y, x] == rgb[y, x, "RGB".index(letter)]


@pytest.mark.parametrize("order", CFA_ORDERS)
def test_colour_indices_spell_the_order(order: CFAOrder) -> None:
    indices = CFAPattern(order).colour_indices()
    assert "".join("RGB"[i] for i in indices.ravel()) == order
    assert [int(indices[site]) for site in CFAPattern(order).sites] == list(PACKED_RGB)


@pytest.mark.parametrize("shape", [(3, 4), (4, 3), (1, 1)])
def test_odd_mosaics_are_refused(shape: tuple[int, int]) -> None:
    with pytest.raises(ValueError, match=f"even sides, got {shape[0]}×{shape[1]}"):
        pack(np.zeros(shape, np.uint16), CFAPattern("RGGB"))


def test_unknown_orders_are_refused_with_the_choices() -> None:
    with pytest.raises(ValueError, match="'RGBG'; known are RGGB, BGGR, GRBG, GBRG"):
        CFAPattern("RGBG")
