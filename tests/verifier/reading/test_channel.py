import csv
import dataclasses
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from channel import PLATFORMS, transmit
from channel.profile import PlatformProfile
from tests.channel.conftest import photo
from tests.verifier.conftest import jpeg
from verifier.features.container import trailing_bytes
from verifier.features.dct_histogram import (
    EarlierCompression,
    block_coefficients,
    earlier_compression,
)
from verifier.features.jpeg_header import JpegHeader, jpeg_header
from verifier.features.jpeg_quality import table_quality
from verifier.features.platform_match import passing_platforms, platform_matches
from verifier.reading.channel import EARLIER_GAIN, read_channel
from verifier.report.record import ChannelReading

RECOGNISABLE = [
    profile
    for profile in PLATFORMS
    if profile.passthrough == "never"
    and any(e.tables for e in profile.encodings)
    and profile.name != "flickr-2016"  # its tables differ in every file, and aren't known
]


@pytest.fixture(scope="module")
def upload() -> bytes:
    return jpeg(photo(900, 1300), quality=97)


def header_of(data: bytes) -> JpegHeader:
    header = jpeg_header(data)
    assert header is not None
    return header


def reading_of(data: bytes) -> ChannelReading:
    with Image.open(BytesIO(data)) as image:
        return read_channel(jpeg_header(data), np.asarray(image.convert("RGB")))


@pytest.mark.slow
@pytest.mark.parametrize("profile", RECOGNISABLE, ids=lambda profile: profile.name)
def test_what_a_platform_serves_is_matched_with_it(profile: PlatformProfile, upload: bytes) -> None:
    matches = platform_matches(header_of(transmit(upload, profile)))
    assert profile.name in [match.profile for match in matches]


@pytest.mark.slow
def test_platforms_that_pass_files_on_are_never_listed(upload: bytes) -> None:
    listed = {
        m.profile for p in PLATFORMS for m in platform_matches(header_of(transmit(upload, p)))
    }
    assert not listed & {"original", "discord", "google-photos", "slack", "imgur"}
    assert {"Discord", "Google Photos"} <= set(passing_platforms())
    assert "none" not in passing_platforms()


def test_a_mark_singles_a_platform_out(upload: bytes) -> None:
    channel = reading_of(transmit(upload, "instagram"))
    assert channel.platform == "Instagram"
    assert channel.platforms[0].mark
    assert "FBMD" in channel.words[0]


def test_tables_of_mozjpeg_single_nobody_out(upload: bytes) -> None:
    channel = reading_of(transmit(upload, "whatsapp"))
    assert (channel.platform, channel.platforms[0].mark) == (None, False)
    assert "WhatsApp" in {match.platform for match in channel.platforms}
    assert "Any program that saves JPEG through mozjpeg at quality 80" in channel.words[0]
    assert channel.jpeg is not None
    assert (channel.jpeg.quality, channel.jpeg.exact) == (80, True)
    assert channel.jpeg.tables == "Robidoux, quality 80"


def test_everybodys_tables_prove_nothing(upload: bytes) -> None:
    channel = reading_of(transmit(upload, "twitter"))
    assert channel.platform is None
    assert "Twitter" in {match.platform for match in channel.platforms}
    assert "through the common library at quality 85 writes the same" in channel.words[0]
    assert "proves nothing" in channel.words[0]


def test_a_trailer_that_was_kept_through_an_edit_is_no_mark(upload: bytes) -> None:
    downloaded = transmit(upload, "instagram")
    assert header_of(downloaded).fbmd_whole
    edited = downloaded[:-2] + b"\0\0" + downloaded[-2:]
    assert not header_of(edited).fbmd_whole
    assert platform_matches(header_of(edited)) == ()


def test_exif_speaks_against_platforms_that_strip_it(upload: bytes) -> None:
    header = header_of(transmit(upload, "whatsapp"))
    assert platform_matches(header)
    assert platform_matches(dataclasses.replace(header, exif=True)) == ()


def test_too_large_a_picture_speaks_against_a_limit(upload: bytes) -> None:
    header = header_of(transmit(upload, "whatsapp"))
    larger = dataclasses.replace(header, width=2000, height=1500)
    assert "whatsapp" not in [match.profile for match in platform_matches(larger)]


@pytest.mark.slow
def test_the_size_at_a_limit_is_told() -> None:
    channel = reading_of(transmit(photo(1300, 1700), "whatsapp"))
    assert "size at the platform's limit" in channel.platforms[0].agrees
    assert "1600×1224" in channel.scale.words
    assert "WhatsApp" in channel.scale.words


@pytest.mark.parametrize("quality", [5, 10, 49, 50, 75, 90, 95, 100])
@pytest.mark.parametrize("chroma", [False, True])
def test_the_quality_of_libjpegs_tables_is_exact(quality: int, chroma: bool) -> None:
    from channel.jpeg_tables import annex_k

    found = table_quality(annex_k(quality)[chroma].ravel().tolist(), chroma=chroma)
    assert (found.family, found.quality, found.exact) == ("Annex K", quality, True)


def test_other_tables_get_the_nearest_quality() -> None:
    from channel.jpeg_tables import annex_k

    steps = annex_k(80)[0].ravel().tolist()
    steps[5] += 1
    found = table_quality(steps)
    assert (found.quality, found.exact) == (80, False)


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"subsampling": 0}, ("4:4:4", False, 1)),
        ({"subsampling": 1}, ("4:2:2", False, 1)),
        ({"subsampling": 2, "progressive": True}, ("4:2:0", True, 10)),
    ],
)
def test_headers_are_read(options: dict[str, int], expected: tuple[str, bool, int]) -> None:
    header = header_of(jpeg(photo(40, 60), quality=77, **options))
    assert (header.subsampling, header.progressive, header.scans) == expected
    assert (header.width, header.height) == (60, 40)
    assert table_quality(header.luma).quality == 77


def test_optimised_huffman_tables_are_told_from_standard_ones() -> None:
    assert header_of(jpeg(photo(64, 64))).standard_huffman
    assert not header_of(jpeg(photo(64, 64), optimize=True)).standard_huffman


@pytest.mark.parametrize(
    "data", [b"", b"\xff\xd8\xff", b"\x89PNG", jpeg(photo(40, 60))[:100], b"\xff\xd8\xff\xe0\0\2"]
)
def test_no_header_no_error(data: bytes) -> None:
    assert jpeg_header(data) is None


@pytest.mark.parametrize(("first", "last"), [(60, 85), (75, 90), (70, 95)])
def test_an_earlier_generation_is_found_with_its_quality(first: int, last: int) -> None:
    once = jpeg(photo(400, 600, seed=3), quality=first)
    with Image.open(BytesIO(once)) as image:
        twice = jpeg(np.asarray(image), quality=last)
        once_resized = jpeg(np.asarray(image.resize((450, 300))), quality=last)
    found = reading_of(twice).double_compression
    assert found.found is True
    assert found.quality == pytest.approx(first, abs=2)
    assert f"about {found.quality}" in found.words
    for data in (once, jpeg(photo(400, 600, seed=3), quality=last), once_resized):
        assert reading_of(data).double_compression.found is False


def test_coefficients_are_those_of_the_standard() -> None:
    flat = np.full((16, 24), 138, np.float32)
    coefficients = block_coefficients(flat)
    assert coefficients.shape == (6, 64)
    assert np.allclose(coefficients[:, 0], 80)  # T.81 A.3.3: DC is 8 times the mean of 138 − 128
    assert np.allclose(coefficients[:, 1:], 0, atol=1e-4)


def test_too_few_blocks_say_nothing() -> None:
    assert earlier_compression(photo(64, 64), [16] * 64) is None
    assert reading_of(jpeg(photo(64, 64))).double_compression.found is None


def _text() -> NDArray[np.uint8]:
    page = Image.new("RGB", (1200, 800), (250, 250, 250))
    font = ImageFont.load_default(15)
    for row, top in enumerate(range(10, 780, 22)):
        line = " ".join(f"{word * 7919 % 9973:x}" for word in range(row * 30, row * 30 + 24))
        ImageDraw.Draw(page).text((12, top), line, fill=(20, 20, 60), font=font)
    return np.asarray(page)


def _graphic(kind: str) -> NDArray[np.uint8]:
    if kind == "text":
        return _text()
    y, x = np.mgrid[0:800, 0:1200]
    drawn = {
        "gradient": np.stack([x * 255 / 1200, 100 + 0 * x, y * 255 / 800], -1),
        "burnt out gradient": np.stack([np.minimum(255, x * 612 / 1200)] * 3, -1),
        "chart": np.stack([np.where((x // 100 % 2) & (y > x / 2), 60.0, 255.0)] * 3, -1),
        "code": np.stack([(x // 20 * 7919 + y // 20 * 104729) % 11 % 2 * 255.0] * 3, -1),
    }
    return np.rint(drawn[kind]).astype(np.uint8)


@pytest.mark.parametrize("kind", ["gradient", "burnt out gradient", "chart", "code", "text"])
@pytest.mark.parametrize("quality", [75, 90, 95])
def test_graphics_coded_once_have_no_earlier_compression(kind: str, quality: int) -> None:
    assert not reading_of(jpeg(_graphic(kind), quality=quality)).double_compression.found


def test_steps_of_nothing_are_no_error() -> None:
    steps = [0, 0, *[16] * 62]
    found = earlier_compression(photo(400, 600), steps)
    assert found is None or np.isfinite(found.gain)


@pytest.mark.parametrize(("first", "last"), [(92, 87), (70, 90)])
def test_what_was_coded_on_the_same_grid_before_is_told(first: int, last: int) -> None:
    """Finer or coarser: Telegram codes Facebook's files of 92 again at 87."""
    before = photo(800, 1200)
    once = reading_of(jpeg(before, quality=last)).double_compression
    assert once.found is False
    coded = np.asarray(Image.open(BytesIO(jpeg(before, quality=first))).convert("RGB"))
    twice = reading_of(jpeg(coded, quality=last)).double_compression
    assert twice.found
    assert twice.quality == pytest.approx(first, abs=2)


@pytest.mark.slow
def test_how_often_an_earlier_compression_is_told(shared_folder: Path) -> None:
    """The rates of docs/results/verifier.md: of photographs of CLIC 2025 and CID22."""
    rng = np.random.default_rng(0)
    folder = shared_folder / "data/pictures/npi"
    files = [
        *sorted((folder / "codec-corpus_clic2025").iterdir())[:31],
        *sorted((folder / "codec-corpus_CID22").iterdir())[:60],
    ]
    told = {"once": 0, "coarser first": 0, "finer first": 0}
    for file in files:
        with Image.open(file) as opened:
            pixels = np.asarray(opened.convert("RGB"))
        last = int(rng.integers(70, 96))
        told["once"] += bool(_coded(pixels, last).double_compression.found)
        last = int(rng.integers(70, 96))
        first = int(rng.integers(55, last - 4))
        told["coarser first"] += bool(_coded(pixels, first, last).double_compression.found)
        last = int(rng.integers(70, 92))
        first = int(rng.integers(last + 4, 97))
        told["finer first"] += bool(_coded(pixels, first, last).double_compression.found)
    assert len(files) == 91
    assert told["once"] <= 2
    assert told["coarser first"] >= 76
    assert told["finer first"] >= 22


def _coded(pixels: NDArray[np.uint8], *qualities: int) -> ChannelReading:
    for quality in qualities:
        file = jpeg(pixels, quality=quality)
        pixels = np.asarray(Image.open(BytesIO(file)).convert("RGB"))
    return reading_of(file)


def test_a_finer_one_is_not_told_by_how_often_each_level_occurs(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Photographs that were coded once look like that as well."""
    found = EarlierCompression(quality=96, gain=4.6)
    monkeypatch.setattr("verifier.reading.channel.earlier_compression", lambda *_: found)
    once = reading_of(jpeg(photo(400, 600), quality=75)).double_compression
    assert (once.found, once.quality) == (False, None)
    last = reading_of(jpeg(photo(400, 600), quality=98)).double_compression
    assert (last.found, last.quality) == (True, 96)


@pytest.mark.parametrize("enlarged", [False, True])
def test_nothing_is_said_of_resizing(enlarged: bool) -> None:
    """A camera's own pattern has a period, as an enlarged picture has: nothing tells which."""
    waves = 12 * np.cos(np.arange(576) * np.pi / 4)  # of eight pixels
    levels = photo(480, 576) + waves[:, None]
    picture = Image.fromarray(np.clip(levels, 0, 255).astype(np.uint8))
    if enlarged:
        picture = picture.resize((1728, 1440), Image.Resampling.BILINEAR)
    scale = read_channel(None, np.asarray(picture)).scale
    assert (scale.found, scale.strength, scale.threshold) == (None, None, None)
    # Nor that it can't be told: the camera's watermark, where it was found, tells the size.
    assert "not looked for" in scale.words


def test_the_threshold_is_where_it_was_measured() -> None:
    assert EARLIER_GAIN == 2.0


def test_what_follows_a_picture_is_counted() -> None:
    data = jpeg(photo(40, 60), progressive=True)
    assert trailing_bytes(data) == 0
    assert trailing_bytes(data + b"12345") == 5
    for file_format in ("PNG", "WEBP"):
        file = BytesIO()
        Image.fromarray(photo(41, 61)).save(file, file_format)
        assert trailing_bytes(file.getvalue()) == 0
        assert trailing_bytes(file.getvalue() + b"1234567") == 7
    assert trailing_bytes(b"GIF89a") == 0


def test_files_that_are_not_jpeg_have_no_tables() -> None:
    channel = read_channel(None, photo(300, 300))
    assert (channel.jpeg, channel.platforms, channel.platform) == (None, (), None)
    assert channel.double_compression.found is None


@pytest.mark.parametrize("line", ["twitter", "linkedin", "instagram", "facebook", "tumblr", "yelp"])
def test_real_uploads_of_2024_are_matched(line: str, shared_folder: Path) -> None:
    path = shared_folder / "data" / "networks" / "uploads-2024" / f"{line}.jpg"
    if not path.exists():
        pytest.skip(f"there is no {path.name} of 2024")
    platforms = {match.platform.lower() for match in platform_matches(header_of(path.read_bytes()))}
    assert line in platforms


def test_real_headers_are_matched_with_their_platform(shared_folder: Path) -> None:
    """Of the headers whose platform is certain, nearly all that a profile describes are matched."""
    path = shared_folder / "data" / "network_headers.csv"
    if not path.exists():
        pytest.skip("there is no network_headers.csv")
    described = {(p.platform, e.tables.luma) for p in PLATFORMS for e in p.encodings if e.tables}
    found = []
    with path.open(newline="") as file:
        for row in csv.DictReader(file):
            header = _header_of_row(row)
            if header and row["basis"] == "known" and (row["platform"], header.luma) in described:
                platforms = {match.platform for match in platform_matches(header)}
                found.append(row["platform"] in platforms)
    assert len(found) > 100
    assert np.mean(found) > 0.8


def _header_of_row(row: dict[str, str]) -> JpegHeader | None:
    luma_steps = tuple(map(int, row["luma_table"].split()))
    chroma_steps = tuple(map(int, row["chroma_table"].split())) or None
    if len(luma_steps) != 64 or not row["scans"]:
        return None
    return JpegHeader(
        width=int(row["w"]),
        height=int(row["h"]),
        luma=luma_steps,
        chroma=chroma_steps,
        subsampling=row["subsampling"],
        progressive=row["mode"] == "progressive",
        arithmetic=False,
        scans=int(row["scans"]),
        standard_huffman=False,
        fbmd=row["fbmd"] or None,
        fbmd_whole=bool(row["fbmd"]),
        exif="Exif" in row["app_markers"],
    )
