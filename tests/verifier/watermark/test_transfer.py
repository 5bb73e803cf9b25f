"""What is left of a watermark by band: filters of a few pixels show, compression is taken out."""

import io

import numpy as np
import pytest
from PIL import Image

from channel.manipulations import GAUSSIAN, RESAMPLE, SHARPEN
from tests.verifier.watermark.made import DEVICE, GROUP, PAYLOAD, Picture, photo
from verifier.features.jpeg_header import jpeg_header
from verifier.watermark.description import NAMES, describe
from verifier.watermark.reader import WatermarkReading, read_watermark
from verifier.watermark.transfer import BANDS, BLIND_BANDS, Transfer, measure_transfer

pytestmark = pytest.mark.slow

KEY = DEVICE.of_photo(PAYLOAD)
SIZE = (1200, 1600)


@pytest.fixture(scope="module")
def whole() -> Picture:
    return photo(SIZE)


@pytest.fixture(scope="module")
def edited(whole: Picture) -> list[tuple[str, Picture, WatermarkReading]]:
    """The photo edited in each way, and as it is, with what is read of each."""
    made = {edit.name: edit(whole) for edit in (SHARPEN, GAUSSIAN, RESAMPLE)} | {"native": whole}
    return [(name, one, read_watermark(one, [GROUP], search=False)) for name, one in made.items()]


def _transfer(picture: Picture, *, keyed: bool = True, quality: int | None = None) -> Transfer:
    steps = None
    if quality:
        file = io.BytesIO()
        Image.fromarray(picture).save(file, "JPEG", quality=quality)
        header = jpeg_header(file.getvalue())
        assert header is not None
        steps, picture = header.luma, np.asarray(Image.open(file))
    reading = read_watermark(picture, [GROUP], search=False)
    assert reading.payload == PAYLOAD
    return measure_transfer(picture, reading, GROUP, KEY if keyed else None, steps)


def _said(transfer: Transfer) -> dict[str, float]:
    return dict(zip(NAMES, describe(transfer).tolist(), strict=True))


def test_what_is_laid_is_found(whole: Picture) -> None:
    transfer = _transfer(whole)
    assert transfer.found.shape == transfer.laid.shape == (20, 26, len(BANDS))
    assert transfer.received == pytest.approx(1600, abs=2)
    assert np.all(transfer.left == 1)
    shares = transfer.shares[4:]
    assert shares.std() / shares.mean() < 0.2


def test_without_the_photos_key_the_payloads_bands_are_known(whole: Picture) -> None:
    transfer = _transfer(whole, keyed=False)
    assert np.isnan(transfer.shares[BLIND_BANDS:]).all()
    assert np.isfinite(transfer.shares[:BLIND_BANDS]).all()


@pytest.mark.parametrize("keyed", [True, False])
def test_the_slope_says_what_was_done(
    edited: list[tuple[str, Picture, WatermarkReading]], keyed: bool
) -> None:
    key = KEY if keyed else None
    assert {reading.payload for _, _, reading in edited} == {PAYLOAD}
    slopes = {
        name: _said(measure_transfer(picture, reading, GROUP, key))["slope"]
        for name, picture, reading in edited
    }
    assert slopes["resample"] < slopes["gaussian"] < slopes["native"] < slopes["sharpen"]


def test_what_the_files_compression_took_is_taken_out(whole: Picture) -> None:
    before, after = _transfer(whole), _transfer(whole, quality=75)
    assert after.left[4:].max() < 0.95
    lost = np.log(after.shares[4:10] / before.shares[4:10])
    explained = np.log(after.left[4:10])
    assert (lost - explained).std() < 0.6 * lost.std()  # a factor for all bands is no edit
    assert _said(after)["left"] < _said(before)["left"] == 0


def test_a_picture_without_a_payload_is_refused(whole: Picture) -> None:
    with pytest.raises(ValueError, match="was read"):
        measure_transfer(whole, WatermarkReading(found=False), GROUP)
