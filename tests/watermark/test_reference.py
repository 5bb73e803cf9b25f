"""The signed reference picture: what the camera states, and what a verifier takes of a stranger."""

import base64
import tracemalloc
from io import BytesIO
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from watermark.area_average import area_average
from watermark.reference import MOST_BYTES, ReferencePicture, reference_size


def noise(height: int, width: int) -> NDArray[np.uint8]:
    return np.random.default_rng(0).integers(0, 256, (height, width, 3)).astype(np.uint8)


def jpeg(width: int, height: int, mode: str = "RGB", kind: str = "JPEG") -> bytes:
    file = BytesIO()
    Image.new(mode, (width, height)).save(file, kind)
    return file.getvalue()


def stated(**changes: object) -> dict[str, Any]:
    return {**ReferencePicture.of_photo(noise(60, 80)).stated(), **changes}


def coded(file: bytes) -> str:
    return base64.b64encode(file).decode()


@pytest.mark.parametrize(
    ("photo", "expected"),
    [
        ((4032, 3024), (512, 384)),
        ((3024, 4032), (384, 512)),
        ((6000, 4000), (512, 341)),
        ((300, 200), (300, 200)),
        ((512, 1), (512, 1)),
        ((20_000, 10), (512, 1)),
    ],
)
def test_its_longer_side_is_512_or_the_photos_own(
    photo: tuple[int, int], expected: tuple[int, int]
) -> None:
    assert reference_size(*photo) == expected


@pytest.mark.parametrize("depth", [np.uint8, np.uint16])
def test_what_is_stated_is_read_back(depth: type) -> None:
    photo = noise(700, 1050).astype(depth) * (257 if depth == np.uint16 else 1)
    made = ReferencePicture.of_photo(photo.astype(depth))
    assert ReferencePicture.of_statement(made.stated()) == made
    assert (made.width, made.height, made.photo_width, made.photo_height) == (512, 341, 1050, 700)


def test_it_is_close_to_the_area_average_of_the_photo() -> None:
    smooth = np.asarray(
        Image.fromarray(noise(20, 30)).resize((1200, 800), Image.Resampling.BICUBIC)
    )
    made = ReferencePicture.of_photo(smooth)
    pixels = made.pixels()
    assert pixels is not None
    luma = (pixels.astype(float) - area_average(smooth, made.width, made.height)) @ [
        0.299, 0.587, 0.114,
    ]  # fmt: skip
    assert np.abs(luma).mean() < 1.5


def test_the_worst_of_pictures_stays_within_the_bounds() -> None:
    made = ReferencePicture.of_photo(noise(1024, 1024))
    assert len(made.jpeg) <= 60_000
    assert ReferencePicture.of_statement(made.stated()) == made


@pytest.mark.parametrize("turned", [False, True])
def test_making_it_holds_no_second_picture(turned: bool) -> None:
    photo = np.zeros((3000, 4000, 3), np.uint8)
    photo = np.rot90(photo) if turned else photo
    tracemalloc.start()
    ReferencePicture.of_photo(photo)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < photo.nbytes / 10


@pytest.mark.parametrize(
    "statement",
    [
        None, [], "x", {}, {"data": "x"},
        stated(width=0), stated(width=-80), stated(width=True), stated(width=80.0),
        stated(width="80"), stated(width=79), stated(height=61), stated(photoWidth=79),
        stated(photoHeight=600), stated(photoWidth=8_000_000, photoHeight=6_000_000),
        stated(photoWidth=None), stated(colourSpace="Display P3"), stated(transfer="linear"),
        stated(format="image/png"), stated(resampling="nearest"), stated(data=None),
        stated(data=b"x"), stated(data=""), stated(data="!!!!"), stated(data=coded(b"no JPEG")),
        stated(data=coded(jpeg(80, 61))), stated(data=coded(jpeg(80, 60, "L"))),
        stated(data=coded(jpeg(80, 60, "CMYK"))), stated(data=coded(jpeg(80, 60, kind="PNG"))),
        stated(data=coded(jpeg(80, 60)[:20])),
        stated(data=coded(jpeg(80, 60) + bytes(MOST_BYTES))), stated(data="A" * 10_000_000),
        stated(width=2000, height=1500, photoWidth=4000, photoHeight=3000,
               data=coded(jpeg(2000, 1500))),
    ],
)  # fmt: skip
def test_anything_else_is_no_reference(statement: object) -> None:
    assert ReferencePicture.of_statement(statement) is None


def test_a_header_that_lies_of_its_size_is_refused_before_decoding() -> None:
    file = bytearray(jpeg(80, 60))
    at = file.index(b"\xff\xc0")
    file[at + 5 : at + 9] = b"\xff\xff\xff\xff"  # 65,535 by 65,535
    bomb = stated(data=coded(bytes(file)))
    assert ReferencePicture.of_statement(bomb) is None
    huge = {"width": 65_535, "height": 65_535, "photoWidth": 65_535, "photoHeight": 65_535}
    assert ReferencePicture.of_statement({**bomb, **huge}) is None


def test_a_file_that_breaks_off_has_no_pixels() -> None:
    whole = ReferencePicture.of_photo(noise(60, 80))
    cut = ReferencePicture.of_statement(stated(data=coded(whole.jpeg[:-400])))
    assert cut is not None
    assert cut.pixels() is None
    damaged = bytearray(whole.jpeg)
    damaged[-200:-100] = bytes(100)
    other = ReferencePicture.of_statement(stated(data=coded(bytes(damaged))))
    assert other is not None  # whatever it decodes to, it doesn't raise
    other.pixels()
