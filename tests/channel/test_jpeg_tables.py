from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from channel.errors import ChannelValueError
from channel.jpeg_tables import annex_k, robidoux, zigzag
from tests.channel.conftest import photo


@pytest.mark.parametrize("quality", [1, 10, 49, 50, 51, 75, 92, 99, 100])
def test_annex_k_is_what_libjpeg_writes(quality: int) -> None:
    file = BytesIO()
    Image.fromarray(photo(16, 16)).save(file, "JPEG", quality=quality)
    written = Image.open(file).quantization
    for table, index in zip(annex_k(quality), (0, 1), strict=True):
        np.testing.assert_array_equal(table.ravel(), written[index])


def test_robidoux_at_50_is_its_base_within_8_bits() -> None:
    luma, chroma = robidoux(50)
    assert luma[0].tolist() == [16, 16, 16, 18, 25, 37, 56, 85]
    assert luma[7, 7] == 255
    np.testing.assert_array_equal(luma, chroma)


def test_zigzag_goes_along_the_diagonals() -> None:
    assert zigzag()[:10].tolist() == [0, 1, 8, 16, 9, 2, 3, 10, 17, 24]
    assert sorted(zigzag()) == list(range(64))
    assert zigzag()[-2:].tolist() == [62, 63]


@pytest.mark.parametrize("quality", [0, 101, -5])
def test_quality_outside_1_to_100_is_refused(quality: int) -> None:
    with pytest.raises(ChannelValueError, match=f"quality is {quality}; give a whole number"):
        annex_k(quality)
