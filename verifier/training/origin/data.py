"""Patches for training the detector of origin: every class with the same history."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from verifier.errors import TrainingError
from verifier.features.edge_patches import edge_patches
from verifier.features.patches import Place
from verifier.training.origin.cnn import SIDE
from verifier.training.origin.equalise import Ranges, draw_history, equalised_pixels
from verifier.training.picture_sets import Picture

Pixels = NDArray[np.uint8]

PATCHES: Final = 200  # M of Huang et al.
# Sixfold: as it is, three rotations by right angles, two flips.
TURNS: Final[tuple[Callable[[Pixels], Pixels], ...]] = (
    lambda patch: patch,
    lambda patch: np.rot90(patch, 1),
    lambda patch: np.rot90(patch, 2),
    lambda patch: np.rot90(patch, 3),
    lambda patch: patch[:, ::-1],
    lambda patch: patch[::-1],
)
# Contrast and brightness of half the patches, so that the tone of a set shows little of its class.
_GAINS: Final = (0.75, 1.3)
_LIFTS: Final = (-20.0, 20.0)


@dataclass(frozen=True)
class Source:
    """A picture in memory: (H, W, 3) uint8, and the places of patches that its edges drew.

    ``name`` is that of `Picture`: class, set and file.
    """

    kind: int
    set: str
    pixels: Pixels
    places: tuple[Place, ...]
    name: str = ""


class Patchwork:
    """Draws patches: a class evenly, a set of it, a picture, one of its places, a history.

    Parameters
    ----------
    sources
        Pictures of every class. A set counts by the square root of how many pictures it has.
    classes
        How many there are.
    ranges
        Of histories.
    """

    def __init__(self, sources: Sequence[Source], classes: int, ranges: Ranges) -> None:
        self._ranges = ranges
        self._by_kind: list[list[list[Source]]] = []
        for kind in range(classes):
            sets = defaultdict(list)
            for source in sources:
                if source.kind == kind:
                    sets[source.set].append(source)
            if not sets:
                raise TrainingError(f"class {kind} has no picture of {SIDE} pixels with edges")
            self._by_kind.append(list(sets.values()))

    def draw(self, rng: np.random.Generator, side: int) -> tuple[Pixels, int]:
        """Draw one patch: (side, side, 3) uint8, and its class."""
        kind = int(rng.integers(len(self._by_kind)))
        sets = self._by_kind[kind]
        weights = np.sqrt([len(members) for members in sets])
        members = sets[int(rng.choice(len(sets), p=weights / weights.sum()))]
        source = members[int(rng.integers(len(members)))]
        return draw_patch(source, rng, side, self._ranges), kind

    def batch(
        self, rng: np.random.Generator, count: int, side: int
    ) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
        """Draw (count, side, side, 3) uint8 patches and (count,) classes."""
        drawn = [self.draw(rng, side) for _ in range(count)]
        return np.stack([patch for patch, _ in drawn]), np.array([kind for _, kind in drawn])


def draw_patch(source: Source, rng: np.random.Generator, side: int, ranges: Ranges) -> Pixels:
    """Draw one of a picture's places, a history, a turn and a tone: (side, side, 3) uint8."""
    left, top = source.places[int(rng.integers(len(source.places)))]
    centre = left + SIDE / 2, top + SIDE / 2
    if side < SIDE:  # from anywhere in the place
        reach = (SIDE - side) / 2
        centre = centre[0] + rng.uniform(-reach, reach), centre[1] + rng.uniform(-reach, reach)
    height, width = source.pixels.shape[:2]
    history = draw_history(rng, height, width, side, ranges, centre)
    assert history is not None  # `load` leaves out what is smaller than a patch
    patch = equalised_pixels(source.pixels, history, side)
    return toned(TURNS[int(rng.integers(len(TURNS)))](patch), rng)


def toned(patch: Pixels, rng: np.random.Generator) -> Pixels:
    """Stretch and lift half of the patches."""
    if rng.random() < 0.5:
        return patch
    gain, lift = rng.uniform(*_GAINS), rng.uniform(*_LIFTS)
    table = np.clip((np.arange(256) - 128) * gain + 128 + lift, 0, 255).round().astype(np.uint8)
    return np.asarray(table[patch])


def load(
    pictures: Sequence[Picture],
    kinds: Sequence[str],
    patches: int,
    report: Callable[[int, int], None] = lambda *_: None,
) -> list[Source]:
    """Decode pictures once and draw the places of their patches.

    Parameters
    ----------
    pictures
        Those smaller than a patch, or without edges, are left out.
    kinds
        Classes, in order.
    patches
        Of each picture, drawn from 20 times as many (M).
    report
        Receives how many are done, and of how many.
    """
    found = []
    for done, picture in enumerate(pictures, start=1):
        pixels = picture.pixels()
        chosen = edge_patches(pixels, SIDE, patches)
        if chosen.places:
            kind = kinds.index(picture.kind)
            found.append(Source(kind, picture.set, pixels, chosen.places, picture.name))
        report(done, len(pictures))
    return found
