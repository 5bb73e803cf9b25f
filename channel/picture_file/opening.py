"""Opening a picture by its content."""

from io import BytesIO

from PIL import Image, UnidentifiedImageError

from channel.errors import UnreadablePictureError, UnsupportedPictureError
from channel.extras import to_install
from channel.picture_file import kinds, tiff
from channel.picture_file.damage import FORMATS, damage_told
from channel.picture_file.depth import profile_of_deep_tiff
from channel.picture_file.header import header_of, header_of_page
from channel.picture_file.picture import PictureFile

_GREY = (0, 1)  # PhotometricInterpretation: white or black is zero


def open_picture(data: bytes, *, at_least: tuple[int, int] | None = None) -> PictureFile:
    """Open a file by its content; nothing is decoded yet.

    Parameters
    ----------
    at_least
        Width and height down to which a JPEG file is decoded smaller, to ½, ¼ or ⅛.

    Raises
    ------
    UnsupportedPictureError
        If it is a RAW file, or of a kind that needs a package or isn't read.
    UnreadablePictureError
        If it is no picture, or its header is damaged.
    PictureTooLargeError
        If Pillow takes its size for a decompression bomb.
    """
    raw = kinds.raw_kind(data)
    if raw is not None:
        raise UnsupportedPictureError(
            f"this is a RAW file ({raw}), not a picture; develop it first: camsim develop FILE"
        )
    with damage_told():
        Image.init()  # else Pillow knows only the commonest formats
        if tiff.is_tiff(data):
            return _open_tiff(data)
        _prepare(data)
        image = _opened(data)
        if at_least is not None:
            image.draft(None, at_least)
        width, height = image.size
        header = header_of(data, image)
        kind, mode, icc = str(image.format), image.mode, _profile(image)
        return PictureFile(data, image, kind, width, height, mode, header, icc)


def _open_tiff(data: bytes) -> PictureFile:
    pages = tiff.pages_of(data)
    if not pages:
        raise UnreadablePictureError("the TIFF file has no directory; get it again")
    page = tiff.the_picture(pages)
    header, alone = header_of_page(pages, page), tiff.with_first(data, page)
    image: Image.Image | None = None
    is_deep, is_planar = (header.bits or 8) > 8, page.first(tiff.PLANAR, 1) == 2
    # Pillow takes planes of 16 bits for planes of 8, and signed values of 8 bits for unsigned.
    if not (is_planar if is_deep else header.signed):
        try:
            image = _opened(alone)
        except UnidentifiedImageError:  # a depth that it doesn't know
            image = None
    width, height = page.first(tiff.WIDTH), page.first(tiff.HEIGHT)
    if image is None:
        is_grey = page.first(tiff.PHOTOMETRIC, 1) in _GREY
        mode, icc = "F" if is_grey else "RGB", profile_of_deep_tiff(alone)
    else:
        mode, icc = image.mode, _profile(image)
    return PictureFile(alone, image, "TIFF", width, height, mode, header, icc)


def _profile(image: Image.Image) -> bytes | None:
    icc = image.info.get("icc_profile")
    return icc if isinstance(icc, bytes) and icc else None


def _opened(data: bytes) -> Image.Image:
    try:
        known = [name for name in FORMATS if name in Image.OPEN]
        return Image.open(BytesIO(data), formats=known)
    except UnidentifiedImageError:
        kind = kinds.other_kind(data)
        if kind is None:
            raise
        raise UnsupportedPictureError(
            f"this is {kind}, not a picture that is read; save it as JPEG or PNG"
        ) from None


def _prepare(data: bytes) -> None:
    """Have the reader of a format that Pillow lacks registered, or name it."""
    if kinds.is_heif(data):
        try:
            from pillow_heif import register_heif_opener
        except ImportError as error:
            raise _missing("HEIC and HEIF", "pillow-heif") from error
        register_heif_opener()
    elif kinds.is_jpeg_xl(data):
        try:
            import pillow_jxl  # noqa: F401
        except ImportError as error:
            raise _missing("JPEG XL", "pillow-jxl-plugin") from error
    elif kinds.is_avif(data) and "AVIF" not in Image.OPEN:
        raise UnsupportedPictureError(
            "AVIF pictures need a newer Pillow: pip install 'pillow>=11.3'"
        )


def _missing(what: str, package: str) -> UnsupportedPictureError:
    return UnsupportedPictureError(
        f"{what} pictures need {package}: {to_install('formats')}, or save it as JPEG or PNG"
    )
