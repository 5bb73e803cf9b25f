"""Edits by what is left of a watermark: told where it is sure, never evidence for a picture."""

import io
import re
from collections.abc import Iterator
from dataclasses import replace
from functools import lru_cache
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageFilter

from channel import transmit
from channel.manipulations import SHARPEN
from tests.verifier.watermark.made import (
    DEVICE,
    GROUP,
    PAYLOAD,
    Picture,
    in_8_bits,
    photo,
    scene,
)
from verifier import Verifier
from verifier.detectors.edits import WatermarkEdits
from verifier.reading.reading import Reading, read_file, read_pixels
from verifier.report.record import DetectorResult
from verifier.settings import Settings
from verifier.watermark.reader import WatermarkReading, read_watermark
from watermark.embedding import Watermark
from watermark.keys import GroupKey

pytestmark = pytest.mark.slow

SIZE = (1800, 2400)


@pytest.fixture(scope="module")
def whole() -> Picture:
    return photo(SIZE)


@pytest.fixture(scope="module", autouse=True)
def _of_small_photos() -> Iterator[None]:
    """Judge the whole of photos that are made in a second; how large they must be has a test."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("verifier.detectors.edits.LEAST_WHOLE", SIZE[1])
        yield


@pytest.fixture(scope="module")
def edits() -> WatermarkEdits:
    return WatermarkEdits.from_weights().by([GROUP])


@pytest.fixture(scope="module")
def sharpened(whole: Picture) -> bytes:
    return _file(SHARPEN(whole, 2.0))


@pytest.fixture(scope="module")
def with_another_part(whole: Picture) -> bytes:
    """The photo, a part of which is of a picture without a watermark."""
    return _file(_with_another_part(whole))


@pytest.fixture(scope="module")
def verifier() -> Iterator[Verifier]:
    with Verifier.default(watermark_keys=[GROUP], resend_through=()) as shared:
        yield shared


@pytest.fixture(scope="module")
def of_whole(edits: WatermarkEdits, whole: Picture) -> DetectorResult:
    """What is said of the photo by its own key."""
    return _asked(edits, _file(whole), keyed=True)


def _file(picture: Picture, kind: str = "JPEG", quality: int = 92) -> bytes:
    data = io.BytesIO()
    Image.fromarray(picture).save(data, kind, quality=quality)
    return data.getvalue()


@lru_cache(maxsize=4)  # files that are asked about in several ways
def _read(file: bytes) -> tuple[Reading, WatermarkReading]:
    reading = read_file(file, Settings())
    return reading, read_watermark(reading.pixels, [GROUP], search=False)


def _with_another_part(whole: Picture) -> Picture:
    changed = whole.copy()
    changed[TestParts.BOX] = in_8_bits(scene(SIZE, seed=5))[TestParts.BOX]
    return changed


def _asked(edits: WatermarkEdits, file: bytes, *, keyed: bool = False) -> DetectorResult:
    reading, found = _read(file)
    key = DEVICE.of_photo(PAYLOAD) if keyed else None
    return edits.judge(reading, reading.pixels, found, key)


@pytest.mark.parametrize("keyed", [True, False])
def test_an_unedited_photo_is_never_called_edited_nor_consistent(
    edits: WatermarkEdits, whole: Picture, of_whole: DetectorResult, keyed: bool
) -> None:
    result = of_whole if keyed else _asked(edits, _file(whole))
    assert result.finding in ("informs", "inconclusive")
    assert result.in_domain is True
    assert sum(result.probabilities.values()) == pytest.approx(1)


@pytest.mark.slow(seconds=20)
@pytest.mark.parametrize("way", [None, "facebook"])
def test_a_sharpened_photo_is_accused_since_a_further_platform_leaves_the_answer(
    whole: Picture, way: str | None, tmp_path: Path
) -> None:
    file = _file(SHARPEN(whole, 3.0), quality=95)
    (tmp_path / "a.jpg").write_bytes(transmit(file, way) if way else file)
    with Verifier.default(watermark_keys=[GROUP]) as verifier:
        report = verifier.analyze(tmp_path / "a.jpg")
    assert report.verdict.label == "evidence against"
    assert report.verdict.headline.endswith("probably edited since: sharpened")
    assert report.stability.holds


def test_a_sharpened_photo_looks_sharpened(
    edits: WatermarkEdits, sharpened: bytes, of_whole: DetectorResult
) -> None:
    before, after = of_whole, _asked(edits, sharpened, keyed=True)
    assert after.finding == "evidence against"
    assert after.answer == "sharpen"
    assert after.reasons[0].startswith("More is left")
    assert re.match(r"Detail ten pixels long is about \d+% stronger", after.reasons[1])
    assert after.probabilities["sharpen"] > 0.6 > before.probabilities["sharpen"]


@pytest.mark.parametrize(
    ("deviation", "finding", "words"),
    [(1.2, "informs", "softened: smoothed or resized, or made smaller"),
     (2.0, "evidence against", "smoothed or resized strongly")],
)  # fmt: skip
def test_a_smoothed_photo_is_not_said_to_be_resized_for_sure(
    edits: WatermarkEdits, whole: Picture, deviation: float, finding: str, words: str
) -> None:
    """What smoothing leaves of a watermark is what resizing leaves, or up to a point an export."""
    smooth = Image.fromarray(whole).filter(ImageFilter.GaussianBlur(deviation))
    result = _asked(edits, _file(np.asarray(smooth)), keyed=True)
    assert result.finding == finding
    assert (result.answer_words or "").startswith(words)
    assert result.reasons[0].startswith("Less is left")
    said = re.search(
        r"a blur of (\S+) pixels of the photo takes \((\S+) to (\S+)\)", result.reasons[1]
    )
    assert said
    likeliest, least, most = map(float, said.groups())
    assert least <= likeliest <= most
    assert least - 0.1 <= deviation <= most + 0.1


def test_a_smaller_file_that_is_no_jpeg_is_not_judged(
    edits: WatermarkEdits, whole: Picture
) -> None:
    result = _asked(edits, _file(whole, "PNG"))
    assert (result.status, result.finding) == ("abstained", "inconclusive")
    assert "no JPEG" in result.reasons[0]
    assert not result.probabilities


def test_a_strongly_compressed_file_is_not_judged(edits: WatermarkEdits, whole: Picture) -> None:
    data = io.BytesIO()
    small = Image.fromarray(whole).resize((1200, 900), Image.Resampling.LANCZOS)
    small.save(data, "JPEG", quality=60)
    result = _asked(edits, data.getvalue())
    assert result.status == "abstained"
    assert "compressed so strongly" in result.reasons[0]


def test_a_file_that_was_compressed_more_before_is_not_judged(
    edits: WatermarkEdits, whole: Picture
) -> None:
    before = np.asarray(Image.open(io.BytesIO(_file(whole, quality=50))))
    result = _asked(edits, _file(before, quality=95))
    assert result.status == "abstained"
    assert "before at the same size" in result.reasons[0]


def test_where_an_earlier_compression_cannot_be_seen_nothing_is_judged(
    edits: WatermarkEdits, whole: Picture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("verifier.reading.channel.earlier_compression", lambda *_: None)
    result = _asked(edits, _file(whole, quality=91))
    assert result.status == "abstained"
    assert result.reasons[0].startswith("It can't be seen whether the file was compressed before")


def test_a_photo_whose_watermark_was_barely_read_is_not_judged(
    edits: WatermarkEdits, whole: Picture
) -> None:
    reading, found = _read(_file(whole))
    assert found.score > 13
    result = edits.judge(reading, reading.pixels, replace(found, score=11.0))
    assert result.status == "abstained"
    assert "barely read" in result.reasons[0]


@pytest.mark.parametrize("cut", [1, 2, 5])
def test_a_photo_that_is_cut_by_a_few_pixels_is_placed_and_judged(
    edits: WatermarkEdits, whole: Picture, of_whole: DetectorResult, cut: int
) -> None:
    """Two pixels beside its place a fine line is turned by a quarter, and looks smoothed away."""
    file = _file(np.ascontiguousarray(whole[cut:, cut : -cut or None]))
    uncut = of_whole.probabilities["native"]
    assert _asked(edits, file, keyed=True).probabilities["native"] == pytest.approx(uncut, abs=0.1)
    assert _asked(edits, file).finding == "inconclusive"


def test_a_straightened_photo_is_not_judged(edits: WatermarkEdits, whole: Picture) -> None:
    turned = Image.fromarray(whole).rotate(2, Image.Resampling.BICUBIC).crop((60, 60, 2340, 1740))
    reading = read_file(_file(np.asarray(turned)), Settings())
    found = read_watermark(reading.pixels, [GROUP])
    result = edits.judge(reading, reading.pixels, found)
    assert result.status == "abstained"
    assert "straightened" in result.reasons[0]


def _turned(picture: Picture, degrees: float) -> Picture:
    image = Image.fromarray(picture).rotate(degrees, Image.Resampling.BICUBIC)
    aside = round(abs(np.sin(np.deg2rad(degrees))) * max(SIZE) / 2) + 4
    return np.asarray(image)[aside:-aside, aside:-aside]


@pytest.mark.parametrize("degrees", [0.15, -0.15])
def test_a_photo_that_was_turned_a_little_is_not_accused(
    edits: WatermarkEdits, whole: Picture, degrees: float
) -> None:
    """Its watermark lies in place in the middle, and beside it in the corners."""
    result = _asked(edits, _file(_turned(whole, degrees)))
    assert result is not None
    assert (result.status, result.finding) == ("abstained", "inconclusive")
    assert "turned a little or bent" in result.reasons[0]
    assert result.patch_map is None


def test_a_small_photo_is_not_judged(edits: WatermarkEdits) -> None:
    result = _asked(edits, _file(photo((900, 1200))))
    assert result.status == "abstained"
    assert "2,400" in result.reasons[0]


def test_without_a_watermark_or_its_key_there_is_no_answer(whole: Picture) -> None:
    other = WatermarkEdits.from_weights().by([GroupKey(bytes(32))])
    nothing = read_pixels(np.full((64, 64, 3), 90, np.uint8))
    for result in (_asked(other, _file(whole)), other.analyze(nothing)):
        assert (result.status, result.finding) == ("abstained", "inconclusive")
        assert (result.in_domain, result.probabilities) == (None, {})
        assert "No watermark of a known key was read" in result.reasons[0]
    keyless = WatermarkEdits.from_weights().analyze(nothing)
    assert (keyless.status, keyless.finding) == ("not run", "none")
    assert "no key of a device group is known" in keyless.reasons[0]
    modelless = WatermarkEdits(keys=[GROUP]).analyze(nothing)
    assert modelless.reasons == ("No trained model of edits is installed.",)


def test_a_report_takes_the_answer_of_the_watermark(whole: Picture, verifier: Verifier) -> None:
    report = verifier.analyze(_file(whole))
    answer = next(one for one in report.detectors if one.name == "manipulation")
    assert answer.model is not None
    assert answer.model.name == "watermark-edits-4"
    assert report.verdict.label == "inconclusive"


class TestParts:
    """A part that lacks the watermark of the rest."""

    BOX = (slice(500, 1300), slice(1100, 2200))

    def test_what_was_put_in_is_outlined(
        self, edits: WatermarkEdits, with_another_part: bytes
    ) -> None:
        result = _asked(edits, with_another_part)
        assert result is not None
        assert (result.finding, result.answer) == ("evidence against", "parts")
        assert "is missing" in result.reasons[0]
        assert not any("scaling and compressing leave" in reason for reason in result.reasons)
        assert not any("test pictures" in reason for reason in result.reasons)
        assert "native" not in result.probabilities
        assert not any("another photo" in reason for reason in result.reasons)
        assert result.patch_map is not None
        squares = zip(result.patch_map.places, result.patch_map.values, strict=True)
        lacking = [(left, top) for (left, top), value in squares if value > 0.5]
        assert len(lacking) > 10
        assert all(950 < left < 2250 and 350 < top < 1350 for left, top in lacking)

    def test_a_report_does_not_say_that_it_cannot_be_known(
        self, with_another_part: bytes, verifier: Verifier
    ) -> None:
        report = verifier.analyze(with_another_part)
        unknown = " ".join(report.verdict.unknown)
        assert "Whether other parts were changed, too" in unknown
        assert "small part was replaced" not in unknown

    def test_so_it_is_in_a_screenshot(self, edits: WatermarkEdits, whole: Picture) -> None:
        """A file that is no JPEG, of which the whole is not judged."""
        changed = _with_another_part(whole)
        small = Image.fromarray(changed).resize((1600, 1200), Image.Resampling.BICUBIC)
        result = _asked(edits, _file(np.asarray(small), "PNG"))
        assert result is not None
        assert result.answer == "parts"
        assert any("no JPEG" in reason for reason in result.reasons)

    def test_another_photo_of_the_group_is_named(
        self, edits: WatermarkEdits, whole: Picture
    ) -> None:
        payload = bytes.fromhex("fedcba9876543210")
        plane = Watermark(payload, GROUP, DEVICE.of_photo(payload)).plane(SIZE)
        laid = 0.8 * plane.window(SIZE, slice(0, SIZE[0]), slice(0, SIZE[1]))
        other, changed = in_8_bits(scene(SIZE, seed=6) + laid), whole.copy()
        box = (slice(100, 1500), slice(900, 2300))
        changed[box] = other[box]
        result = _asked(edits, _file(changed))
        assert result is not None
        assert result.answer == "parts"
        assert any(payload.hex() in reason for reason in result.reasons)

    def test_by_the_photos_key_nothing_is_said_of_parts(
        self, edits: WatermarkEdits, with_another_part: bytes
    ) -> None:
        """Whoever asks a vendor's service could repair what it names."""
        result = _asked(edits, with_another_part, keyed=True)
        assert result is not None
        assert result.answer != "parts"
        assert result.patch_map is None

    def test_a_frame_is_no_missing_part(self, edits: WatermarkEdits, whole: Picture) -> None:
        framed = np.full((SIZE[0] + 200, SIZE[1] + 200, 3), 180, np.uint8)
        framed[100:-100, 100:-100] = whole
        result = _asked(edits, _file(framed))
        assert result is None or result.answer != "parts"

    def test_what_was_white_before_the_photo_was_faded_is_no_missing_part(
        self, edits: WatermarkEdits, whole: Picture
    ) -> None:
        bright = whole.copy()
        bright[self.BOX] = 255
        faded = np.rint(25 + bright * 0.8).astype(np.uint8)
        result = _asked(edits, _file(faded))
        assert result is not None
        assert result.answer != "parts"
        assert result.patch_map is None


def test_the_whole_of_a_photo_of_six_megapixels_is_not_judged(
    edits: WatermarkEdits, sharpened: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("verifier.detectors.edits.LEAST_WHOLE", 3200)
    result = _asked(edits, sharpened)
    assert result.status == "abstained"
    assert "3,200" in result.reasons[0]
