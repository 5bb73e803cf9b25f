"""The pattern: parts that share no frequency, keys that decide it, a plane that covers a photo."""

from collections import Counter

import numpy as np
import pytest

from watermark.code import CODED_BITS, encode
from watermark.embedding import GRID, Watermark
from watermark.keys import DeviceSecret, GroupKey
from watermark.pattern import OCTAVES, TILES, Lines, Spreading, octave_lines, payload_lines, pilot
from watermark.plane import Plane

KEY, DEVICE = GroupKey(bytes(range(32))), DeviceSecret(bytes(range(1, 33)))
PAYLOAD = bytes.fromhex("0123456789abcdef")
PILOT_ROWS = [
    -59,
    -171,
    -83,
    -225,
    -103,
    -45,
    -107,
    -41,
    -73,
    -13,
    7,
    55,
    47,
    33,
    121,
    73,
    239,
    133,
    73,
    217,
]
PILOT_COLUMNS = [
    5,
    41,
    35,
    138,
    88,
    53,
    175,
    98,
    300,
    159,
    82,
    233,
    114,
    54,
    141,
    62,
    146,
    55,
    17,
    17,
]
PINNED = [0.0069, -0.1524, -0.7285, -1.1953]


def _points(lines: Lines) -> set[tuple[int, int]]:
    return set(zip(lines.rows.tolist(), lines.columns.tolist(), strict=True))


def test_parts_share_no_frequency() -> None:
    parts = [pilot()[0], payload_lines(), *(octave_lines(n) for n in range(len(OCTAVES)))]
    points = [_points(part) for part in parts]
    assert sum(map(len, points)) == len(set().union(*points))
    both = {(-row, -column) for row, column in set().union(*points)}
    assert not both & set().union(*points)  # one of each pair


def test_pilot_is_pinned() -> None:
    lines, coefficients = pilot()
    assert lines.rows.tolist() == PILOT_ROWS
    assert lines.columns.tolist() == PILOT_COLUMNS
    assert 2 * np.square(np.abs(coefficients)).sum() == pytest.approx(1)


def test_payload_repeats() -> None:
    lines = payload_lines()
    assert len(lines) == 2968
    assert not (lines.rows % TILES).any()
    assert not (lines.columns % TILES).any()


def test_every_bit_is_spread_alike() -> None:
    spreading = Spreading.by(KEY)
    counts = Counter(spreading.bits.tolist())
    assert len(counts) == CODED_BITS
    assert max(counts.values()) - min(counts.values()) <= 1
    assert sorted(spreading.bits[:CODED_BITS]) == list(range(CODED_BITS))


def test_other_keys_and_payloads_look_alike_to_nobody() -> None:
    codeword = encode(12345)
    one = Spreading.by(KEY).coefficients(codeword)
    for other in (
        Spreading.by(GroupKey(bytes(32))).coefficients(codeword),
        Spreading.by(KEY).coefficients(encode(54321)),
    ):
        overlap = abs(np.vdot(one, other)) / np.vdot(one, one).real
        assert overlap < 0.35


@pytest.fixture(scope="module")
def plane() -> Plane:
    return Watermark(PAYLOAD, KEY, DEVICE.of_photo(PAYLOAD)).plane((900, 1200))


def test_plane_has_the_promised_power(plane: Plane) -> None:
    assert plane.samples.var() == pytest.approx(1, abs=0.02)
    assert plane.extent == (1152, GRID)


def test_plane_is_pinned(plane: Plane) -> None:
    """As documented, to what a Fourier transform in float32 may round."""
    assert plane.samples[4, 4:8] == pytest.approx(PINNED, abs=1e-3)


def test_without_a_photos_key_the_octaves_are_missing() -> None:
    assert Watermark(PAYLOAD, KEY).plane((900, 1200)).samples.var() == pytest.approx(0.72, abs=0.02)


def test_windows_are_parts_of_the_whole(plane: Plane) -> None:
    size = (900, 1200)
    whole = plane.window(size, slice(0, 900), slice(0, 1200))
    part = plane.window(size, slice(300, 620), slice(512, 1100))
    np.testing.assert_allclose(part, whole[300:620, 512:1100], atol=1e-3)


def test_beyond_the_edges_the_last_pixel_repeats(plane: Plane) -> None:
    size = (900, 1200)
    window = plane.window(size, slice(-8, 50), slice(1100, 1216))
    inside = plane.window(size, slice(0, 50), slice(1100, 1200))
    assert window.shape == (58, 116)
    np.testing.assert_allclose(window[8:, :100], inside, atol=1e-6)
    # Not to the last bit: a matrix product may add up its rows in different orders.
    np.testing.assert_allclose(window[:8], window[[8] * 8], atol=1e-6)


@pytest.mark.parametrize("rows", [False, True])
@pytest.mark.parametrize("columns", [False, True])
@pytest.mark.parametrize("size", [(900, 1200), (901, 1203)])
def test_turned_planes_lie_as_turned_pictures(
    plane: Plane, rows: bool, columns: bool, size: tuple[int, int]
) -> None:
    whole = plane.window(size, slice(0, size[0]), slice(0, size[1]))
    turned = plane.transposed().flipped(rows=rows, columns=columns)
    seen = turned.window(size[::-1], slice(0, size[1]), slice(0, size[0]))
    back = seen[:: -1 if rows else 1, :: -1 if columns else 1].T
    np.testing.assert_allclose(back, whole, atol=1e-3)
