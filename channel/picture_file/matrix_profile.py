"""A colour profile of numbers: chromaticities and a curve, as PNG and AVIF state them."""

from struct import pack
from typing import Final

import numpy as np
from numpy.typing import NDArray

Chromaticities = tuple[float, ...]
"""x and y of white, red, green and blue."""

# Of ITU-T H.273 (CICP), table 2, by code point.
D65: Final = (0.3127, 0.3290)
PRIMARIES: Final[dict[int, Chromaticities]] = {
    1: (*D65, 0.640, 0.330, 0.300, 0.600, 0.150, 0.060),  # BT.709, sRGB
    4: (0.310, 0.316, 0.67, 0.33, 0.21, 0.71, 0.14, 0.08),  # BT.470 M
    5: (*D65, 0.64, 0.33, 0.29, 0.60, 0.15, 0.06),  # BT.470 B, G
    6: (*D65, 0.630, 0.340, 0.310, 0.595, 0.155, 0.070),  # BT.601, 525 lines
    7: (*D65, 0.630, 0.340, 0.310, 0.595, 0.155, 0.070),  # SMPTE 240M
    9: (*D65, 0.708, 0.292, 0.170, 0.797, 0.131, 0.046),  # BT.2020
    11: (0.314, 0.351, 0.680, 0.320, 0.265, 0.690, 0.150, 0.060),  # DCI-P3
    12: (*D65, 0.680, 0.320, 0.265, 0.690, 0.150, 0.060),  # Display P3
}
SRGB_PRIMARIES: Final = PRIMARIES[1]
# ICC.1:2022, annex E: Bradford's matrix, and the white of the profile connection space.
_BRADFORD: Final = np.array(
    [[0.8951, 0.2664, -0.1614], [-0.7502, 1.7135, 0.0367], [0.0389, -0.0685, 1.0296]]
)
_D50: Final = np.array([0.9642, 1.0, 0.8249])
# IEC 61966-2-1 as a parametric curve of type 3 (ICC.1:2022, 10.18): g, a, b, c, d.
_SRGB_CURVE: Final = (2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045)


def matrix_profile(chromaticities: Chromaticities, gamma: float | None) -> bytes:
    """Write an ICC profile (version 4) of an RGB space.

    Parameters
    ----------
    gamma
        Exponent from values to light; None: the curve of sRGB.

    Raises
    ------
    ValueError
        If the chromaticities are none of a colour space.
    """
    columns = _to_d50(chromaticities)
    curve = (
        _tag(b"para", pack(">HH", 3, 0) + b"".join(map(_fixed, _SRGB_CURVE)))
        if gamma is None
        else _tag(b"para", pack(">HH", 0, 0) + _fixed(gamma))
    )
    tags = {
        b"desc": _text("stated by code points or chromaticities"),
        b"cprt": _text("none"),
        b"wtpt": _xyz(_D50),
        **{
            name: _xyz(column)
            for name, column in zip((b"rXYZ", b"gXYZ", b"bXYZ"), columns.T, strict=True)
        },
        **dict.fromkeys((b"rTRC", b"gTRC", b"bTRC"), curve),
    }
    return _profile(tags)


def _to_d50(chromaticities: Chromaticities) -> NDArray[np.float64]:
    xy = np.array(chromaticities, np.float64).reshape(4, 2)
    if not np.isfinite(xy).all() or (xy[:, 1] <= 0).any():
        raise ValueError(f"{chromaticities} are no chromaticities")
    xyz = np.column_stack([xy[:, 0] / xy[:, 1], np.ones(4), (1 - xy.sum(1)) / xy[:, 1]])
    white, primaries = xyz[0], xyz[1:].T
    try:
        scaled = primaries * np.linalg.solve(primaries, white)
    except np.linalg.LinAlgError as error:
        raise ValueError(f"{chromaticities} are no chromaticities") from error
    cones = (_BRADFORD @ _D50) / (_BRADFORD @ white)
    result: NDArray[np.float64] = np.linalg.inv(_BRADFORD) @ np.diag(cones) @ _BRADFORD @ scaled
    if not np.isfinite(result).all() or np.abs(result).max() > 10:
        raise ValueError(f"{chromaticities} are no chromaticities")
    return result


def _profile(tags: dict[bytes, bytes]) -> bytes:
    place = 128 + 4 + 12 * len(tags)
    table, content = pack(">I", len(tags)), b""
    for name, tag in tags.items():
        table += name + pack(">II", place + len(content), len(tag))
        content += tag
    size = place + len(content)
    head = pack(">I4xI4s4s4s12x4s", size, 0x04300000, b"mntr", b"RGB ", b"XYZ ", b"acsp")
    head = head.ljust(68, b"\0") + b"".join(map(_fixed, _D50))
    return head.ljust(128, b"\0") + table + content


def _tag(kind: bytes, content: bytes) -> bytes:
    tag = kind + bytes(4) + content
    return tag + bytes(-len(tag) % 4)


def _text(text: str) -> bytes:
    content = text.encode("utf-16-be")
    return _tag(b"mluc", pack(">II2s2sII", 1, 12, b"en", b"US", len(content), 28) + content)


def _xyz(values: NDArray[np.float64]) -> bytes:
    return _tag(b"XYZ ", b"".join(map(_fixed, values)))


def _fixed(value: float) -> bytes:
    """Write an s15Fixed16Number (ICC.1:2022, 4.6)."""
    return pack(">i", round(float(value) * 65536))
