"""Whether a model lays a watermark as the fp32 one does: looks, strength, and what is recovered.

A watermark is far under what PSNR asks of a model. So both lay the same one, and how much of it is
in each picture is measured by correlation; rounding to 8 bits is not correlated with it.
"""

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from watermark.embedding import Watermark
from watermark.keys import GroupKey, PhotoKey
from watermark.plane import Plane

Pixels = NDArray[np.uint8]
Reader = Callable[[Pixels, GroupKey], tuple[bytes | None, float]]
"""Recovers the payload of a downloaded (H, W, 3) picture, or None, and with which score: how far it
stands out of noise, in deviations; 0 where none is recovered. The verifier's reader does."""
# Of no device: pictures of the gate are thrown away.
GATE_KEY = GroupKey(hashlib.sha256(b"camsim parity gate, group").digest())
GATE_WATERMARK = Watermark(
    bytes(range(8)), GATE_KEY, PhotoKey(hashlib.sha256(b"camsim parity gate, photo").digest())
)


@dataclass(frozen=True)
class Laid:
    """One capture by both models, with a watermark and without.

    Attributes
    ----------
    plain, watermarked
        (H, W, 3) uint8 sRGB of the fp32 model and of the other.
    plane
        What they were given.
    """

    plain: tuple[Pixels, Pixels]
    watermarked: tuple[Pixels, Pixels]
    plane: Plane

    def strengths(self) -> tuple[float, float]:
        """Return how strong the watermark is in either picture, in 8-bit levels."""
        height, width = self.plain[0].shape[:2]
        noise = self.plane.window((height, width), slice(0, height), slice(0, width))
        power = float(np.square(noise).sum())
        with_it, without = (
            [picture.mean(axis=2, dtype=np.float32) for picture in pictures]
            for pictures in (self.watermarked, self.plain)
        )
        first, second = (
            float(((one - other) * noise).sum()) / power
            for one, other in zip(with_it, without, strict=True)
        )
        return first, second


def strength_ratio(found: Sequence[Laid]) -> float:
    """Return how strong the watermark of the other model is over that of the fp32 one."""
    fp32, other = np.array([one.strengths() for one in found]).sum(axis=0)
    return float(other / fp32)


@dataclass(frozen=True)
class Recovery:
    """What is recovered of one model's pictures after the channel.

    Attributes
    ----------
    share
        Of downloads whose payload is recovered.
    score
        Mean over downloads; those without a payload count 0.
    """

    share: float
    score: float


def recovered(
    found: Sequence[Laid],
    reader: Reader,
    downloaded_from: Callable[[Pixels, str], Pixels],
    platforms: Sequence[str],
) -> tuple[Recovery, Recovery]:
    """Read every downloaded picture of the fp32 model and of the other."""
    scores = np.array(
        [
            [_score(reader(picture, GATE_KEY)) for picture in pictures]
            for pictures in _downloads(found, downloaded_from, platforms)
        ]
    )
    fp32, other = (
        Recovery(round(float((of_model > 0).mean()), 5), round(float(of_model.mean()), 3))
        for of_model in scores.T
    )
    return fp32, other


def _score(read: tuple[bytes | None, float]) -> float:
    payload, score = read
    return score if payload == GATE_WATERMARK.payload else 0.0


def _downloads(
    found: Sequence[Laid],
    downloaded_from: Callable[[Pixels, str], Pixels],
    platforms: Sequence[str],
) -> Iterator[list[Pixels]]:
    for one in found:
        for platform in platforms:
            yield [downloaded_from(picture, platform) for picture in one.watermarked]
