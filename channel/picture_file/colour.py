"""What a file's values mean as colours, and the same colours in sRGB (IEC 61966-2-1).

By Little CMS: relative colorimetric with black point compensation, as picture editors convert.
"""

from dataclasses import dataclass
from functools import cache, lru_cache
from io import BytesIO
from typing import Final

import numpy as np
from PIL import Image, ImageCms

from channel.picture_file.matrix_profile import (
    PRIMARIES,
    SRGB_PRIMARIES,
    Chromaticities,
    matrix_profile,
)
from channel.printable import printable

__all__ = ["SRGB_PRIMARIES", "Colours", "in_srgb", "of_code_points", "of_numbers", "of_profile"]

_INTENT: Final = ImageCms.Intent.RELATIVE_COLORIMETRIC
_FLAGS: Final = ImageCms.Flags.BLACKPOINTCOMPENSATION
_LONGEST_NAME: Final = 60
# A profile whose colours lie no further from sRGB's is sRGB: tables of it differ by rounding.
_SAME_LEVELS: Final = 2
_NEAR_LEVELS: Final = 3.0  # in the mean
# ITU-T H.273, table 3: what is shown by the curve of sRGB (BT.709, unspecified, BT.601, sRGB,
# BT.2020), plain powers, and the light of HDR, which no sRGB holds.
_AS_SRGB: Final = (1, 2, 6, 13, 14, 15)
_GAMMAS: Final = {4: 2.2, 5: 2.8, 8: 1.0}
_HDR: Final = {16: "PQ", 18: "HLG"}
_SPACES: Final = {"RGB": "RGB ", "GRAY": "GRAY", "CMYK": "CMYK", "LAB": "Lab "}


@dataclass(frozen=True)
class Colours:
    """What is stated of a file's values.

    Attributes
    ----------
    icc
        A profile: the file's own, or one made of the numbers that it states.
    name
        Of the colour space, for people; None where it is sRGB, or nothing is stated.
    is_near
        Whether its colours differ from sRGB's by less than an eye sees.
    notes
        What is odd about what is stated.
    """

    icc: bytes | None = None
    name: str | None = None
    is_near: bool = False
    notes: tuple[str, ...] = ()


def of_profile(icc: bytes | None, pixels: str) -> Colours:
    """Read an ICC profile for pixels of a kind: "RGB", "GRAY", "CMYK" or "LAB".

    A damaged profile, or one for other pixels, counts as none.
    """
    if not icc:
        return Colours()
    try:
        profile = ImageCms.ImageCmsProfile(BytesIO(icc))
        space = profile.profile.xcolor_space
        name = _name_of(profile)
    except (OSError, ImageCms.PyCMSError, ValueError, TypeError) as error:
        return Colours(notes=(_unusable("can't be read", error),))
    taken = {"RGB ", "GRAY"} if pixels == "GRAY" else {_SPACES[pixels]}
    if space not in taken:
        words = f"is for {printable(space.strip()) or 'other'} pixels, and the file's are {pixels}"
        return Colours(notes=(_unusable(words),))
    try:
        mean, most = _difference(icc, space)
    except (OSError, ImageCms.PyCMSError, ValueError, TypeError) as error:
        return Colours(notes=(_unusable("can't be used", error),))
    if most <= _SAME_LEVELS:
        return Colours(icc)
    return Colours(icc, name, mean <= _NEAR_LEVELS)


def of_code_points(primaries: int | None, transfer: int | None) -> Colours:
    """Read the code points of ITU-T H.273, as PNG's cICP, AVIF and HEIF state them."""
    primaries, transfer = primaries or 2, transfer or 2
    if transfer in _HDR:
        words = (
            f"It is made for bright screens (HDR, {_HDR[transfer]}); its tones are shown without "
            "conversion, so it looks flatter than it is."
        )
        return Colours(notes=(words,))
    if primaries in (1, 2) and transfer in _AS_SRGB:
        return Colours()
    if primaries not in (2, *PRIMARIES) or transfer not in (*_AS_SRGB, *_GAMMAS):
        words = f"Its colours are stated by code points that aren't known ({primaries}, {transfer})"
        return Colours(notes=(f"{words}; they were taken as sRGB.",))
    name = {9: "BT.2020", 12: "Display P3", 11: "DCI-P3"}.get(primaries, f"H.273 {primaries}")
    return of_numbers(PRIMARIES.get(primaries, SRGB_PRIMARIES), _GAMMAS.get(transfer), name)


def of_numbers(chromaticities: Chromaticities, gamma: float | None, name: str) -> Colours:
    """Take chromaticities and an exponent, None for the curve of sRGB, as a colour space."""
    try:
        icc = matrix_profile(chromaticities, gamma)
    except (ValueError, OverflowError, ArithmeticError):
        return Colours(notes=("Its stated colours make no sense; they were taken as sRGB.",))
    found = of_profile(icc, "RGB")
    named = name if found.name else None
    return Colours(found.icc, named, found.is_near, notes=found.notes)


def in_srgb(image: Image.Image, colours: Colours) -> Image.Image:
    """Convert a picture to sRGB.

    Parameters
    ----------
    image
        Of mode L, LA, RGB, RGBA, CMYK or LAB, 8 bits.

    Returns
    -------
    Of mode L, LA, RGB or RGBA: transparency is kept.

    Raises
    ------
    OSError
        If Little CMS fails.
    """
    if image.mode == "LAB":
        return _converted(image, colours.icc or _lab_profile(), "LAB", "RGB")
    if colours.icc is None or colours.name is None:
        return image.convert("RGB") if image.mode == "CMYK" else image
    if image.mode in ("RGB", "RGBA"):
        return _converted(image, colours.icc, image.mode, image.mode)
    if image.mode == "CMYK":
        return _converted(image, colours.icc, "CMYK", "RGB")
    if ImageCms.ImageCmsProfile(BytesIO(colours.icc)).profile.xcolor_space == "GRAY":
        grey = _converted(image.getchannel(0), colours.icc, "L", "RGB").getchannel(1)
    else:
        grey = _converted(image.convert("RGB"), colours.icc, "RGB", "RGB")
        if not _is_neutral(grey):
            return grey
        grey = grey.getchannel(1)
    return Image.merge("LA", (grey, image.getchannel(1))) if image.mode == "LA" else grey


def _converted(image: Image.Image, icc: bytes, mode: str, wanted: str) -> Image.Image:
    try:
        result = ImageCms.applyTransform(image, _transform(icc, mode, wanted))
    except (ImageCms.PyCMSError, ValueError) as error:
        raise OSError(f"its colours can't be converted: {error}") from error
    assert result is not None
    return result


@lru_cache(8)
def _transform(icc: bytes, mode: str, wanted: str) -> ImageCms.ImageCmsTransform:
    source = ImageCms.ImageCmsProfile(BytesIO(icc))
    return ImageCms.buildTransform(source, _srgb(), mode, wanted, _INTENT, _FLAGS)


@lru_cache(8)
def _difference(icc: bytes, space: str) -> tuple[float, float]:
    """Return how far a profile's colours are from sRGB's, in levels: the mean, and the most.

    Raises where it can't be used at all.
    """
    mode, channels = {"CMYK": ("CMYK", 4), "Lab ": ("LAB", 3), "GRAY": ("L", 1)}.get(
        space, ("RGB", 3)
    )
    steps = np.linspace(0, 255, 256 if channels == 1 else 9).astype(np.uint8)
    values = np.stack(np.meshgrid(*[steps] * channels), -1).reshape(1, -1, channels)
    probe = Image.frombytes(mode, (values.shape[1], 1), values.tobytes())
    shown = np.asarray(_converted(probe, icc, mode, "RGB"), np.int16)
    if mode not in ("RGB", "L"):
        return 255.0, 255.0
    apart = np.abs(shown - values)
    return float(apart.mean()), float(apart.max())


def _is_neutral(image: Image.Image) -> bool:
    values = np.asarray(image)
    return bool((values[..., :1] == values).all())


@cache
def _srgb() -> ImageCms.ImageCmsProfile:
    return ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB"))


@cache
def _lab_profile() -> bytes:
    return ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB", 5000)).tobytes()


def _name_of(profile: ImageCms.ImageCmsProfile) -> str:
    name = " ".join((profile.profile.profile_description or "").split())
    return printable(name[:_LONGEST_NAME]) or "a profile without a name"


def _unusable(words: str, error: Exception | None = None) -> str:
    reason = f" ({printable(str(error))[:_LONGEST_NAME]})" if error and str(error) else ""
    return f"Its colour profile {words}{reason}; its colours were taken as sRGB."
