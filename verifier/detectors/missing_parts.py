"""Parts of a picture that lack the watermark of the rest, as a report shows them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from channel.picture_file import SIDEWAYS
from verifier.features.components import components
from verifier.report.record import PatchMap
from verifier.watermark.reader import read_watermark
from verifier.watermark.regions import WatermarkRegions
from watermark.keys import GroupKey

Floats = NDArray[np.float64]

ANSWER_WORDS: Final = "changed in parts"
LEAST: Final = 2
LEAST_TOGETHER: Final = 12.0
"""How many neighbouring windows lack it, and their evidence together, from which that counts."""
_MAP_WORDS: Final = (
    "Each square says whether the photo's watermark is there. Where there is no square, the "
    "picture holds too little of it to know."
)


@dataclass(frozen=True)
class MissingParts:
    """Parts without the watermark.

    Attributes
    ----------
    patch_map
        As coded; places of which nothing is known are left out.
    words
        What was found, in sentences.
    """

    patch_map: PatchMap
    words: tuple[str, ...]


def missing_parts(
    regions: WatermarkRegions, shape: tuple[int, ...], orientation: int
) -> MissingParts | None:
    """Outline what lacks the watermark; None where too little does.

    Parameters
    ----------
    shape
        Height and width of the picture as it is shown, pixels.
    orientation
        Of its file, by EXIF.
    """
    lacking = _missing(regions)
    if not lacking.any():
        return None
    share = np.count_nonzero(lacking) / np.count_nonzero(lacking | regions.having)
    words = (
        f"In a part of the picture, at least {max(0.01, share):.0%} of what can be judged, its "
        "watermark is missing.",
        "Parts of like texture have it. So something was put there, painted over or blurred.",
        "A sticker, a caption or a panel beside the photo looks the same.",
    )
    return MissingParts(_patch_map(regions, lacking, shape, orientation), words)


def photo_put_in(
    picture: NDArray[np.uint8], regions: WatermarkRegions, keys: Sequence[GroupKey], payload: bytes
) -> str | None:
    """Read the watermark of what was put in the place of the missing parts.

    Parameters
    ----------
    picture
        (H, W, 3) uint8, as it is shown.
    keys
        Of the device groups whose watermarks may be read.
    payload
        Of the picture.

    Returns
    -------
    Another photo's payload, 16 hexadecimal digits; None where none is read.
    """
    middles = regions.middles[_missing(regions)] * picture.shape[:2]
    half = regions.side * max(picture.shape[:2]) / 2
    top, left = np.maximum(middles.min(0) - half, 0).astype(int)
    bottom, right = np.ceil(middles.max(0) + half).astype(int)
    found = read_watermark(np.ascontiguousarray(picture[top:bottom, left:right]), keys)
    return found.payload.hex() if found.payload not in (None, payload) else None


def _missing(regions: WatermarkRegions) -> NDArray[np.bool_]:
    """Return which windows surely lack it, together with their neighbours."""
    missing = np.zeros(regions.evidence.shape, np.bool_)
    for rows, columns in components(regions.lacking):
        together = float(regions.evidence[rows, columns].sum())
        missing[rows, columns] = len(rows) >= LEAST and together >= LEAST_TOGETHER
    return missing


def _patch_map(
    regions: WatermarkRegions,
    lacking: NDArray[np.bool_],
    shape: tuple[int, ...],
    orientation: int,
) -> PatchMap:
    """Draw a square around the middle of each part that lacks it, or has it."""
    height, width = shape[:2]
    known = lacking | regions.having
    middles = regions.middles[known]
    down, across = _as_coded(middles[:, 0], middles[:, 1], orientation)
    if orientation in SIDEWAYS:
        height, width = width, height
    side = max(1, round(regions.side * max(height, width)))
    tops = np.clip(np.rint(down * height - side / 2), 0, height - side).astype(int)
    lefts = np.clip(np.rint(across * width - side / 2), 0, width - side).astype(int)
    values = 1 / (1 + np.exp(-regions.evidence[known].astype(float)))
    return PatchMap(
        side=side,
        places=tuple(zip(lefts.tolist(), tops.tolist(), strict=True)),
        values=tuple(values.round(4).tolist()),
        words=_MAP_WORDS,
        low="has the watermark",
        high="lacks it",
    )


def _as_coded(down: Floats, across: Floats, orientation: int) -> tuple[Floats, Floats]:
    """Turn places in a picture as it is shown, shares of its sides, into those as it is coded."""
    if orientation in SIDEWAYS:
        down, across = across, down
    if orientation in (3, 4, 6, 7):
        down = 1 - down
    if orientation in (2, 3, 7, 8):
        across = 1 - across
    return down, across
