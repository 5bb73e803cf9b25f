"""What a file's header says of its values: how they are turned, how deep, which colours."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from PIL import ExifTags, Image

from channel.picture_file import bmff, colour, png, tiff
from channel.picture_file.colour import Colours

_BITS_AT: Final = 8  # in IHDR (PNG, 11.2.1)
_USUAL_GAMMA: Final = 1 / 2.2
_GAMMA_TOLERANCE: Final = 0.005
_GAMMAS: Final = (0.1, 10.0)


@dataclass(frozen=True)
class Header:
    """What is stated.

    Attributes
    ----------
    orientation
        1 to 8: what the container's own rule says that the values as coded need to be upright.
    bits
        A channel; None if it isn't stated.
    frames
        Of an animation; else 1.
    pages
        Of which a viewer may show another one than the largest; else 1.
    colours
        Beside an ICC profile, which Pillow reads; None if nothing is.
    notes
        In sentences.
    """

    orientation: int = 1
    bits: int | None = None
    frames: int = 1
    pages: int = 1
    colours: Colours | None = None
    signed: bool = False
    white_is_zero: bool = False
    notes: tuple[str, ...] = ()


def header_of(data: bytes, image: Image.Image) -> Header:
    """Read the header of a file that isn't TIFF, by the rule of its container."""
    has_profile = bool(image.info.get("icc_profile"))
    match image.format:
        case "PNG":
            header = _of_png(png.chunks_of(data), has_profile=has_profile)
        case "AVIF":
            header = _of_avif(bmff.properties_of(data), has_profile=has_profile)
        case "HEIF":  # libheif has turned it
            header = _of_heif(image.info, has_profile=has_profile)
        case "JPEG" | "MPO" | "WEBP":
            exif = image.info.get("exif")
            exif = exif if isinstance(exif, bytes) else b""
            notes = _notes_of_exif(exif) if exif and not has_profile else ()
            header = Header(tiff.orientation_of_exif(exif), notes=notes)
        case _:  # JPEG XL is turned by libjxl; the others state no orientation
            header = Header()
    # Further pictures of MPO and HEIF are no frames of an animation.
    many = image.format not in ("MPO", "HEIF")
    frames = int(getattr(image, "n_frames", 1)) if many else 1
    return _checked(replace(header, frames=frames))


def header_of_page(pages: list[tiff.Page], page: tiff.Page) -> Header:
    """Read the header of one page of a TIFF file."""
    return _checked(
        Header(
            page.first(tiff.ORIENTATION, 1),
            max(page.tags.get(tiff.BITS, (1,))),
            pages=_pages_beside(pages, page),
            signed=page.first(tiff.SAMPLE_FORMAT, 1) == 2,
            white_is_zero=page.first(tiff.PHOTOMETRIC, 1) == 0,
            notes=tuple(_notes_of_pages(pages, page)),
        )
    )


def _checked(header: Header) -> Header:
    if 1 <= header.orientation <= 8:
        return header
    words = f"Its orientation, {header.orientation}, is none that there is; it was not turned."
    return replace(header, orientation=1, notes=(*header.notes, words))


def _of_png(chunks: Mapping[bytes, bytes], *, has_profile: bool) -> Header:
    """Read it; colours in the order of PNG, 4.3: cICP, iCCP, sRGB, gAMA with cHRM."""
    start, points = chunks.get(b"IHDR", b""), chunks.get(b"cICP", b"")
    colours: Colours | None = None
    if len(points) == 4:
        colours = colour.of_code_points(points[0], points[1])
    elif not has_profile and b"sRGB" not in chunks:
        colours = _colours_of_gamma(chunks.get(b"gAMA", b""), chunks.get(b"cHRM", b""))
    bits = start[_BITS_AT] if len(start) > _BITS_AT else None
    return Header(tiff.orientation_of_exif(chunks.get(b"eXIf")), bits, colours=colours)


def _colours_of_gamma(gamma_chunk: bytes, places: bytes) -> Colours | None:
    """Read gAMA and cHRM (PNG, 11.3.2.1 and 11.3.2.2), in hundred thousandths."""
    gamma = int.from_bytes(gamma_chunk, "big") / 1e5 if len(gamma_chunk) == 4 else None
    if gamma is not None and not _GAMMAS[0] <= gamma <= _GAMMAS[1]:
        return Colours(notes=("Its stated gamma makes no sense; it was taken as sRGB.",))
    if gamma is not None and abs(gamma - _USUAL_GAMMA) <= _GAMMA_TOLERANCE:
        gamma = None  # how programs write the curve of sRGB
    if len(places) != 32:
        if gamma is None:
            return None
        return colour.of_numbers(colour.SRGB_PRIMARIES, 1 / gamma, "PNG's gamma")
    primaries = tuple(int.from_bytes(places[at : at + 4], "big") / 1e5 for at in range(0, 32, 4))
    return colour.of_numbers(primaries, gamma and 1 / gamma, "PNG's chromaticities")


def _of_avif(found: bmff.Properties, *, has_profile: bool) -> Header:
    stated = None if has_profile else colour.of_code_points(found.primaries, found.transfer)
    return Header(found.orientation, found.bits, colours=stated)


def _of_heif(info: Mapping[Any, Any], *, has_profile: bool) -> Header:
    points = info.get("nclx_profile") or {}
    primaries, transfer = points.get("color_primaries"), points.get("transfer_characteristics")
    stated = None if has_profile else colour.of_code_points(primaries, transfer)
    return Header(bits=info.get("bit_depth"), colours=stated)


def _notes_of_exif(exif: bytes) -> tuple[str, ...]:
    """Note Adobe RGB by the rule of cameras (DCF 2.0, 5.3), which most viewers leave alone."""
    try:
        found = Image.Exif()
        found.load(exif)
        is_adobe = found.get_ifd(ExifTags.IFD.Interop).get(1) == "R03"
    except Exception:  # damaged EXIF, of which nothing else is needed
        return ()
    words = (
        "Its EXIF states Adobe RGB (R03) without a colour profile; it was taken as sRGB, as "
        "browsers do, so its colours may be paler than meant."
    )
    return (words,) if is_adobe else ()


def _pages_beside(pages: list[tiff.Page], page: tiff.Page) -> int:
    """Count pages, unless the others are flagged as reduced copies that follow the picture."""
    is_alone = page is pages[0] and not any(one.is_picture for one in pages if one is not page)
    return 1 if is_alone else len(pages)


def _notes_of_pages(pages: list[tiff.Page], page: tiff.Page) -> Iterator[str]:
    pictures = [one for one in pages if one.is_picture] or pages
    if any(one.area * 4 >= page.area for one in pictures if one is not page):
        yield (
            f"The file holds {len(pictures)} pictures (pages); number {pictures.index(page) + 1}, "
            "the largest, was analysed."
        )
    elif page is not pages[0]:
        yield "The file begins with a small copy of the picture; the picture itself was analysed."
