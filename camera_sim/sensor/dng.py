"""Simulated captures as DNG files (Adobe DNG specification 1.7.1), for any RAW developer."""

from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import tifffile

from camera_sim.developing.output import whole_file
from camera_sim.developing.tiff_exif import (
    TiffTag,
    append_directories,
    described_tags,
    directory_tags,
)
from camera_sim.device import capture_token
from camera_sim.errors import RawUnsupportedError
from camera_sim.raw.dng_tags import D65, NOISE_PROFILE_TAG
from camera_sim.raw.exif_block import ExifBlock
from camera_sim.raw.raw_image import RawImage

# Tag numbers and types: TIFF/EP (ISO 12234-2) for the array, DNG 1.7.1 for the rest.
CFA_PHOTOMETRIC = 32803
CFA_REPEAT_PATTERN_DIM, CFA_PATTERN = 33421, 33422
DNG_VERSION, DNG_BACKWARD_VERSION, UNIQUE_CAMERA_MODEL = 50706, 50707, 50708
BLACK_LEVEL_REPEAT_DIM, BLACK_LEVEL, WHITE_LEVEL = 50713, 50714, 50717
COLOR_MATRIX_1, AS_SHOT_NEUTRAL, CALIBRATION_ILLUMINANT_1 = 50721, 50728, 50778
MAKE, MODEL, ORIENTATION = 271, 272, 274


def write_dng(
    path: Path,
    image: RawImage,
    *,
    force: bool = False,
    attest: capture_token.Attest | None = None,
) -> None:
    """Write a capture as an uncompressed DNG.

    Parameters
    ----------
    path
        Where to.
    image
        A capture with a known colour matrix.
    force
        Whether an existing file may be replaced.
    attest
        A sensor that signs the frame; None writes no capture token.

    Raises
    ------
    RawUnsupportedError
        If the capture has no colour matrix: a DNG cannot be without one.
    OutputError
        If the file exists or cannot be written.
    """
    if image.xyz_to_camera is None:
        raise RawUnsupportedError("a DNG needs the camera's colour matrix, and it is not known")
    details = ExifBlock.parsed(image.info.exif)
    token = [capture_token.empty_tag()] if attest else []
    with whole_file(path, force=force) as temporary:
        tifffile.imwrite(
            temporary,
            image.samples,
            byteorder=details.order,
            photometric=CFA_PHOTOMETRIC,
            compression=None,
            software="camsim",
            metadata=None,
            subfiletype=0,
            extratags=[*_tags(image), *_described(details), *directory_tags(details), *token],
        )
        with temporary.open("r+b") as file:
            append_directories(file, details)
        if attest:
            capture_token.embed(temporary, attest)


def _tags(image: RawImage) -> list[TiffTag]:
    assert image.xyz_to_camera is not None  # checked by write_dng
    red, green, blue = image.white_balance
    black = [0.0] * 4
    for (row, column), level in zip(image.pattern.sites, image.black, strict=True):
        black[2 * row + column] = level
    info = image.info
    tags = [
        _ascii(MAKE, info.make or "camsim"),
        _ascii(MODEL, info.model or "simulated sensor"),
        (ORIENTATION, "H", 1, image.orientation, True),
        (CFA_REPEAT_PATTERN_DIM, "H", 2, (2, 2), True),
        (CFA_PATTERN, "B", 4, bytes(image.pattern.colour_indices().ravel().tolist()), True),
        (DNG_VERSION, "B", 4, bytes((1, 4, 0, 0)), True),
        (DNG_BACKWARD_VERSION, "B", 4, bytes((1, 1, 0, 0)), True),
        _ascii(UNIQUE_CAMERA_MODEL, f"{info.camera}, simulated by camsim"),
        (BLACK_LEVEL_REPEAT_DIM, "H", 2, (2, 2), True),
        _rationals(BLACK_LEVEL, "2I", black),
        (WHITE_LEVEL, "I", 1, int(image.white), True),
        _rationals(COLOR_MATRIX_1, "2i", image.xyz_to_camera.ravel().tolist()),
        _rationals(AS_SHOT_NEUTRAL, "2I", [1 / red, 1 / green, 1 / blue]),
        (CALIBRATION_ILLUMINANT_1, "H", 1, D65, True),
    ]
    if image.noise is not None:
        pair = (image.noise.shot, image.noise.read)
        tags.append((NOISE_PROFILE_TAG, "d", 6, pair * 3, True))
    return tags


def _described(exif: ExifBlock) -> list[TiffTag]:
    """Return artist, copyright and the like; make and model are those of the capture."""
    return [tag for tag in described_tags(exif) if tag[0] not in (MAKE, MODEL)]


def _ascii(tag: int, text: str) -> TiffTag:
    return tag, "s", 0, text.encode("utf-8", "replace"), True


def _rationals(tag: int, kind: str, values: Sequence[float]) -> TiffTag:
    fractions = [Fraction(value).limit_denominator(1_000_000) for value in values]
    flat = tuple(part for value in fractions for part in (value.numerator, value.denominator))
    return tag, kind, len(values), flat, True
