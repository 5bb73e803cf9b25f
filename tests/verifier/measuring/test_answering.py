"""What a measuring service answers of a picture: what was done, by the photo's own key alone."""

from datetime import date
from pathlib import Path

import pytest

from tests.verifier.watermark.made import DEVICE, GROUP, PAYLOAD, Picture, photo
from verifier.measuring.answering import answered
from verifier.report.record import DetectorResult
from verifier.watermark.reader import read_watermark
from watermark.key_files import write_key_file
from watermark.key_register import KeyRegister
from watermark.keys import DeviceSecret, Key, PhotoKey

pytestmark = pytest.mark.slow

TODAY = date(2026, 11, 29)


@pytest.fixture(scope="module")
def picture() -> Picture:
    return photo((576, 768), levels=2.0)


def _register(folder: Path, device: DeviceSecret) -> KeyRegister:
    keys: dict[str, Key] = {"group": GROUP, "device": device}
    for name, key in keys.items():
        write_key_file(folder / f"{name}.json", key)
    return KeyRegister.read([folder])


def _edited(answer: str | None) -> DetectorResult:
    return DetectorResult(
        name="manipulation", question="?", status="ran", finding="informs", answer=answer,
        reasons=(),
    )  # fmt: skip


@pytest.mark.parametrize("kind", ["sharpen", None])
def test_edits_are_asked_by_the_photos_own_key(
    picture: Picture, tmp_path: Path, kind: str | None
) -> None:
    asked: list[PhotoKey] = []

    def judge(key: PhotoKey) -> DetectorResult:
        asked.append(key)
        return _edited(kind)

    reading = read_watermark(picture, [GROUP], search=False)
    found = answered(picture, reading, _register(tmp_path, DEVICE), TODAY, judge)
    assert asked == [DEVICE.of_photo(PAYLOAD)]
    assert found.edits == kind
    assert any("probably sharpened" in words for words in found.words) is (kind == "sharpen")


def test_of_a_device_that_is_not_known_no_edits_are_told(picture: Picture, tmp_path: Path) -> None:
    reading = read_watermark(picture, [GROUP], search=False)
    register = _register(tmp_path, DeviceSecret(bytes([9] * 32)))
    found = answered(picture, reading, register, TODAY, lambda _: _edited("sharpen"))
    assert found.edits is None
