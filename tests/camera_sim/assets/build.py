"""Rebuild the defective files beside this script: ``python build.py``.

Each is named for its one defect, and is as small as LibRaw lets a RAW file be.
"""

import io
import sys
from pathlib import Path

import numpy as np
import tifffile
from PIL import Image

Tag = tuple[int, str, int, object, bool]
HERE = Path(__file__).parent
D65 = 21
CFA, LINEAR_RAW, MIN_IS_BLACK = 32803, 34892, 1
CANON_550D = (6941, -1164, -857, -3825, 11597, 2534, -416, 1540, 6039)
X_TRANS = bytes(map(int, "110112112110201021112110110112021201"))
SIDE = 32


def main(folder: Path = HERE) -> None:
    """Write every asset."""
    rng = np.random.default_rng(0)
    mosaic = rng.integers(512, 16383, (SIDE, SIDE), np.uint16)
    rgb = rng.integers(512, 16383, (SIDE, SIDE, 3), np.uint16)
    (folder / "text-named-as-raw.nef").write_text("This is no photograph.\n" * 40)
    (folder / "jpeg-named-as-raw.cr2").write_bytes(encoded(rgb, "JPEG"))
    (folder / "png-named-as-raw.arw").write_bytes(encoded(rgb, "PNG"))
    write(folder / "cfa-6x6-x-trans.dng", mosaic, CFA, cfa(6, X_TRANS))
    write(folder / "cfa-four-colours.dng", mosaic, CFA, cfa(2, bytes((3, 4, 5, 1))))
    write(folder / "cfa-two-reds.dng", mosaic, CFA, cfa(2, bytes((0, 0, 1, 2))))
    write(folder / "linear-rgb.dng", rgb, LINEAR_RAW)
    write(folder / "monochrome.dng", mosaic, MIN_IS_BLACK)
    retag(folder / "monochrome.dng", "PhotometricInterpretation", LINEAR_RAW)
    bayer = cfa(2, bytes((0, 1, 1, 2)))
    write(folder / "strip-past-the-end.dng", mosaic, CFA, bayer)
    retag(folder / "strip-past-the-end.dng", "StripOffsets", 1_000_000)


def write(
    path: Path,
    array: np.ndarray,
    photometric: int,
    tags: tuple[Tag, ...] = (),
    matrix: tuple[int, ...] = CANON_550D,
) -> None:
    """Write an uncompressed DNG."""
    fractions = tuple(part for value in matrix for part in (value, 10_000))
    described = [
        (271, "s", 0, "camsim", True),
        (272, "s", 0, "defect", True),
        (50706, "B", 4, bytes((1, 4, 0, 0)), True),
        (50707, "B", 4, bytes((1, 1, 0, 0)), True),
        (50708, "s", 0, "defect", True),
        (50721, "2i", 9, fractions, True),
        (50728, "2I", 3, (1, 2, 1, 1, 2, 3), True),
        (50778, "H", 1, D65, True),
    ]
    tifffile.imwrite(
        path, array, photometric=photometric, planarconfig=1 if array.ndim == 3 else None,
        metadata=None, software="camsim", subfiletype=0, extratags=[*described, *tags],
    )  # fmt: skip


def retag(path: Path, name: str, value: int) -> None:
    """Overwrite a tag's value."""
    with tifffile.TiffFile(path, mode="r+") as tiff:
        tiff.pages[0].tags[name].overwrite(value)


def cfa(side: int, pattern: bytes) -> tuple[Tag, ...]:
    """Describe a square colour filter array."""
    return (33421, "H", 2, (side, side), True), (33422, "B", side * side, pattern, True)


def encoded(rgb: np.ndarray, kind: str) -> bytes:
    """Encode as a picture."""
    buffer = io.BytesIO()
    Image.fromarray((rgb >> 8).astype(np.uint8)).save(buffer, kind)
    return buffer.getvalue()


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else HERE)
