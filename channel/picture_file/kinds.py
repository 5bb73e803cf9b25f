"""What a file is, by its content: a RAW file, a picture that needs a package, or no picture."""

from typing import Final

from channel.picture_file.bmff import brands_of
from channel.picture_file.tiff import COMPRESSION, DNG_VERSION, is_tiff, pages_of

_AVIF: Final = frozenset((b"avif", b"avis"))
_HEIF: Final = frozenset(
    (b"heic", b"heix", b"hevc", b"hevx", b"heim", b"heis", b"hevm", b"hevs", b"mif1", b"msf1",
     b"mif2", b"miaf")
)  # fmt: skip
_JPEG_XL: Final = (b"\xff\x0a", b"\0\0\0\x0cJXL \r\n\x87\n")
# Signatures of RAW files that are no ordinary TIFF, as LibRaw's identify() knows them.
_RAW: Final = (
    (0, b"II\x1a\0\0\0HEAPCCDR", "Canon CRW"),
    (0, b"FUJIFILMCCD-RAW", "Fujifilm RAF"),
    (0, b"IIU\0", "Panasonic RW2"),
    (0, b"IIRO", "Olympus ORF"),
    (0, b"IIRS", "Olympus ORF"),
    (0, b"MMOR", "Olympus ORF"),
    (0, b"\0MRM", "Minolta MRW"),
    (0, b"FOVb", "Sigma X3F"),
    (8, b"CR\x02", "Canon CR2"),
    (8, b"IIII", "Phase One IIQ"),
    (8, b"MMMM", "Phase One IIQ"),
)
# Compressions of TIFF that only RAW files have: Sony, Nikon, Samsung, Pentax, Kodak, Epson.
_RAW_COMPRESSIONS: Final = {
    32767: "Sony ARW", 34713: "Nikon NEF", 32770: "Samsung SRW", 65535: "Pentax PEF",
    65000: "Kodak", 32769: "Epson ERF",
}  # fmt: skip
_MAKERS: Final = {
    b"NIKON": "Nikon NEF", b"SONY": "Sony ARW", b"PENTAX": "Pentax PEF", b"SAMSUNG": "Samsung SRW",
    b"EASTMAN KODAK": "Kodak", b"Kodak": "Kodak", b"Hasselblad": "Hasselblad 3FR",
    b"Leaf": "Leaf MOS", b"Mamiya": "Mamiya MEF",
}  # fmt: skip
_OTHERS: Final = (
    (b"%PDF", "a PDF document"),
    (b"8BPS", "a Photoshop document"),
    (b"%!PS", "a PostScript document"),
    (b"<svg", "an SVG drawing"),
    (b"<?xml", "an XML document"),
    (b"PK\x03\x04", "an archive (ZIP), or an office document"),
    (b"\0\0\0\x0cjP  \r\n\x87\n", "a JPEG 2000 picture"),
    (b"\x1aE\xdf\xa3", "a video"),
)
_CANON_RAW: Final = b"crx "


def raw_kind(data: bytes) -> str | None:
    """Name the kind of a RAW file, such as "Nikon NEF"; None for what is none.

    Thumbnails that such a file holds are no reason to take it for a picture.
    """
    for place, signature, name in _RAW:
        if data[place : place + len(signature)] == signature and (place == 0 or is_tiff(data)):
            return name
    if _CANON_RAW in brands_of(data):
        return "Canon CR3"
    pages = pages_of(data)
    if any(DNG_VERSION in page.tags for page in pages):
        return "DNG"
    for page in pages:
        if page.first(COMPRESSION) in _RAW_COMPRESSIONS:
            return _RAW_COMPRESSIONS[page.first(COMPRESSION)]
    if any(page.is_raw for page in pages):
        return next((name for maker, name in _MAKERS.items() if maker in data[:4096]), "TIFF/EP")
    return None


def is_avif(data: bytes) -> bool:
    """Whether a file claims to be AVIF."""
    return bool(brands_of(data) & _AVIF)


def is_heif(data: bytes) -> bool:
    """Whether a file claims to be HEIF or HEIC, and not AVIF."""
    brands = brands_of(data)
    return bool(brands & _HEIF) and not brands & _AVIF


def is_jpeg_xl(data: bytes) -> bool:
    """Whether a file starts as JPEG XL, bare or in its container."""
    return data.startswith(_JPEG_XL)


def other_kind(data: bytes) -> str | None:
    """Name what is no picture that is read, such as "a PDF document"."""
    for signature, name in _OTHERS:
        if data.startswith(signature):
            return name
    return "a video" if data[4:8] == b"ftyp" else None
