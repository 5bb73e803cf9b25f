"""Pictures and maps of a report are shown upright; the picture is made and encoded once."""

from io import BytesIO

import numpy as np
import pytest
from PIL import Image, ImageOps

from tests.verifier.toy import native
from verifier import Report, Settings, Verifier
from verifier.report.preview import preview_of
from verifier.report.record import PatchMap
from verifier.report.upright import patch_layer, picture

ORIENTATIONS = range(1, 9)
# Levels; one that is turned wrongly is 60 apart.
ENCODED_TWICE = 10


def tagged(orientation: int) -> bytes:
    image, file = Image.fromarray(native(256, 384)), BytesIO()
    image.getexif()[0x0112] = orientation
    image.save(file, "JPEG", quality=92, exif=image.getexif())
    return file.getvalue()


@pytest.fixture(scope="module", params=ORIENTATIONS)
def photo(request: pytest.FixtureRequest) -> bytes:
    return tagged(request.param)


def test_the_picture_is_what_viewers_show(photo: bytes, verifier: Verifier) -> None:
    report = verifier.analyze(photo)
    viewed = np.asarray(ImageOps.exif_transpose(Image.open(BytesIO(photo)))).astype(int)
    shown = np.asarray(Image.open(BytesIO(picture(report) or b"")))
    assert report.preview is not None
    assert shown.shape == viewed.shape == (report.preview.height, report.preview.width, 3)
    assert np.abs(shown - viewed).mean() < ENCODED_TWICE


@pytest.mark.parametrize("orientation", ORIENTATIONS)
def test_a_map_lies_over_the_parts_that_it_is_of(orientation: int, verifier: Verifier) -> None:
    report = one_patch(verifier.analyze(tagged(orientation)))
    layer = np.asarray(Image.open(BytesIO(patch_layer(report, "grain") or b"")))
    coded = Image.new("L", (384, 256))
    coded.paste(255, (256, 0, 384, 128))
    coded.getexif()[0x0112] = orientation
    expected = np.asarray(ImageOps.exif_transpose(coded)) > 0
    np.testing.assert_array_equal(layer[..., 3] > 0, expected)


def one_patch(report: Report) -> Report:
    """Return a report whose map has the part at the top right of the picture as it is coded."""
    result = next(one for one in report.detectors if one.name == "grain")
    drawn = PatchMap(side=128, places=((256, 0),), values=(1.0,), words="")
    changed = result.model_copy(update={"patch_map": drawn})
    others = (one for one in report.detectors if one.name != "grain")
    update = {"detectors": (changed, *others)}
    return report.model_copy(update=update).with_preview(report.preview)


def test_what_was_kept_as_coded_is_turned_as_what_is_made_now() -> None:
    pixels = native(200, 300)
    for orientation in ORIENTATIONS:
        now, then = preview_of(pixels, orientation), preview_of(pixels).turned(orientation)
        assert (now.width, now.height) == (then.width, then.height)
        first, second = (np.asarray(Image.open(BytesIO(one.jpeg))) for one in (now, then))
        assert np.abs(first.astype(int) - second).mean() < ENCODED_TWICE


def test_without_a_preview_nothing_is_drawn(verifier: Verifier) -> None:
    with Verifier(verifier.detectors, Settings(resend_through=(), preview=False)) as plain:
        report = plain.analyze(tagged(6))
    assert report.preview is None
    assert (picture(report), patch_layer(report, "grain")) == (None, None)
    assert "<figure>" not in report.to_html()
