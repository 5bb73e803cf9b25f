"""A picture that was opened: its values as coded, and as a viewer shows them."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Final

from PIL import Image

from channel.picture_file import colour
from channel.picture_file.colour import Colours
from channel.picture_file.damage import damage_told
from channel.picture_file.depth import grey_of, read_deep_tiff
from channel.picture_file.header import Header
from channel.picture_file.orientation import turned

_WHITE: Final = 255  # under transparency: what browsers and platforms show
_GREY: Final = ("1", "L", "LA", "La", "I", "F")
_NATURAL: Final = {
    "1": "L", "P": "RGB", "RGBX": "RGB", "YCbCr": "RGB", "HSV": "RGB", "La": "LA", "RGBa": "RGBA",
    "PA": "RGBA",
}  # fmt: skip


@dataclass(frozen=True)
class PictureFile:
    """A file that was opened; it is decoded when it is first asked for.

    Attributes
    ----------
    image
        As Pillow opened it; None where tifffile has to read it.
    format
        Pillow's name, such as "JPEG".
    width, height
        As coded.
    mode
        Pillow's name of the kind of values that the file has.
    icc
        Its colour profile, good or bad.
    """

    data: bytes = field(repr=False)
    image: Image.Image | None
    format: str
    width: int
    height: int
    mode: str
    header: Header
    icc: bytes | None = field(default=None, repr=False)

    @property
    def orientation(self) -> int:
        """1 to 8: what `coded` needs to be upright, by the container's own rule."""
        return self.header.orientation

    @property
    def frames(self) -> int:
        """Of an animation; else 1."""
        return self.header.frames

    @cached_property
    def colours(self) -> Colours:
        """What its values mean as colours."""
        if self.header.colours is not None:
            return self.header.colours
        is_grey = self.mode in _GREY or self.mode.startswith("I;")
        kind = "GRAY" if is_grey else self.mode if self.mode in ("CMYK", "LAB") else "RGB"
        return colour.of_profile(self.icc, kind)

    @property
    def own_profile(self) -> bytes | None:
        """The file's ICC profile, good or bad, where it can go on with the values of `coded`."""
        carries = self.header.colours is None and self.mode not in ("CMYK", "LAB")
        return self.icc if carries else None

    @property
    def is_srgb(self) -> bool:
        """Whether `coded` has the colours of sRGB."""
        return self.colours.name is None

    def coded(self) -> Image.Image:
        """Return the values as coded, in mode RGB or L: not turned, not converted to sRGB.

        CMYK without its profile, and Lab with it, since they have no values of RGB.
        """
        with damage_told():
            if self._natural.mode == "LAB":
                return colour.in_srgb(self._natural, self.colours)
            is_ink = self._natural.mode == "CMYK"
            return _over_white(self._natural.convert("RGB") if is_ink else self._natural)

    def coded_upright(self) -> Image.Image:
        """Return `coded`, turned upright: for a copy that carries the file's profile on."""
        return turned(self.coded(), self.orientation)

    def srgb(self, *, upright: bool = True) -> Image.Image:
        """Return what a viewer shows: sRGB over white, in mode RGB or L, turned upright."""
        with damage_told():
            shown = _over_white(colour.in_srgb(self._natural, self.colours))
            return turned(shown, self.orientation) if upright else shown

    def as_srgb(self, decoded: Image.Image, *, upright: bool = True) -> Image.Image:
        """Treat another decoding of this file, in mode RGB or L, as `srgb` does."""
        with damage_told():
            shown = colour.in_srgb(decoded, self.colours)
            return turned(shown, self.orientation) if upright else shown

    @property
    def shows_more(self) -> bool:
        """Whether a viewer may show something else than `srgb`.

        That is in further frames, on another page, or where something is transparent.
        """
        if self.header.frames > 1 or self.header.pages > 1 or _is_clear_grey(self.image):
            return True
        with damage_told():
            return _is_clear(self._natural)

    @cached_property
    def notes(self) -> tuple[str, ...]:
        """What is unusual, and what was done to show the picture, in sentences."""
        with damage_told():
            clear = _is_clear(self._natural) or _is_clear_grey(self.image)
            return (*self.header.notes, *_notes(self, self._natural.mode, is_clear=clear))

    @cached_property
    def _natural(self) -> Image.Image:
        """The picture in 8 bits, as coded: of mode L, LA, RGB, RGBA, CMYK or LAB."""
        if self.image is None:
            return read_deep_tiff(self.data)
        self.image.load()
        return _in_8_bits(self.image, self.header)


def _in_8_bits(image: Image.Image, header: Header) -> Image.Image:
    if image.mode.startswith(("I", "F")):
        return grey_of(image, header.bits, signed=header.signed, white_is_zero=header.white_is_zero)
    if image.mode in ("1", "L") and image.has_transparency_data:
        return _clear_grey(image, header.bits or 8)
    if image.mode in ("P", "PA", "RGB") and image.has_transparency_data:
        return image.convert("RGBA")
    mode = _NATURAL.get(image.mode, image.mode)
    return image if mode == image.mode else image.convert(mode)


def _clear_grey(image: Image.Image, bits: int) -> Image.Image:
    """Make one level transparent: it is stated in the file's bits, the values are in eight."""
    clear = image.info.get("transparency")
    if not isinstance(clear, int):
        return image.convert("RGBA").convert("LA")
    level = clear * 255 // (2**bits - 1) if bits < 8 else clear
    grey = image.convert("L")
    return Image.merge("LA", (grey, grey.point([0 if at == level else 255 for at in range(256)])))


def _is_clear(image: Image.Image) -> bool:
    """Whether a pixel of it is transparent; an alpha channel alone makes none so."""
    return image.mode in ("LA", "RGBA") and image.getchannel("A").getextrema() != (255, 255)


def _is_clear_grey(image: Image.Image | None) -> bool:
    """Whether one level of a grey picture of more than 8 bits is transparent."""
    if image is None or not image.mode.startswith("I"):
        return False
    return isinstance(image.info.get("transparency"), int)


def _over_white(image: Image.Image) -> Image.Image:
    if image.mode not in ("LA", "RGBA"):
        return image
    mode = "L" if image.mode == "LA" else "RGB"
    paper = Image.new("RGBA", image.size, (_WHITE, _WHITE, _WHITE, _WHITE))
    return Image.alpha_composite(paper, image.convert("RGBA")).convert(mode)


def _notes(file: PictureFile, mode: str, *, is_clear: bool) -> Iterator[str]:
    colours, bits = file.colours, file.header.bits
    yield from colours.notes
    if mode == "CMYK" and colours.name is None:
        yield "CMYK, converted without its colour profile: colours are approximate."
    elif colours.name is not None and colours.is_near:
        yield f"Its colours, of “{colours.name}”, are nearly sRGB; they were converted to it."
    elif colours.name is not None:
        yield f"Its colour profile is “{colours.name}”, not sRGB; it was converted to sRGB."
    elif mode == "LAB":
        yield "Its colours are CIE Lab; they were converted to sRGB."
    if (bits or 8) > 8:
        yield f"It has {bits} bits a channel; they were brought to 8 bits."
    if is_clear:
        yield "Parts of it are transparent; it was analysed over white."
    if file.format == "MPO":
        yield "The file holds several pictures (MPO); the first was analysed."
    if file.frames > 1:
        yield f"It is animated ({file.frames} frames); the first frame was analysed."
