"""One picture in every container, depth and turn: always the same picture."""

import builtins
import struct
import subprocess
import sys
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any
from zlib import compress, crc32

import numpy as np
import pytest
import tifffile
from PIL import Image, TiffImagePlugin

from channel.errors import ChannelError, UnsupportedPictureError
from channel.picture_file import UPRIGHT_TURNS, open_picture
from tests.channel.conftest import Pixels

Turn = Image.Transpose
BACK = {2: 2, 3: 3, 4: 4, 5: 5, 6: 8, 7: 7, 8: 6}
CLOSE = 3.0  # levels in the mean, through lossy codecs


def scene(height: int = 48, width: int = 36) -> Pixels:
    """A portrait whose turns all differ: a ramp, white at the top left, blue at the top right."""
    y, x = np.mgrid[:height, :width]
    pixels = np.stack([x * 255 // width, y * 255 // height, np.zeros_like(x)], -1).astype(np.uint8)
    pixels[: height // 4, : width // 4] = 255
    pixels[: height // 4, -width // 4 :] = (0, 0, 255)
    return pixels


def saved(pixels: Pixels, kind: str, **options: Any) -> bytes:
    file = BytesIO()
    Image.fromarray(pixels).save(file, kind, **options)
    return file.getvalue()


def shown(data: bytes) -> Pixels:
    return np.asarray(open_picture(data).srgb().convert("RGB"))


def apart(first: Pixels, second: Pixels) -> float:
    assert first.shape == second.shape
    return float(np.abs(first.astype(int) - second.astype(int)).mean())


def exif_of(orientation: int) -> bytes:
    exif = Image.Exif()
    exif[0x0112] = orientation
    return exif.tobytes()


def turned_back(orientation: int) -> Pixels:
    """The scene as a file has it that states an orientation."""
    if orientation == 1:
        return scene()
    return np.asarray(Image.fromarray(scene()).transpose(UPRIGHT_TURNS[BACK[orientation]]))


CONTAINERS: dict[str, Callable[[Pixels, int], bytes]] = {
    "jpeg": lambda p, o: saved(p, "JPEG", quality=98, subsampling=0, exif=exif_of(o)),
    "png": lambda p, o: saved(p, "PNG", exif=exif_of(o)),
    "webp": lambda p, o: saved(p, "WEBP", lossless=True, exif=exif_of(o)),
    "avif": lambda p, o: saved(p, "AVIF", quality=95, subsampling="4:4:4", exif=exif_of(o)),
    "tiff": lambda p, o: saved(p, "TIFF", tiffinfo={274: o}),
    "tiff lzw": lambda p, o: saved(p, "TIFF", compression="tiff_lzw", tiffinfo={274: o}),
}


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("container", CONTAINERS)
def test_upright_once(container: str, orientation: int) -> None:
    stored = turned_back(orientation)
    file = open_picture(CONTAINERS[container](stored, orientation))
    assert file.orientation == orientation
    assert (file.height, file.width) == stored.shape[:2]
    assert apart(np.asarray(file.coded()), stored) < CLOSE
    assert apart(np.asarray(file.srgb()), scene()) < CLOSE


def test_a_container_with_turns_of_its_own_ignores_those_of_exif() -> None:
    exif = Image.Exif()
    exif[0x0113] = 6  # Pillow would turn an orientation into irot; it becomes one afterwards
    data = saved(scene(), "AVIF", quality=95, subsampling="4:4:4", exif=exif.tobytes())
    stated = data.replace(b"\x13\x01\x03\0", b"\x12\x01\x03\0").replace(
        b"\x01\x13\0\x03", b"\x01\x12\0\x03"
    )
    assert stated != data
    assert apart(shown(stated), scene()) < CLOSE


@pytest.mark.parametrize("orientation", [0, 9, 65535])
def test_an_orientation_that_is_none_is_noted(orientation: int) -> None:
    file = open_picture(CONTAINERS["jpeg"](scene(), orientation))
    assert file.orientation == 1
    assert f"Its orientation, {orientation}, is none" in " ".join(file.notes)


def test_xmp_alone_turns_nothing() -> None:
    xmp = b'<x:xmpmeta xmlns:tiff="t"><rdf tiff:Orientation="6"/></x:xmpmeta>'
    assert open_picture(saved(scene(), "JPEG", xmp=xmp)).orientation == 1


# Depth


def ramp(depth: int) -> np.ndarray[Any, Any]:
    """From black to white in the range of a depth."""
    whole = np.linspace(0, 2**depth - 1, 256).astype(np.uint64)
    return np.tile(whole, (8, 1))


def deep(values: np.ndarray[Any, Any], **options: Any) -> bytes:
    file = BytesIO()
    tifffile.imwrite(file, values, metadata=None, **options)
    return file.getvalue()


U16, U32 = ramp(16).astype(np.uint16), ramp(32).astype(np.uint32)
RGB16 = np.stack([U16] * 3, -1)
DEEP = {
    "png grey": saved(U16, "PNG"),
    "tiff grey": deep(U16),
    "tiff grey, big-endian": deep(U16, byteorder=">"),
    "tiff grey, white is zero": deep(65535 - U16, photometric="miniswhite"),
    "tiff grey, white is zero, big-endian": deep(
        65535 - U16, photometric="miniswhite", byteorder=">"
    ),
    "tiff grey, 32 bits": deep(U32),
    "tiff grey, 32 bits, big-endian": deep(U32, byteorder=">"),
    "tiff grey, signed 16 bits": deep((U16 // 2).astype(np.int16)),
    "tiff grey, signed 32 bits": deep((U32 // 2).astype(np.int32)),
    "tiff grey, floating point": deep((U16 / 65535).astype(np.float32)),
    "tiff grey, 64-bit floating point": deep((U16 / 65535).astype(np.float64)),
    "tiff grey, floating point to 255": deep((U16 / 257).astype(np.float32)),
    "tiff rgb": deep(RGB16, photometric="rgb"),
    "tiff rgb, planes": deep(
        np.moveaxis(RGB16, -1, 0).copy(), photometric="rgb", planarconfig="separate"
    ),
    "tiff rgb, floating point": deep((RGB16 / 65535).astype(np.float32), photometric="rgb"),
    "tiff rgb, 32 bits": deep(np.stack([U32] * 3, -1), photometric="rgb"),
    "bigtiff": deep(U16, bigtiff=True),
    "tiff rgb, planes of 8": deep(
        np.stack([(U16 >> 8).astype(np.uint8)] * 3), photometric="rgb", planarconfig="separate"
    ),
    "tiff 8 bits, white is zero": deep(
        (255 - (U16 >> 8)).astype(np.uint8), photometric="miniswhite"
    ),
}


@pytest.mark.parametrize("name", DEEP)
def test_depth_as_stated(name: str) -> None:
    file = open_picture(DEEP[name])
    levels = np.asarray(file.srgb().convert("RGB"))
    assert levels.shape == (8, 256, 3)
    assert np.abs(levels[0, :, 0].astype(int) - np.arange(256)).max() <= 1
    eight = "8" in name.split()
    assert eight or "were brought to 8 bits" in " ".join(file.notes)


def packed_tiff(bits: int, order: str) -> bytes:
    """The ramp as grey values of any number of bits, one behind the other."""
    grey = (ramp(16) >> (16 - bits)).astype(np.uint16)
    height, width = grey.shape
    each = (grey[..., None] >> np.arange(bits - 1, -1, -1)) & 1
    samples = np.packbits(each.reshape(height, -1).astype(np.uint8), axis=1).tobytes()
    entries = [(256, width), (257, height), (258, bits), (259, 1), (262, 1), (277, 1),
               (278, height), (279, len(samples))]  # fmt: skip
    entries.append((273, 8 + 2 + 12 * (len(entries) + 1) + 4))
    mark = b"II*\0" if order == "<" else b"MM\0*"
    made = mark + struct.pack(f"{order}IH", 8, len(entries))
    for tag, value in sorted(entries):
        made += struct.pack(f"{order}HHII", tag, 4, 1, value)
    return made + bytes(4) + samples


@pytest.mark.parametrize("bits", [10, 12, 14])
@pytest.mark.parametrize("order", "<>")
def test_grey_of_odd_depths(bits: int, order: str) -> None:
    assert apart(shown(packed_tiff(bits, order))[..., 0], ramp(8).astype(np.uint8)) < 1


def test_a_damaged_deep_tiff_is_told_in_our_words_alone(
    capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    whole = deep(np.stack([U32] * 3, -1), photometric="rgb", software="x" * 400)
    for length in range(len(whole) // 8, len(whole), len(whole) // 40):
        with pytest.raises(ChannelError):
            open_picture(whole[:length]).srgb()
    assert capfd.readouterr() == ("", "")
    assert caplog.records == []


def test_what_pillow_logs_of_damage_is_on_no_terminal(tmp_path: Path) -> None:
    path = tmp_path / "many.tif"
    path.write_bytes(tiff_of((256, 4, 1, 8), (257, 4, 1, 8), (277, 3, 1, 65283)))
    command = [sys.executable, "-m", "camera_sim.cli", "transmit", "--platform", "whatsapp"]
    ran = subprocess.run(
        [*command, "-o", str(tmp_path / "out.jpg"), str(path)], capture_output=True, check=False
    )
    assert ran.returncode == 2
    assert ran.stderr.startswith(b"camsim: ")
    assert ran.stderr.count(b"\n") == 1


@pytest.mark.parametrize("kind", [1, 2, 3, 5, 7, 12, 99])
def test_a_dng_is_one_whatever_its_version_says(kind: int) -> None:
    with pytest.raises(UnsupportedPictureError, match="RAW file"):
        open_picture(tiff_of((256, 4, 1, 8), (257, 4, 1, 8), (50706, kind, 4, 1)))


def test_signed_values_of_8_bits() -> None:
    grey = np.array([[-128, -1, 0, 127]], np.int8).repeat(8, 0)
    assert shown(deep(grey, photometric="minisblack"))[0, :, 0].tolist() == [0, 0, 0, 255]


@pytest.mark.parametrize("bits", [1, 2, 4, 8])
def test_a_clear_level_of_any_depth(bits: int) -> None:
    most = 2**bits - 1
    values = np.tile(np.arange(16, dtype=np.uint8) & most, (8, 1))
    each = (values[..., None] >> np.arange(bits - 1, -1, -1)) & 1
    rows = np.packbits(each.reshape(8, -1), axis=1)
    lines = b"".join(b"\0" + row.tobytes() for row in rows)
    data = b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(content)) + kind + content + struct.pack(">I", crc32(kind + content))
        for kind, content in (
            (b"IHDR", struct.pack(">IIBBBBB", 16, 8, bits, 0, 0, 0, 0)),
            (b"tRNS", b"\0\0"),
            (b"IDAT", compress(lines)),
            (b"IEND", b""),
        )
    )
    expected = np.where(values == 0, 255, values.astype(int) * 255 // most)
    assert np.array_equal(shown(data)[..., 0], expected)


def test_what_is_not_finite_is_black() -> None:
    values = np.full((8, 8), np.nan, np.float32)
    values[0] = (1.0, np.inf, -np.inf, 0.5, 0, 0, 0, 0)
    levels = np.asarray(open_picture(deep(values)).srgb())
    assert levels[0].tolist() == [255, 0, 0, 128, 0, 0, 0, 0]
    assert levels[1:].max() == 0


@pytest.mark.parametrize("mode", ["1", "L", "P", "RGB", "RGBA", "LA", "CMYK", "YCbCr", "LAB"])
@pytest.mark.parametrize("kind", ["PNG", "JPEG", "TIFF"])
def test_every_mode_gives_a_picture(mode: str, kind: str) -> None:
    grey = np.stack([scene()[..., 1]] * 3, -1)
    if mode == "LAB":
        image = Image.merge("LAB", [Image.fromarray(scene()[..., 1])] + [_plain(128)] * 2)
    else:
        image = Image.fromarray(grey).convert(mode)
    file = BytesIO()
    try:
        image.save(file, kind)
    except OSError:
        pytest.skip(f"{kind} holds no {mode}")
    found = open_picture(file.getvalue()).srgb()
    assert found.mode in ("L", "RGB")
    top, bottom = np.asarray(found.convert("L"))[13:].mean(1)[[0, -1]]
    assert bottom - top > 100


def _plain(value: int) -> Image.Image:
    return Image.new("L", (36, 48), value)


@pytest.mark.parametrize(
    ("mode", "clear"), [("RGBA", (10, 20, 30, 0)), ("LA", (10, 0)), ("P", 0), ("I;16", 7)]
)
def test_transparency_lies_over_white(mode: str, clear: Any) -> None:
    image = Image.new(mode, (8, 8), clear)
    options = {} if mode in ("RGBA", "LA") else {"transparency": clear}
    file = BytesIO()
    image.save(file, "PNG", **options)
    found = open_picture(file.getvalue())
    assert np.asarray(found.srgb()).min() == 255
    assert found.shows_more


@pytest.mark.parametrize("mode", ["RGBA", "LA", "RGB", "L"])
def test_opaque_pictures_show_the_same_everywhere(mode: str) -> None:
    file = BytesIO()
    Image.new("L", (8, 8), 90).convert(mode).save(file, "PNG")
    assert not open_picture(file.getvalue()).shows_more


# Pages


def pages(*sizes: int, flags: tuple[int, ...] = ()) -> bytes:
    """A TIFF file of square grey pages, each as bright as its place says."""
    images = [Image.new("L", (size, size), 10 + 40 * place) for place, size in enumerate(sizes)]
    file = BytesIO()
    with TiffImagePlugin.AppendingTiffWriter(file, new=True) as writer:
        for image, flag in zip(images, flags or (0,) * len(images), strict=True):
            image.save(writer, "TIFF", tiffinfo={254: flag})
            writer.newFrame()
    return file.getvalue()


@pytest.mark.parametrize(
    ("data", "size", "note"),
    [
        (pages(16, 64, flags=(1, 0)), 64, "begins with a small copy"),
        (pages(64, 16, flags=(0, 1)), 64, ""),
        (pages(16, 64), 64, "begins with a small copy"),
        (pages(16, 128, 64, flags=(1, 4, 0)), 64, "begins with a small copy"),
        (pages(64, 64), 64, "2 pictures (pages); number 1, the largest"),
        (pages(40, 64), 64, "2 pictures (pages); number 2, the largest"),
    ],
)
def test_the_page_that_is_the_picture(data: bytes, size: int, note: str) -> None:
    file = open_picture(data)
    assert (file.width, file.height) == (size, size) == file.srgb().size
    assert note in " ".join(file.notes)
    assert bool(note) == bool(file.notes) == file.shows_more


@pytest.mark.parametrize("alpha", [255, 254])
def test_an_alpha_channel_alone_is_nothing_transparent(alpha: int) -> None:
    opaque = Image.fromarray(scene()).convert("RGBA")
    opaque.putpixel((0, 0), (255, 255, 255, alpha))
    file = open_picture(saved(np.asarray(opaque), "PNG"))
    assert bool(file.notes) == file.shows_more == (alpha < 255)


def test_the_picture_may_be_in_a_sub_directory() -> None:
    file = BytesIO()
    with tifffile.TiffWriter(file) as writer:
        writer.write(np.zeros((16, 16), np.uint8), subifds=1, subfiletype=1, metadata=None)
        writer.write(np.full((64, 64), 200, np.uint8), metadata=None)
    assert np.asarray(open_picture(file.getvalue()).srgb()).tolist() == [[200] * 64] * 64


@pytest.mark.parametrize("kind", ["GIF", "PNG", "WEBP", "AVIF"])
def test_the_first_frame_of_an_animation(kind: str) -> None:
    frames = [Image.new("RGB", (32, 32), colour) for colour in ("red", "blue")]
    file = BytesIO()
    frames[0].save(file, kind, save_all=True, append_images=frames[1:], duration=100)
    found = open_picture(file.getvalue())
    assert found.frames == 2
    assert found.shows_more
    assert "animated (2 frames); the first" in " ".join(found.notes)
    assert apart(np.asarray(found.srgb()), np.asarray(frames[0])) < CLOSE


# What is no picture


def raw(head: bytes) -> bytes:
    return head + bytes(4096)


def tiff_of(*entries: tuple[int, int, int, int], order: str = "<") -> bytes:
    """A TIFF file of one directory: (tag, type, count, value)."""
    start = b"II*\0" if order == "<" else b"MM\0*"
    body = struct.pack(order + "IH", 8, len(entries))
    for tag, kind, count, value in entries:
        body += struct.pack(order + "HHI", tag, kind, count)
        body += (
            struct.pack(order + "HH", value, 0) if kind == 3 else struct.pack(order + "I", value)
        )
    return start + body + bytes(64)


RAWS = {
    "CRW": raw(b"II\x1a\0\0\0HEAPCCDR\x02\0\x01\0"),
    "CR2": raw(b"II*\0\x10\0\0\0CR\x02\0"),
    "CR3": raw(b"\0\0\0\x18ftypcrx \0\0\0\x01crx isom"),
    "RAF": raw(b"FUJIFILMCCD-RAW 0201FF389501"),
    "RW2": raw(b"IIU\0\x18\0\0\0"),
    "ORF": raw(b"IIRO\x08\0\0\0"),
    "MRW": raw(b"\0MRM\0\0\0\0"),
    "X3F": raw(b"FOVb\0\0\0\0"),
    "DNG": tiff_of((256, 3, 1, 8), (257, 3, 1, 8), (50706, 1, 4, 0x401)),
    "NEF": tiff_of((256, 3, 1, 8), (257, 3, 1, 8), (259, 3, 1, 34713), order=">"),
    "ARW": tiff_of((256, 3, 1, 8), (257, 3, 1, 8), (259, 3, 1, 32767)),
    "PEF": tiff_of((256, 3, 1, 8), (257, 3, 1, 8), (259, 3, 1, 65535), order=">"),
    "TIFF/EP": tiff_of((256, 3, 1, 8), (257, 3, 1, 8), (262, 3, 1, 32803)),
}


@pytest.mark.parametrize("kind", RAWS)
def test_a_raw_file_is_named(kind: str) -> None:
    with pytest.raises(UnsupportedPictureError, match=f"RAW file .*{kind}.*camsim develop"):
        open_picture(RAWS[kind])


def test_real_raw_files_are_named(shared_folder: Path) -> None:
    files = sorted((shared_folder / "data" / "raw").glob("*.*"))
    assert files
    for path in files:
        with pytest.raises(UnsupportedPictureError, match="this is a RAW file"):
            open_picture(path.read_bytes())


def test_a_simulated_capture_is_named(tmp_path: Path) -> None:
    from camera_sim.sensor.dng import write_dng
    from tests.camera_sim.scenes import capture

    write_dng(tmp_path / "capture.jpg", capture(32, 48))
    with pytest.raises(UnsupportedPictureError, match=r"RAW file \(DNG\)"):
        open_picture((tmp_path / "capture.jpg").read_bytes())


HEIC = raw(b"\0\0\0\x18ftypheic\0\0\0\0mif1heic")
JXL = raw(b"\xff\x0a")


@pytest.mark.parametrize(
    ("data", "package", "words"),
    [
        (HEIC, "pillow_heif", "HEIC and HEIF pictures need pillow-heif: pip install"),
        (JXL, "pillow_jxl", "JPEG XL pictures need pillow-jxl-plugin: pip install"),
    ],
)
def test_a_format_without_its_package_is_named(
    data: bytes, package: str, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = builtins.__import__

    def without(name: str, *args: Any, **options: Any) -> Any:
        if name == package:
            raise ImportError(name)
        return real(name, *args, **options)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(UnsupportedPictureError, match=words):
        open_picture(data)


def test_heic_is_read_upright_by_libheif() -> None:
    pillow_heif = pytest.importorskip("pillow_heif")
    pillow_heif.register_heif_opener()
    data = saved(turned_back(6), "HEIF", quality=95, exif=exif_of(6))
    file = open_picture(data)
    assert file.orientation == 1
    assert apart(np.asarray(file.srgb()), scene()) < CLOSE


@pytest.mark.parametrize("mode", ["RGB;16", "L;16"])
def test_heic_of_10_bits(mode: str) -> None:
    pillow_heif = pytest.importorskip("pillow_heif")
    values = np.tile(U16, (8, 1))  # 64 × 256
    pixels = values if mode == "L;16" else np.stack([values] * 3, -1)
    file = BytesIO()
    pillow_heif.from_bytes(mode, (256, 64), pixels.tobytes()).save(file, quality=-1)
    found = open_picture(file.getvalue())
    levels = np.asarray(found.srgb().convert("L"))[32].astype(int)
    assert np.abs(levels - np.arange(256)).mean() < CLOSE
    assert "10 bits a channel" in " ".join(found.notes)


def test_jpeg_xl_is_read() -> None:
    pytest.importorskip("pillow_jxl")
    file = open_picture(saved(scene(), "JXL", quality=95))
    assert apart(np.asarray(file.srgb()), scene()) < CLOSE


@pytest.mark.parametrize(
    ("data", "words"),
    [(b"%PDF-1.7\n", "a PDF document"), (b"8BPS\0\1", "a Photoshop document"),
     (b"\0\0\0\x18ftypmp42\0\0\0\0isom", "a video")],
)  # fmt: skip
def test_what_is_no_picture_is_named(data: bytes, words: str) -> None:
    with pytest.raises(UnsupportedPictureError, match=words):
        open_picture(data)


@pytest.mark.parametrize("name", [*CONTAINERS, "deep"])
def test_damage_gives_our_errors_alone(name: str) -> None:
    whole = DEEP["tiff rgb, floating point"] if name == "deep" else CONTAINERS[name](scene(), 6)
    rng = np.random.default_rng(0)
    for _ in range(150):
        data = bytearray(whole[: rng.integers(1, len(whole) + 1)])
        for place in rng.integers(0, len(data), 4):
            data[place] = rng.integers(256)
        try:
            file = open_picture(bytes(data))
            if file.width * file.height < 1_000_000:
                file.srgb()
        except ChannelError:
            continue
