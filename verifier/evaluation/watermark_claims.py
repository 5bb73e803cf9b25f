"""How often a camera's watermark is claimed in pictures that it did not develop, by scale.

A claim of ours needs `WatermarkProof.holds`, so how often that holds bounds from above how often
any headline or verdict names the camera. Every picture is searched at every scale, so each counts
for every row.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from io import BytesIO
from itertools import pairwise
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from channel.evaluation.table import Table
from verifier.errors import PhotoError
from verifier.evaluation.other_watermarks import claimed_by_others
from verifier.features.watermark_proof import prove_watermark
from verifier.features.watermark_sync import (
    LARGEST_SCALE,
    SMALLEST_SCALE,
    MeasuredPattern,
    find_watermark,
)
from verifier.features.watermark_sync import synchronised as brought_back
from verifier.judging.calibration import upper_bound

Pixels = NDArray[np.uint8]

_EDGES: Final = (SMALLEST_SCALE, 0.4, 0.49, 0.51, 0.7, 0.99, 1.01, LARGEST_SCALE)
SAVED_AT: Final = 85
"""JPEG quality of what is resized for a further look."""


@dataclass(frozen=True)
class Claim:
    """What was found in a picture.

    Attributes
    ----------
    name
        Of the picture.
    scale
        At which the watermark would lie.
    lined
        Whether there are lines as high as a watermark's, or periods that match it: all that was
        asked before `WatermarkProof`.
    claimed
        Whether the watermark is said to be the camera's.
    others
        How many drawn watermarks of others are said to be there.
    """

    name: str
    scale: float
    lined: bool
    claimed: bool
    others: int = 0


def claim_of(name: str, pixels: Pixels, pattern: MeasuredPattern, others: int = 0) -> Claim:
    """Look for a watermark in a picture, (H, W, 3), uint8, sRGB, and for ``others`` drawn ones."""
    sync = find_watermark(pixels, pattern)
    height, width = pixels.shape[:2]
    back = brought_back(pixels, sync, pattern.period)
    proof = prove_watermark(back, pattern, sync, (height, width))
    by_others = claimed_by_others(back, pattern, sync, (height, width), others)
    return Claim(name, sync.scale[0], sync.found, proof.holds, by_others)


def resized(pixels: Pixels, scales: Sequence[float]) -> Iterator[tuple[str, Pixels]]:
    """Give a picture at each scale, (H, W, 3); smaller ones as JPEG of `SAVED_AT` gives them."""
    for scale in scales:
        if scale == 1.0:
            yield "", pixels
            continue
        height, width = pixels.shape[:2]
        size = max(1, round(width * scale)), max(1, round(height * scale))
        file = BytesIO()
        image = Image.fromarray(pixels).resize(size, Image.Resampling.LANCZOS)
        image.save(file, "JPEG", quality=SAVED_AT)
        yield f" at {scale:g}", np.asarray(Image.open(file))


def claims(
    pictures: Iterable[tuple[str, Pixels]],
    pattern: MeasuredPattern,
    scales: Sequence[float] = (1.0,),
    others: int = 0,
) -> Iterator[Claim]:
    """Look for a watermark in pictures, at each scale to which they are resized."""
    for name, pixels in pictures:
        for suffix, picture in resized(pixels, scales):
            yield claim_of(name + suffix, picture, pattern, others)


def claims_table(found: Sequence[Claim]) -> str:
    """Return a Markdown table, a row a range of scales; raises `PhotoError` without pictures."""
    if not found:
        raise PhotoError("there is no picture to measure; name photographs or folders of them")
    columns = (
        "watermark's scale",
        "pictures searched",
        "lines there",
        "claimed",
        "at most, 95% sure",
    )
    rows = []
    for low, high in pairwise(_EDGES):
        there = [one for one in found if low <= one.scale < high]
        rows.append(_row(f"{low:g} to {high:g}", len(found), there))
    return str(Table(columns, [*rows, _row("all", len(found), found)]))


def others_line(found: Sequence[Claim], others: int) -> str:
    """Say how often other cameras' watermarks were said to lie in the pictures."""
    tries, claimed = others * len(found), sum(one.others for one in found)
    return (
        f"{others} watermarks drawn as of other cameras for each picture: "
        f"{claimed} of {tries} claimed, "
        f"{claimed / max(1, tries):.3%}; in {sum(one.others > 0 for one in found)} pictures any.\n"
    )


def _row(name: str, pictures: int, there: Sequence[Claim]) -> tuple[object, ...]:
    lined, claimed = sum(one.lined for one in there), sum(one.claimed for one in there)
    return name, pictures, lined, claimed, f"{upper_bound(claimed, pictures):.2%}"
