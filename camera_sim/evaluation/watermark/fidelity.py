"""How far a watermark is from being seen: PSNR and JOD against the same photo without it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from camera_sim.evaluation.visibility import FULL_HD, jod_on
from camera_sim.evaluation.watermark.photos import Picture, Shot
from channel.evaluation.table import Table

SCREEN = (1080, 1920)
PLACES = 3  # each way, from which the evenest part is taken


@dataclass(frozen=True)
class Fidelity:
    """Of one photo.

    Attributes
    ----------
    psnr
        In dB, over the whole photo at 8 bits.
    jod
        On FullHD at 100%, of the photo's evenest part: where noise is seen most.
    """

    photo: str
    psnr: float
    jod: float


def measure() -> Callable[[Shot], Fidelity]:
    """Return what measures a photo; see `visibility.jod_on` for what it raises."""
    jod = jod_on(FULL_HD)

    def of_shot(shot: Shot) -> Fidelity:
        part = evenest_part(shot.plain)
        seen = jod(shot.photo[part], shot.plain[part])
        return Fidelity(shot.name, psnr(shot.photo, shot.plain), seen)

    return of_shot


def psnr(picture: Picture, reference: Picture) -> float:
    """Return the peak signal-to-noise ratio of two (H, W, 3) uint8 pictures in dB."""
    difference = picture.astype(np.int16) - reference
    error = float(np.square(difference.astype(np.float32)).mean())
    return float(10 * np.log10(255**2 / error)) if error else float("inf")


def evenest_part(picture: Picture) -> tuple[slice, slice]:
    """Return the screenful of a picture that has the least texture."""
    luma: NDArray[np.float32] = picture.mean(axis=2, dtype=np.float32)
    detail = np.abs(luma[1:, 1:] - luma[:-1, :-1])
    tops, lefts = (
        np.unique(np.linspace(0, max(0, side - screen), PLACES).astype(int))
        for side, screen in zip(luma.shape, SCREEN, strict=True)
    )
    parts = [
        (slice(top, top + SCREEN[0]), slice(left, left + SCREEN[1]))
        for top in tops
        for left in lefts
    ]
    return min(parts, key=lambda part: float(detail[part].mean()))


def fidelity_table(found: Sequence[Fidelity]) -> Table:
    """Show mean and worst."""
    decibels, seen = [one.psnr for one in found], [one.jod for one in found]
    worst = min(found, key=lambda one: one.jod)
    rows = [
        ("PSNR, dB", f"{np.mean(decibels):.1f}", f"{min(decibels):.1f}", ""),
        ("JOD, FullHD at 100%", f"{np.mean(seen):.3f}", f"{min(seen):.3f}", worst.photo),
    ]
    title = f"The watermark against the plain pipeline, {len(found)} photos, their evenest part"
    return Table(("", "mean", "worst", "which"), rows, title)
