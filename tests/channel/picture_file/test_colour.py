"""The same colours to the eye, however a file states them."""

import zlib
from io import BytesIO
from typing import Any

import numpy as np
import pytest
import tifffile
from PIL import ExifTags, Image, ImageCms

from channel.picture_file import open_picture
from channel.picture_file.matrix_profile import PRIMARIES, SRGB_PRIMARIES, matrix_profile
from tests.channel.conftest import Pixels

SPACES = {
    "Display P3": (PRIMARIES[12], None),
    "BT.2020": (PRIMARIES[9], None),
    "wide, linear": (PRIMARIES[9], 1.0),
    "swapped": ((*SRGB_PRIMARIES[:2], *SRGB_PRIMARIES[6:], *SRGB_PRIMARIES[4:6],
                 *SRGB_PRIMARIES[2:4]), 2.2),
}  # fmt: skip
ICC_2020 = matrix_profile(*SPACES["BT.2020"])
# XYZ to linear sRGB, IEC 61966-2-1.
TO_SRGB = np.array(
    [[3.2406, -1.5372, -0.4986], [-0.9689, 1.8758, 0.0415], [0.0557, -0.2040, 1.0570]]
)


def light() -> np.ndarray[Any, Any]:
    """Linear sRGB of a scene without very dark parts, (64, 64, 3)."""
    y, x = np.mgrid[:64, :64]
    planes = [0.3 + 0.25 * np.sin(x / 9 + k) * np.cos(y / 7 - k) for k in range(3)]
    return np.stack(planes, -1)


def coded(light: np.ndarray[Any, Any], gamma: float | None) -> Pixels:
    if gamma is None:
        values = np.where(light <= 0.0031308, 12.92 * light, 1.055 * light ** (1 / 2.4) - 0.055)
    else:
        values = light ** (1 / gamma)
    return np.rint(np.clip(values, 0, 1) * 255).astype(np.uint8)


def in_space(name: str) -> Pixels:
    """The scene in the values of a space, worked out from its chromaticities alone."""
    chromaticities, gamma = SPACES[name]
    xy = np.array(chromaticities).reshape(4, 2)
    xyz = np.column_stack([xy[:, 0] / xy[:, 1], np.ones(4), (1 - xy.sum(1)) / xy[:, 1]])
    primaries = xyz[1:].T * np.linalg.solve(xyz[1:].T, xyz[0])
    to_space = np.linalg.inv(TO_SRGB @ primaries)
    return coded(np.clip(light() @ to_space.T, 0, 1), gamma)


def saved(pixels: Pixels, kind: str = "PNG", **options: Any) -> bytes:
    file = BytesIO()
    Image.fromarray(pixels).save(file, kind, **options)
    return file.getvalue()


def error(data: bytes) -> float:
    found = np.asarray(open_picture(data).srgb().convert("RGB")).astype(int)
    return float(np.abs(found - coded(light(), None).astype(int)).mean())


def with_chunk(png: bytes, kind: bytes, content: bytes) -> bytes:
    chunk = kind + content
    whole = len(content).to_bytes(4, "big") + chunk + zlib.crc32(chunk).to_bytes(4, "big")
    return png[:33] + whole + png[33:]


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "TIFF", "WEBP"])
@pytest.mark.parametrize("name", SPACES)
def test_profiles_are_converted(name: str, kind: str) -> None:
    options = {"quality": 98, "subsampling": 0} if kind == "JPEG" else {}
    options |= {"lossless": True} if kind == "WEBP" else {}
    data = saved(in_space(name), kind, icc_profile=matrix_profile(*SPACES[name]), **options)
    assert error(data) < 2
    file = open_picture(data)
    assert "Its colour profile is “" in file.notes[0]
    assert (np.asarray(file.coded()) == np.asarray(Image.open(BytesIO(data)))).all()


@pytest.mark.parametrize("kind", ["float32", "planes of 16 bits"])
def test_profiles_of_what_tifffile_reads(kind: str) -> None:
    deep = in_space("BT.2020").astype(np.uint16) * 257
    file = BytesIO()
    options: dict[str, Any] = {"photometric": "rgb", "metadata": None}
    if kind == "float32":
        tifffile.imwrite(file, (deep / 65535).astype(np.float32), iccprofile=ICC_2020, **options)
    else:
        planes = np.moveaxis(deep, -1, 0).copy()
        tifffile.imwrite(file, planes, planarconfig="separate", iccprofile=ICC_2020, **options)
    assert error(file.getvalue()) < 2
    assert "colour profile" in " ".join(open_picture(file.getvalue()).notes)


def test_adobe_rgb_by_exif_alone_is_noted() -> None:
    exif = Image.Exif()
    exif.get_ifd(ExifTags.IFD.Exif)[ExifTags.IFD.Interop] = {1: "R03"}
    data = saved(coded(light(), None), "JPEG", exif=exif.tobytes())
    assert "Adobe RGB (R03)" in " ".join(open_picture(data).notes)
    with_profile = saved(coded(light(), None), "JPEG", exif=exif.tobytes(), icc_profile=ICC_2020)
    assert "R03" not in " ".join(open_picture(with_profile).notes)


def test_srgb_itself_is_left_as_it_is() -> None:
    icc = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    file = open_picture(saved(coded(light(), None), icc_profile=icc))
    assert file.is_srgb
    assert not file.notes
    assert (np.asarray(file.srgb()) == coded(light(), None)).all()


@pytest.mark.parametrize(("primaries", "name"), [(12, "Display P3"), (9, "BT.2020")])
def test_code_points_of_png(primaries: int, name: str) -> None:
    data = with_chunk(saved(in_space(name)), b"cICP", bytes([primaries, 13, 0, 1]))
    assert error(data) < 2
    assert name in " ".join(open_picture(data).notes)


def test_code_points_go_before_a_profile() -> None:
    png = saved(in_space("BT.2020"), icc_profile=matrix_profile(*SPACES["swapped"]))
    assert error(with_chunk(png, b"cICP", bytes([9, 13, 0, 1]))) < 2


def test_code_points_of_avif() -> None:
    data = saved(in_space("Display P3"), "AVIF", quality=98, subsampling="4:4:4")
    place = data.index(b"nclx") + 4
    stated = data[:place] + (12).to_bytes(2, "big") + (13).to_bytes(2, "big") + data[place + 4 :]
    assert error(data) > 3
    assert error(stated) < 2.5


def test_gamma_and_chromaticities_of_png() -> None:
    numbers = b"".join(round(v * 1e5).to_bytes(4, "big") for v in PRIMARIES[9])
    data = with_chunk(saved(in_space("wide, linear")), b"cHRM", numbers)
    data = with_chunk(data, b"gAMA", (100_000).to_bytes(4, "big"))
    assert error(data) < 5  # 8 bits of linear light are few in the dark


def test_the_gamma_that_programs_write_for_srgb_changes_nothing() -> None:
    data = with_chunk(saved(coded(light(), None)), b"gAMA", (45455).to_bytes(4, "big"))
    assert error(data) == 0
    assert not open_picture(data).notes


@pytest.mark.parametrize("transfer", [16, 18])
def test_hdr_is_noted(transfer: int) -> None:
    data = with_chunk(saved(coded(light(), None)), b"cICP", bytes([9, transfer, 0, 1]))
    assert "HDR" in " ".join(open_picture(data).notes)


@pytest.mark.parametrize(
    ("icc", "words"),
    [
        (b"no profile at all" * 20, "can't be read"),
        (matrix_profile(*SPACES["Display P3"])[:200], "can't be"),
        (ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")).tobytes(), "is for Lab pixels"),
    ],
)
def test_a_bad_profile_is_noted_and_taken_as_srgb(icc: bytes, words: str) -> None:
    file = open_picture(saved(coded(light(), None), icc_profile=icc))
    assert words in " ".join(file.notes)
    assert (np.asarray(file.srgb()) == coded(light(), None)).all()


def test_grey_may_have_a_profile_of_colours() -> None:
    grey = coded(light(), None)[..., 0]
    icc = matrix_profile(SRGB_PRIMARIES, 1.0)
    file = open_picture(saved(grey, "JPEG", quality=100, icc_profile=icc))
    lighter = np.asarray(file.srgb()).astype(int)
    assert file.srgb().mode == "L"
    assert (lighter >= np.asarray(file.coded())).all()
    assert lighter.mean() > grey.mean() + 20


def test_lab_and_cmyk() -> None:
    lab = Image.new("LAB", (8, 8), (136, 208, 195))  # CIE Lab 53, 80, 67: sRGB's red
    file = BytesIO()
    lab.save(file, "TIFF")
    red = np.asarray(open_picture(file.getvalue()).srgb())[4, 4]
    assert np.abs(red.astype(int) - (255, 0, 0)).max() <= 12
    ink = BytesIO()
    Image.new("CMYK", (8, 8), (0, 255, 255, 0)).save(ink, "JPEG", quality=100)
    found = open_picture(ink.getvalue())
    assert np.asarray(found.srgb())[4, 4, 0] > 240
    assert "colours are approximate" in " ".join(found.notes)
