import subprocess
import sys
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from channel import FACEBOOK, FLICKR, GOOGLE_PLUS, INSTAGRAM, PLATFORMS, TWITTER, WHATSAPP, transmit
from channel.errors import (
    ChannelError,
    ChannelValueError,
    PictureError,
    PictureTooLargeError,
    UnknownPlatformError,
    UnreadablePictureError,
)
from channel.evaluation.uploads import compared
from channel.jpeg_file import read_jpeg, scan_offsets
from channel.metadata import is_exif, is_icc
from channel.platforms import platform
from channel.profile import FitBox, FitWidth, MaxPixels, PlatformProfile, SizeRule, target_size
from tests.channel.conftest import Pixels, photo

UPLOAD_2024 = "uploads-2024/flickr.png"
IDENTICAL = [  # downloaded file, its original, profile: the very bytes
    ("uploads-2024/twitter.jpg", UPLOAD_2024, "twitter"),
    ("uploads-2024/linkedin.jpg", UPLOAD_2024, "linkedin"),
    ("uploads-2024/tumblr.jpg", UPLOAD_2024, "tumblr"),
    ("uploads-2024/facebook.jpg", UPLOAD_2024, "facebook"),
    ("uploads-2024/instagram.jpg", UPLOAD_2024, "instagram-2024"),
    ("uploads-2024/yelp.jpg", UPLOAD_2024, "yelp"),
    ("uploads-2024/flickr.png", UPLOAD_2024, "flickr"),
    ("uploads-2016/a/instagram.jpg", "uploads-2016/a/original.jpg", "instagram-2016"),
    ("uploads-2016/a/twitter.jpg", "uploads-2016/a/original.jpg", "twitter-2016"),
    ("uploads-2016/a/telegram.jpg", "uploads-2016/a/original.jpg", "telegram-2016"),
    ("uploads-2016/a/googleplus.jpg", "uploads-2016/a/original.jpg", "google+"),
    ("uploads-2016/a/tumblr.jpg", "uploads-2016/a/original.jpg", "tumblr-2016"),
    ("uploads-2016/b/tinypic.jpg", "uploads-2016/b/original.jpg", "tinypic"),
    (
        "telegram-2026/D01_I_nat_0003.jpg",
        "telegram-2026/D01_I_nat_0003-original.jpg",
        "telegram",
    ),
]


@pytest.mark.parametrize(("downloaded", "original", "platform"), IDENTICAL)
def test_gives_the_very_bytes_that_is_downloaded_from_the_platform(
    shared_data: Path, downloaded: str, original: str, platform: str
) -> None:
    folder = shared_data / "networks"
    assert transmit(folder / original, platform) == (folder / downloaded).read_bytes()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("downloaded", "platform", "luma", "chroma"),
    [  # least shares of equal non-zero coefficients, Y and Cb, on the resized photograph of 2016
        ("facebook", "facebook-2016", 0.73, 0.60),
        ("flickr", "flickr-2016", 0.76, 0.85),
        ("googleplus", "google+", 0.860, 0.85),
        ("instagram", "instagram-2016", 0.9993, 0.9998),
        ("telegram", "telegram-2016", 0.9695, 0.994),
        ("tumblr", "tumblr-2016", 1.0, 1.0),
        ("tinypic", "tinypic", 1.0, 1.0),
        ("twitter", "twitter-2016", 0.987, 0.989),
        ("whatsapp", "whatsapp-2016", 0.9085, 0.35),
    ],
)
def test_resized_uploads_agree_as_far_as_their_filter_is_known(
    shared_data: Path, downloaded: str, platform: str, luma: float, chroma: float
) -> None:
    folder = shared_data / "networks" / "uploads-2016" / "b"
    real = (folder / f"{downloaded}.jpg").read_bytes()
    result = compared(downloaded, real, folder / "original.jpg", platform)
    assert result.equal_nonzero[0] >= luma
    assert result.equal_nonzero[1] >= chroma


def jpeg(pixels: Pixels, **options: object) -> bytes:
    file = BytesIO()
    Image.fromarray(pixels).save(file, "JPEG", **{"quality": 95, **options})
    return file.getvalue()


def picture(data: bytes) -> Image.Image:
    image = Image.open(BytesIO(data))
    image.load()
    return image


@pytest.mark.parametrize("profile", PLATFORMS, ids=lambda profile: profile.name)
def test_every_platform_serves_what_its_profile_says(profile: PlatformProfile) -> None:
    upload = jpeg(photo(90, 120))
    downloaded = picture(transmit(upload, profile, seed=3))
    rule, encoding = profile.drawn(np.random.default_rng(3))
    assert downloaded.size[::-1] == target_size(rule, 90, 120)
    if encoding is None or profile.passthrough == "if it fits":
        np.testing.assert_array_equal(np.asarray(downloaded), np.asarray(picture(upload)))
        return
    if encoding.tables is not None:
        assert tuple(downloaded.quantization[0]) == encoding.tables.luma
    sampling = {"4:4:4": (1, 1), "4:2:2": (2, 1), "4:2:0": (2, 2)}[encoding.subsampling]
    if encoding.tables is not None:
        assert downloaded.layer[0][1:3] == sampling
    assert ("progressive" in downloaded.info) == encoding.scans.progressive


def test_equal_seeds_give_equal_bytes_and_others_another_draw() -> None:
    upload = jpeg(photo(64, 64))
    downloaded = [transmit(upload, "facebook-2018", seed=seed) for seed in range(8)]
    assert downloaded[0] == transmit(upload, "facebook-2018", seed=0)
    assert len(set(downloaded)) > 1


def test_a_chain_is_one_platform_after_the_other() -> None:
    upload = jpeg(photo(200, 2100))
    both = transmit(upload, [FACEBOOK, WHATSAPP])
    assert both == transmit(transmit(upload, FACEBOOK), WHATSAPP)
    assert picture(both).size == (1600, 152)
    assert transmit(upload, ["facebook", "whatsapp"]) == both


def test_pixels_bytes_and_path_are_the_same_picture(tmp_path: Path) -> None:
    pixels = photo(40, 50)
    path = tmp_path / "photo.png"
    Image.fromarray(pixels).save(path)
    downloaded = transmit(pixels, TWITTER)
    assert downloaded == transmit(path, TWITTER) == transmit(str(path), TWITTER)
    assert downloaded == transmit(path.read_bytes(), TWITTER)


def test_pass_through_keeps_every_byte() -> None:
    upload = jpeg(photo(30, 30))
    assert transmit(upload, FLICKR) == upload
    assert transmit(upload, "original") == upload
    assert transmit(upload, GOOGLE_PLUS) == upload
    assert transmit(jpeg(photo(10, 2100)), GOOGLE_PLUS) != jpeg(photo(10, 2100))


def test_imgur_takes_the_metadata_and_keeps_the_coefficients() -> None:
    upload = jpeg(photo(30, 30), exif=b"Exif\0\0MM\0*\0\0\0\x08\0\0\0\0\0\0", comment=b"mine")
    downloaded = transmit(upload, "imgur")
    assert b"Exif" not in downloaded
    assert b"mine" not in downloaded
    assert read_jpeg(downloaded).scans == read_jpeg(upload).scans


def exif_of(orientation: int) -> bytes:
    exif = Image.Exif()
    exif[0x0112] = orientation
    return exif.tobytes()


def test_exif_is_stripped_after_turning_the_picture() -> None:
    upload = jpeg(photo(40, 60), exif=exif_of(6))
    downloaded = transmit(upload, "twitter")
    assert picture(downloaded).size == (40, 60)
    assert not any(is_exif(segment) for segment in read_jpeg(downloaded).header)
    upright = np.rot90(np.asarray(picture(upload)), -1).astype(int)
    assert np.abs(np.asarray(picture(downloaded)).astype(int) - upright).mean() < 6


def test_exif_is_kept_where_the_platform_keeps_it() -> None:
    upload = jpeg(photo(10, 2100), exif=exif_of(1))
    assert any(is_exif(segment) for segment in read_jpeg(transmit(upload, "google+")).header)


def test_colour_profile_is_kept_replaced_or_stripped() -> None:
    profile = bytes(range(200)) * 400  # two segments
    upload = jpeg(photo(24, 24), icc_profile=profile)
    assert picture(transmit(upload, "twitter")).info["icc_profile"] == profile
    assert b"sawsctrl" in picture(transmit(upload, "facebook")).info["icc_profile"]
    assert not any(is_icc(s) for s in read_jpeg(transmit(upload, "whatsapp")).header)
    png = BytesIO()
    Image.fromarray(photo(24, 24)).save(png, "PNG", icc_profile=profile)
    assert picture(transmit(png.getvalue(), "twitter")).info["icc_profile"] == profile


def test_fbmd_holds_the_offset_of_every_scan_and_the_size_of_the_file() -> None:
    downloaded = transmit(photo(80, 80), INSTAGRAM)
    start = downloaded.index(b"FBMD0f") + 6
    count = int(downloaded[start : start + 4], 16)
    numbers = bytes.fromhex(downloaded[start + 4 : start + 4 + 8 * (count + 1)].decode())
    values = [int.from_bytes(numbers[i : i + 4], "little") for i in range(0, len(numbers), 4)]
    assert count == 7
    assert values == [*scan_offsets(downloaded), len(downloaded)]


@pytest.mark.parametrize(
    ("rule", "size", "expected"),
    [
        (FitBox(1600), (2448, 3264), (1200, 1600)),
        (FitBox(1600), (100, 200), (100, 200)),
        (FitBox(10), (1, 1000), (1, 10)),
        (FitWidth(1080), (1350, 900), (1350, 900)),
        (FitWidth(1080, enlarges=True), (500, 540), (1000, 1080)),
        (MaxPixels(100), (20, 20), (10, 10)),
    ],
)
def test_size_rules(rule: SizeRule, size: tuple[int, int], expected: tuple[int, int]) -> None:
    assert target_size(rule, *size) == expected


def test_bluesky_takes_the_highest_quality_within_its_limit() -> None:
    generator = np.random.default_rng(0)
    noise = generator.integers(0, 256, (1200, 1200, 3), dtype=np.uint8)
    downloaded = transmit(noise, "bluesky")
    assert 900_000 < len(downloaded) <= 1_000_000


def png(image: Image.Image, **options: object) -> bytes:
    file = BytesIO()
    image.save(file, "PNG", **options)
    return file.getvalue()


def animation() -> bytes:
    file = BytesIO()
    frames = [Image.fromarray(photo(8, 8, seed)) for seed in range(3)]
    frames[0].save(file, "GIF", save_all=True, append_images=frames[1:])
    return file.getvalue()


GREY_16 = Image.fromarray(np.arange(0, 65536, 64, dtype=np.uint16).reshape(32, 32))


@pytest.mark.parametrize(
    ("upload", "mode", "level"),
    [
        (png(Image.new("P", (16, 16), 0)), "RGB", (0, 0, 0)),
        (png(Image.new("1", (16, 16), 1)), "L", 255),
        (png(Image.new("L", (16, 16), 90)), "L", 90),
        (png(Image.new("RGBA", (16, 16), (200, 0, 0, 0))), "RGB", (255, 255, 255)),
        (png(Image.new("RGBA", (16, 16), (90, 90, 90, 255))), "RGB", (90, 90, 90)),
        (png(Image.new("LA", (16, 16), (0, 0))), "L", 255),
        (png(Image.new("I;16", (16, 16), 0x5A00)), "L", 90),
        (jpeg(np.zeros((16, 16, 3), np.uint8)), "RGB", (0, 0, 0)),
    ],
    ids=["palette", "1-bit", "grey", "clear", "opaque", "grey-alpha", "16-bit", "jpeg"],
)
def test_unusual_modes_become_8_bit_rgb_or_grey(
    upload: bytes, mode: str, level: tuple[int, ...] | int
) -> None:
    downloaded = picture(transmit(upload, "twitter"))
    assert downloaded.mode == mode
    assert downloaded.getpixel((8, 8)) == level


def test_16_bit_levels_keep_their_high_byte() -> None:
    downloaded = np.asarray(picture(transmit(png(GREY_16), "wechat-mac"))).astype(int)
    assert np.abs(downloaded - (np.asarray(GREY_16) >> 8)).max() <= 1


def test_16_bit_colour_keeps_its_high_byte() -> None:
    import imagecodecs

    deep = np.arange(16 * 16 * 3, dtype=np.uint16).reshape(16, 16, 3) * 80
    downloaded = picture(transmit(bytes(imagecodecs.png_encode(deep)), "wechat-mac"))
    assert np.abs(np.asarray(downloaded).astype(int) - (deep >> 8)).max() <= 3  # JPEG, quality 100


def test_cmyk_is_converted() -> None:
    file = BytesIO()
    Image.new("CMYK", (16, 16), (0, 255, 255, 0)).save(file, "JPEG", quality=100)
    red, green, blue = picture(transmit(file.getvalue(), "twitter")).getpixel((8, 8))
    assert red > 200
    assert max(green, blue) < 60


@pytest.mark.parametrize("platform", ["twitter", "telegram", "instagram-2024", "whatsapp"])
def test_one_pixel_is_sent(platform: str) -> None:
    downloaded = picture(transmit(np.full((1, 1, 3), 130, np.uint8), platform))
    assert downloaded.size[0] == (1080 if platform == "instagram-2024" else 1)


@pytest.mark.slow
def test_100_megapixels_are_sent() -> None:
    upload = png(Image.new("L", (8000, 12500), 77))
    downloaded = picture(transmit(upload, "messenger"))
    assert downloaded.size == (1311, 2048)
    assert abs(int(downloaded.getpixel((600, 600))) - 77) <= 1


@pytest.mark.parametrize(
    ("upload", "platform", "error", "message"),
    [
        (b"", "twitter", UnreadablePictureError, "the file is empty"),
        (b"hello, world", "twitter", UnreadablePictureError, "in no format that is read"),
        (jpeg(photo(64, 64))[:600], "twitter", UnreadablePictureError, "damaged"),
        (jpeg(photo(64, 64))[:60], "twitter", UnreadablePictureError, "get it again"),
        ("no/such/file.jpg", "twitter", UnreadablePictureError, "can't read no/such/file.jpg"),
        (animation(), "twitter", PictureError, r"animated \(3 frames\)"),
        (np.zeros((0, 5, 3), np.uint8), "twitter", PictureError, r"empty: \(0, 5, 3\)"),
        (np.zeros((4, 4, 3), np.float32), "twitter", PictureError, "array is float32"),
        (np.zeros((4, 4, 2), np.uint8), "twitter", PictureError, r"give uint8, \(H, W\)"),
        (np.zeros((1, 9000), np.uint8), "twitter", PictureTooLargeError, "up to 8192 pixels"),
        (photo(8, 8), "slack", UnreadablePictureError, "send a JPEG file"),
        (photo(900, 4), "instagram-2024", PictureTooLargeError, "would make it 1080×243000"),
        (np.zeros((1, 66000), np.uint8), "wechat-mac", PictureTooLargeError, "ends at 65500"),
        (photo(8, 8), [], ChannelValueError, "name at least one"),
    ],
)
def test_bad_input_is_refused_with_what_to_do(
    upload: bytes, platform: str, error: type[ChannelError], message: str
) -> None:
    with pytest.raises(error, match=message):
        transmit(upload, platform)


def test_too_many_pixels_are_refused_before_decoding() -> None:
    header = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + (30000).to_bytes(4, "big") * 2 + b"\x08\2\0\0\0"
    import zlib

    data = header + zlib.crc32(header[12:]).to_bytes(4, "big") + b"\0\0\0\0IDAT\x35\xaf\x06\x1e"
    with pytest.raises(PictureTooLargeError, match="at most 178 megapixels"):
        transmit(data, "twitter")


def test_negative_seeds_are_refused() -> None:
    with pytest.raises(ChannelValueError, match="seed is -1; give 0 or more"):
        transmit(photo(8, 8), "twitter", seed=-1)


def test_unknown_platform_lists_those_there_are() -> None:
    with pytest.raises(
        UnknownPlatformError, match=r"no platform 'orkut'; choose one of .*whatsapp"
    ):
        transmit(photo(8, 8), "orkut")
    assert platform("WhatsApp") is WHATSAPP


def test_needs_no_torch() -> None:
    code = (
        "import sys; sys.modules['torch'] = None\n"
        "import channel, channel.commands.transmit, channel.resample, numpy\n"
        "channel.transmit(numpy.zeros((8, 8, 3), numpy.uint8), 'whatsapp')\n"
        "assert not any(name.startswith('torch.') for name in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
