"""The real JPEG codecs: libjpeg-turbo through Pillow, the others that platforms use by jpeglib."""

import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from channel.errors import UnreadablePictureError
from channel.jpeg_file import with_usual_component_ids
from channel.profile import Encoding, Tables, annex_k
from channel.scan_scripts import Scan

Pixels = NDArray[np.uint8]

_JPEGLIB: Final = {
    "libjpeg-turbo": "turbo210",  # only for scan orders that Pillow can't write
    "libjpeg-9": "9c",  # from 9d on, Huffman tables differ from what Telegram writes
    "mozjpeg": "mozjpeg403",
}
LARGEST_SIDE: Final = 65500  # that the codecs write; JPEG_MAX_DIMENSION of libjpeg's jmorecfg.h
_lock = threading.Lock()  # jpeglib's choice of library is global


def encoded(image: Image.Image, encoding: Encoding, upload_tables: Tables | None) -> bytes:
    """Compress a picture in mode RGB or L as an encoding says.

    ``upload_tables`` are used where the encoding has none of its own. Raises
    `UnreadablePictureError` if there are none.
    """
    if encoding.most_bytes is not None:
        return _within(image, encoding, encoding.most_bytes)
    tables = encoding.tables or upload_tables
    if tables is None:
        raise UnreadablePictureError(
            "this platform uses the upload's own tables; send a JPEG file or its bytes"
        )
    if (encoding.codec == "libjpeg-turbo" and not encoding.scans.scans) or image.mode == "L":
        return _through_pillow(image, encoding, tables)
    return _through_jpeglib(np.array(image), encoding, tables)


def decoded_by_libjpeg_9(data: bytes, size: tuple[int, int]) -> Image.Image:
    """Decode colour JPEG as libjpeg 9 does, whose chroma is scaled by its DCT.

    ``size`` is the picture's width and height. `jpeglib.read_spatial` would find them by decoding
    the whole file once more.
    """
    with _library("libjpeg-9") as jpeglib:
        unknown = dict.fromkeys(("block_dims", "samp_factor", "markers", "huffmans", "spatial"))
        picture = jpeglib.SpatialJPEG(
            path=None,
            content=data,
            width=size[0],
            height=size[1],
            jpeg_color_space=jpeglib.JCS_YCbCr,
            color_space=jpeglib.JCS_RGB,
            progressive_mode=None,
            num_scans=1,
            **unknown,
        )
        return Image.fromarray(picture.load())


def _within(image: Image.Image, encoding: Encoding, most_bytes: int) -> bytes:
    """Search for the highest quality of at least 1 whose file is small enough."""
    low, high, best = 1, 100, b""
    while low <= high:
        quality = (low + high) // 2
        data = _through_pillow(image, encoding, annex_k(quality))
        if len(data) <= most_bytes:
            low, best = quality + 1, data
        else:
            high = quality - 1
    return best or _through_pillow(image, encoding, annex_k(1))


def _through_pillow(image: Image.Image, encoding: Encoding, tables: Tables) -> bytes:
    file = BytesIO()
    image.save(
        file,
        "JPEG",
        qtables=[list(tables.luma), list(tables.chroma)][: 1 if image.mode == "L" else 2],
        subsampling=encoding.subsampling,
        progressive=encoding.scans.progressive,
        optimize=encoding.optimised_huffman,
    )
    return file.getvalue()


def _through_jpeglib(pixels: Pixels, encoding: Encoding, tables: Tables) -> bytes:
    with _library(encoding.codec) as jpeglib, tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "picture.jpg"  # jpeglib writes to files only
        scans = [_scan(jpeglib, scan) for scan in encoding.scans.scans] or None
        image = jpeglib.from_spatial(pixels, scans=scans)
        image.samp_factor = encoding.subsampling
        flags = ["+OPTIMIZE_CODING"] if encoding.optimised_huffman else ["-OPTIMIZE_CODING"]
        if scans is None:
            flags.append("+PROGRESSIVE_MODE" if encoding.scans.progressive else "-PROGRESSIVE_MODE")
        image.write_spatial(str(path), qt=tables.array().astype(np.uint16), flags=flags)
        return with_usual_component_ids(path.read_bytes())


def _scan(jpeglib: Any, scan: Scan) -> Any:
    chroma = [int(component > 0) for component in scan.components]
    return jpeglib.Scan(
        components=np.array(scan.components),
        dc_tbl_no=np.array(chroma),
        ac_tbl_no=np.array(chroma),
        Ss=scan.first,
        Se=scan.last,
        Ah=scan.high_bit,
        Al=scan.low_bit,
    )


@contextmanager
def _library(codec: str) -> Iterator[Any]:
    import jpeglib

    with _lock:
        before = jpeglib.version.get()
        jpeglib.version.set(_JPEGLIB[codec])
        try:
            yield jpeglib
        except OSError as error:
            raise UnreadablePictureError(f"{codec} can't code this picture: {error}") from error
        finally:
            if before is not None:
                jpeglib.version.set(before)
