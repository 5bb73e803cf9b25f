"""Photographs with a part made again, sent through platforms: whether the map shows the part."""

import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from io import BytesIO
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image

from channel import transmit
from verifier.analysis import Verifier
from verifier.detectors.detector import PixelDetector
from verifier.detectors.model import BATCH, Model
from verifier.detectors.patch_scores import PatchScores
from verifier.evaluation.generated.log_odds import NAMES, log_odds, place_of_generated
from verifier.evaluation.inpainted.part import (
    Part,
    blended,
    draw_part,
    grid,
    kinds,
    made_in_tiles,
    reduced,
)
from verifier.evaluation.ranking import auc
from verifier.evaluation.scores import NO_PLATFORM
from verifier.features.patches import Patches, Place, batches
from verifier.training.generated.aligned_pairs import Decoder
from verifier.training.picture_sets import Picture

Pixels = NDArray[np.uint8]

SHARES: Final = (0.2, 0.5)
"""Of a photograph's area that are made again."""
QUALITY: Final = 92
"""Of the JPEG that it is saved as."""


@dataclass(frozen=True)
class Trial:
    """A photograph of which a part was made again, through a platform or none.

    Attributes
    ----------
    psnr
        Of the part before it is saved, dB: how little the decoder changed it.
    generated, untouched
        Patches that were scored.
    auc
        Probability that a generated patch scores above an untouched one of the same picture; None
        if the platform left too few.
    before
        The same of the same patches, before any of them was generated: what the subject gives.
    drawn
        As ``auc``, by what a report's map of origin draws: how little a patch looks photographed.
    named, named_before
        Whether the whole picture is called generated, with the part and without.
    """

    set: str
    photo: str
    decoder: str
    share: float
    platform: str
    psnr: float
    generated: int
    untouched: int
    auc: float | None
    before: float | None
    drawn: float | None
    named: bool
    named_before: bool


@dataclass(frozen=True)
class Look:
    """What is said of a picture (H, W, 3): of each patch, and whether the whole is named.

    ``generated`` are log odds of that, (N,), and ``made`` of "rendered or generated".
    """

    shape: tuple[int, ...]
    places: tuple[Place, ...]
    generated: NDArray[np.float64]
    made: NDArray[np.float64]
    named: bool


@dataclass(frozen=True)
class Judge:
    """A model's map over a whole picture, and what a report answers by the same model.

    Attributes
    ----------
    verifier
        Reads files; its own detectors aren't asked.
    detector
        Of the model.
    """

    verifier: Verifier
    detector: PixelDetector[PatchScores]
    model: Model

    @property
    def side(self) -> int:
        """Of a patch, pixels."""
        return self.model.entry.input.side

    def look(self, file: bytes, platform: str) -> Look:
        """Look at a file, or at what a platform makes of it. Raises `PhotoError`."""
        sent = file if platform == NO_PLATFORM else transmit(file, platform)
        reading = self.verifier.read(sent)
        pixels = reading.colours
        places = grid(pixels.shape, self.side)
        patches = Patches(self.side, places, len(places), len(places))
        logits = self.model.logits(batches(pixels, patches, BATCH))
        entry = self.model.entry
        generated = log_odds(logits, place_of_generated(entry.name, entry.labels))
        made = -log_odds(logits, entry.indices("native")[0])
        named = self.detector.analyze(reading).answer in NAMES
        return Look(pixels.shape, places, generated, made, named)


def trials_of(
    picture: Picture,
    decoders: Mapping[str, Decoder],
    platforms: Sequence[str],
    judge: Judge,
    seed: int,
) -> Iterator[Trial]:
    """Try a photograph; none if it is too small for patches of either kind.

    Parameters
    ----------
    platforms
        Of `channel.PLATFORMS`, and "none".
    seed
        Of the parts, and of what a decoder draws; a photograph's don't depend on the others.

    Raises
    ------
    PicturesError
        If it can't be read.
    """
    pixels = reduced(picture.pixels())
    own = [seed, zlib.crc32(picture.name.encode())]
    rng = np.random.default_rng(own)
    drawn = {share: draw_part(rng, share, pixels.shape, judge.side) for share in SHARES}
    parts = {share: part for share, part in drawn.items() if part is not None}
    if len(parts) < len(SHARES):
        return
    before = {platform: judge.look(_saved(pixels), platform) for platform in platforms}
    for name, decode in decoders.items():
        torch.manual_seed(sum(own))
        made = made_in_tiles(decode, pixels)
        for share, part in parts.items():
            file, psnr = _saved(blended(pixels, made, part)), _psnr(pixels, made, part)
            for platform in platforms:
                look = judge.look(file, platform)
                ranked = _ranked(part, judge.side, look, before[platform])
                yield Trial(
                    set=picture.set.rpartition("/")[2],
                    photo=picture.path.name,
                    decoder=name,
                    share=share,
                    platform=platform,
                    psnr=psnr,
                    named=look.named,
                    named_before=before[platform].named,
                    **asdict(ranked),
                )


@dataclass(frozen=True)
class _Ranked:
    """Counts and areas of a `Trial`."""

    generated: int = 0
    untouched: int = 0
    auc: float | None = None
    before: float | None = None
    drawn: float | None = None


def _ranked(part: Part, side: int, look: Look, before: Look) -> _Ranked:
    """Count patches of either kind, and rank them, with the part and without."""
    found = kinds(part.inside(look.places, side, look.shape))
    if found is None or look.shape != before.shape:
        return _Ranked()
    made, untouched = found
    areas = (
        auc(scores[made], scores[untouched])
        for scores in (look.generated, before.generated, look.made)
    )
    return _Ranked(int(made.sum()), int(untouched.sum()), *areas)


def _saved(pixels: Pixels) -> bytes:
    file = BytesIO()
    Image.fromarray(pixels).save(file, "JPEG", quality=QUALITY)
    return file.getvalue()


def _psnr(pixels: Pixels, made: Pixels, part: Part) -> float:
    within = part.weights(pixels.shape) == 1
    error = np.square(pixels[within].astype(np.float64) - made[within]).mean()
    return round(float(10 * np.log10(255**2 / max(error, 1e-9))), 2)
