"""Names of platforms: never by what any program writes, and one answer in all of a report."""

import dataclasses
from collections.abc import Callable
from io import BytesIO
from itertools import cycle, product
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from channel import PLATFORMS, transmit
from channel.jpeg_file import APP13, COM, Segment, read_jpeg
from channel.profile import Encoding, Tables, annex_k, robidoux
from tests.channel.conftest import photo
from tests.verifier.conftest import Camsim, jpeg
from tests.verifier.detectors.toy_platform import toy_platform
from verifier import Verifier
from verifier.detectors.platform import SEEN, PlatformDetector
from verifier.evaluation.platform.classes import CLASSES
from verifier.evaluation.platform.headers import read_header_rows
from verifier.evaluation.uploads import pixels_of
from verifier.features.header_likelihood import NONE
from verifier.features.jpeg_header import JpegHeader, jpeg_header
from verifier.reading.channel import read_channel
from verifier.report.record import ChannelReading
from verifier.report.report import Report
from verifier.report.wording import in_short, platform_headline

SMALL = photo(48, 64)
QUALITIES = range(1, 101)
# Sizes that platforms shrink to, and one that none does.
SIZES = (
    (640, 480), (960, 720), (1024, 768), (1080, 1350), (1200, 900), (1280, 960), (1600, 1200),
    (2048, 1536), (2560, 1920), (4096, 3072), (777, 555),
)  # fmt: skip
MARKED = ["instagram", "instagram-2016", "instagram-2018", "instagram-2024", "facebook-2016",
          "facebook-2018", "facebook-2021", "messenger-2020"]  # fmt: skip


def header_of(data: bytes) -> JpegHeader:
    header = jpeg_header(data)
    assert header is not None
    return header


def channel_of(header: JpegHeader) -> ChannelReading:
    return read_channel(header, SMALL, cues=False)


def with_segment(data: bytes, marker: int, payload: bytes) -> bytes:
    file = read_jpeg(data)
    segment = Segment(marker, payload)
    return dataclasses.replace(file, header=(segment, *file.header)).encoded()


def assert_unnamed(channel: ChannelReading) -> None:
    assert channel.platform is None, channel.words
    assert not [
        one for one in channel.likelihoods if one.platform != NONE and one.probability > 0.1
    ]
    assert "This file was downloaded from" not in " ".join(channel.words)


# What programs write


@pytest.mark.slow
@pytest.mark.parametrize("progressive", [False, True])
@pytest.mark.parametrize("subsampling", [0, 1, 2])
def test_no_quality_of_the_common_library_is_a_platforms(
    subsampling: int, progressive: bool
) -> None:
    sizes = cycle(SIZES)
    for quality, optimised in product(QUALITIES, (False, True)):
        data = jpeg(
            SMALL,
            quality=quality,
            subsampling=subsampling,
            progressive=progressive,
            optimize=optimised,
        )
        header = header_of(data)
        for _ in range(2):
            width, height = next(sizes)
            assert_unnamed(channel_of(dataclasses.replace(header, width=width, height=height)))


@pytest.mark.parametrize("make", [annex_k, robidoux])
def test_no_quality_of_mozjpeg_is_a_platforms(make: Callable[[int], Tables]) -> None:
    header = header_of(jpeg(SMALL, progressive=True, subsampling=2))
    sizes = cycle(SIZES)
    for quality, scans in product(QUALITIES, (4, 7, 8)):
        tables, (width, height) = make(quality), next(sizes)
        coded = dataclasses.replace(header, luma=tables.luma, chroma=tables.chroma, scans=scans)
        assert_unnamed(channel_of(dataclasses.replace(coded, width=width, height=height)))


@settings(max_examples=60, deadline=None)
@given(
    st.integers(1, 100),
    st.sampled_from([0, 1, 2]),
    st.booleans(),
    st.sampled_from([None, (72, 72), (96, 96), (300, 300)]),
    st.sampled_from([None, b"\0", b"CREATOR: gd-jpeg v1.0", b"cmp3", b"Lavc60.31.102", b""]),
    st.sampled_from([None, "sRGB-v2-micro.icc"]),
    st.sampled_from(SIZES),
)
def test_nothing_that_anybody_adds_names_a_platform(
    quality: int,
    subsampling: int,
    progressive: bool,
    dpi: tuple[int, int] | None,
    comment: bytes | None,
    icc: str | None,
    size: tuple[int, int],
) -> None:
    import channel.platforms

    options: dict[str, object] = {} if dpi is None else {"dpi": dpi}
    if icc:
        options["icc_profile"] = (Path(channel.platforms.__file__).parent / icc).read_bytes()
    data = jpeg(SMALL, quality=quality, subsampling=subsampling, progressive=progressive, **options)
    if comment is not None:
        data = with_segment(data, COM, comment)
    header = dataclasses.replace(header_of(data), width=size[0], height=size[1])
    assert_unnamed(channel_of(header))


def iptc(records: bytes) -> bytes:
    return b"Photoshop 3.0\x008BIM\x04\x04\0\0" + len(records).to_bytes(4, "big") + records


@pytest.mark.parametrize(
    "records",
    [
        b"\x1c\x02\x67\x00\x07NYPS209",  # an agency's transmission reference
        b"\x1c\x02\x50\x00\x03AFP\x1c\x02\x67\x00\x14ABCDEFGHIJKLMNOPQRST",
        b"\x1c\x02\x78\x00\x0fA caption, FBMD",
        b"\x1c\x02\x28\x00\x0eFBMD0fzzzz0000",
    ],
)
def test_an_agencys_caption_is_no_mark(records: bytes) -> None:
    data = with_segment(jpeg(SMALL, quality=71, progressive=True), APP13, iptc(records))
    channel = channel_of(header_of(data))
    assert_unnamed(channel)
    assert channel.earlier is None


# What is a platform's own


@pytest.mark.slow
@pytest.mark.parametrize("profile", MARKED)
@pytest.mark.parametrize("size", [(600, 800), (1500, 1100)])
def test_a_mark_names_its_platform(profile: str, size: tuple[int, int]) -> None:
    channel = channel_of(header_of(transmit(jpeg(photo(*size), quality=96), profile)))
    platform = next(p.platform for p in PLATFORMS if p.name == profile)
    assert channel.platform in (platform, "Meta")
    assert channel.named_by
    assert channel.earlier is None


def test_meta_is_named_where_the_service_is_not_known() -> None:
    header = header_of(transmit(jpeg(photo(600, 800)), "instagram"))
    tables = annex_k(83)
    other = dataclasses.replace(header, luma=tables.luma, chroma=tables.chroma)
    channel = channel_of(other)
    assert (channel.platform, channel.earlier) == ("Meta", None)
    assert "This file was downloaded from Facebook, Instagram or Messenger" in channel.words[0]


def test_flickrs_comment_over_a_programs_tables_is_of_an_earlier_file() -> None:
    data = with_segment(jpeg(SMALL, quality=75), COM, b"cmp3.10.3.3Lq3 0xdb489877\0")
    channel = channel_of(header_of(data))
    assert_unnamed(channel)
    assert channel.earlier is not None
    assert channel.earlier.platform == "Flickr"


def test_facebooks_iptc_in_another_programs_file_is_of_an_earlier_one() -> None:
    downloaded = read_jpeg(transmit(jpeg(photo(300, 400)), "facebook-2016"))
    mark = next(s for s in downloaded.header if s.marker == APP13)
    channel = channel_of(header_of(with_segment(jpeg(SMALL, quality=95), APP13, mark.payload)))
    assert_unnamed(channel)
    assert channel.earlier is not None
    assert channel.earlier.platform == "Facebook"
    assert "saved again" in channel.earlier.words


def test_a_table_that_no_program_is_known_to_write_names_a_platform() -> None:
    from verifier.features.platform_name import platform_name

    steps = tuple(range(3, 67))
    base = next(p for p in PLATFORMS if p.name == "whatsapp")
    odd = Encoding(Tables("odd", steps, steps), "4:4:4", optimised_huffman=False)
    header = dataclasses.replace(header_of(jpeg(SMALL)), luma=steps, chroma=steps)
    own = dataclasses.replace(base, name="own", platform="Own", encodings=(odd,))
    named = platform_name(header, (*PLATFORMS, own))
    assert named is not None
    assert named.platform == "Own"
    known = Encoding(Tables("odd", steps, steps, "an encoder"), "4:4:4", optimised_huffman=False)
    public = dataclasses.replace(own, encodings=(known,))
    assert platform_name(header, (*PLATFORMS, public)) is None


# An earlier compression and a size


@pytest.mark.parametrize("quality", [71, 73, 85, 87, 92])
def test_an_earlier_compression_and_a_size_name_nobody(quality: int) -> None:
    once = pixels_of(jpeg(photo(720, 960, seed=3), quality=quality, subsampling=2))
    data = jpeg(once, quality=95)
    channel = read_channel(header_of(data), once)
    assert channel.double_compression.quality is not None
    assert channel.earlier is None


# One answer in all of a report


@pytest.fixture(scope="module")
def toy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return toy_platform(tmp_path_factory.mktemp("platforms"))


def assert_one_answer(report: Report) -> None:
    channel = report.channel
    result = next(r for r in report.detectors if r.name == "platform")
    headline = platform_headline(report)
    assert result.answer == channel.platform
    assert (result.finding == "informs") is (channel.platform is not None)
    assert dict(in_short(report))["Through which platform did the picture come?"] == headline
    # A line may break anywhere.
    assert f"Platform: {headline}." in " ".join(report.to_text().split())
    if channel.platform is None:
        assert headline.startswith("None can be named")
        assert (result.probabilities, result.patch_map, result.confidence) == ({}, None, None)
        assert result.platforms in ((), (channel.earlier and channel.earlier.platform,))
        assert "None that is known" not in report.to_text()
    else:
        assert result.answer_words == headline
        assert result.platforms[-1] == channel.platform
        assert result.confidence is not None
        assert result.confidence >= 0.9
        for platform in {p.platform for p in PLATFORMS} - {channel.platform}:
            assert not any(f"as {platform} coded" in reason for reason in result.reasons)
        assert not any("names no platform" in reason for reason in result.reasons)


COARSE = pixels_of(jpeg(photo(256, 320), quality=8))  # the toy takes it to be Facebook's


@pytest.mark.slow
@pytest.mark.parametrize("profile", [p.name for p in PLATFORMS])
@pytest.mark.parametrize("pixels", [photo(256, 320), COARSE], ids=["fine", "coarse"])
def test_header_pixels_and_headline_agree(profile: str, pixels: np.ndarray, toy: Path) -> None:
    with Verifier.from_weights(toy) as verifier:
        report = verifier.analyze(transmit(jpeg(pixels, quality=96), profile))
    assert_one_answer(report)


@pytest.mark.slow
@pytest.mark.parametrize("quality", [60, 71, 80, 85, 87, 92, 100])
@pytest.mark.parametrize("file_format", ["JPEG", "PNG", "WEBP"])
def test_programs_files_get_one_answer(quality: int, file_format: str, toy: Path) -> None:
    file = BytesIO()
    Image.fromarray(COARSE).save(file, file_format, quality=quality)
    with Verifier.from_weights(toy) as verifier:
        report = verifier.analyze(file.getvalue())
    assert_one_answer(report)
    assert report.channel.platform is None


def test_a_header_of_whatsapp_is_not_outvoted_by_pixels_of_2016(toy: Path) -> None:
    with Verifier.from_weights(toy) as verifier:
        report = verifier.analyze(transmit(jpeg(COARSE), "whatsapp"))
    result = next(r for r in report.detectors if r.name == "platform")
    assert "Its coding fits" in report.channel.words[0]
    assert "WhatsApp" in report.channel.words[0]
    assert "mozjpeg at quality 80" in report.channel.words[0]
    assert "proves nothing" in report.channel.words[0]
    assert result.model is None  # its coding is of later than what the platform saw
    assert "Facebook" not in " ".join(result.reasons)


def test_the_profiles_that_pixels_are_asked_about_are_those_of_training() -> None:
    trained = {one.name: one.profiles for one in CLASSES if one.role == "class"}
    assert trained == SEEN


def test_real_headers_of_whatsapp_are_never_of_none_or_another(shared_folder: Path) -> None:
    path = shared_folder / "data" / "network_headers.csv"
    if not path.exists():
        pytest.skip("there is no network_headers.csv")
    rows = [row for row in read_header_rows(path) if row.platform == "WhatsApp"]
    assert len(rows) > 20
    for row in rows:
        channel = channel_of(row.header)
        assert channel.platform in (None, "WhatsApp")


@pytest.mark.slow
def test_real_files_of_2016_get_one_answer(shared_folder: Path) -> None:
    folder = shared_folder / "data" / "networks" / "uploads-2016"
    if not folder.is_dir():
        pytest.skip("there are no uploads of 2016")
    marked = {"facebook": "Facebook", "flickr": "Flickr", "instagram": "Instagram"}
    with Verifier([PlatformDetector.from_weights()]) as verifier:
        for name in ("whatsapp", "twitter", "telegram", "original", *marked):
            report = verifier.analyze(folder / "a" / f"{name}.jpg")
            assert_one_answer(report)
            assert report.channel.platform == marked.get(name)


# Files of programs


def test_files_of_programs_are_scored_by_source(camsim: Camsim, tmp_path: Path) -> None:
    for source, data in (
        ("pillow", [jpeg(SMALL, quality=quality) for quality in (75, 92, 100)]),
        ("shared", [transmit(jpeg(photo(600, 800)), "instagram"), jpeg(SMALL)]),
    ):
        folder = tmp_path / "files" / source / "below"
        folder.mkdir(parents=True)
        for number, one in enumerate(data):
            (folder / f"{number}.JPG").write_bytes(one)
    words = ("evaluate", "platform", "--programs", tmp_path / "files", "--shares")
    ran = camsim(*words)
    assert ran.status == 0, ran.err
    assert "| pillow | 3 | " in ran.out
    assert "| 0 | 0 |" in ran.out
    assert "| Instagram 1 | 0 |" in ran.out
    assert "Of 5 files of 2 sources 1 were named" in ran.out
    assert "| subsampling | 4:4:4 0.750, 4:2:0 0.250 |" in ran.out
    (tmp_path / "empty").mkdir()
    ran = camsim("evaluate", "platform", "--programs", tmp_path / "empty")
    assert (ran.status, ran.out) == (2, "")
    assert "holds no folder with JPEG files" in ran.err
    ran = camsim("evaluate", "platform", "--programs", tmp_path / "missing")
    assert ran.status == 2
