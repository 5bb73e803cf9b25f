"""What the residual network is trained on: aligned pairs, and pictures without a counterpart."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from verifier.errors import TrainingError
from verifier.training.generated.aligned_pairs import Pair
from verifier.training.generated.compvis_watermark import unmarked
from verifier.training.generated.mixing import drawn_mixture
from verifier.training.generated.native_crops import cut_part, draw_native, native_crop
from verifier.training.generated.sets import GENERATED, NATURAL
from verifier.training.listed_sets import folder_of
from verifier.training.picture_sets import Picture

Pixels = NDArray[np.uint8]
T = TypeVar("T")
# Of single pictures the middle is kept, so that thousands of photographs fit into memory.
_LARGEST = 1024


@dataclass(frozen=True)
class Batch:
    """``pixels`` (N, 96, 96, 3) uint8 sRGB, ``labels`` (N,) 0 natural and 1 generated."""

    pixels: Pixels
    labels: NDArray[np.int64]


@dataclass(frozen=True)
class Scenes:
    """Pairs and single pictures, (H, W, 3) uint8 sRGB, each set drawn as often as any other.

    Attributes
    ----------
    pairs
        By set of their photographs.
    natural, generated
        By set.
    """

    pairs: Sequence[Sequence[Pair]]
    natural: Sequence[Sequence[Pixels]]
    generated: Sequence[Sequence[Pixels]]

    def pair(self, rng: np.random.Generator) -> tuple[Pixels, Pixels] | None:
        """Draw a photograph and a fake of it, and give both one history; None if too small."""
        pair = _drawn(_drawn(self.pairs, rng), rng)
        fake = pair.made[_drawn(sorted(pair.made), rng)]
        history = draw_native(rng, *pair.photograph.shape[:2])
        if history is None:
            return None
        photograph, fake = cut_part(pair.photograph, history), cut_part(fake, history)
        fake = drawn_mixture(photograph, fake, rng)
        return native_crop(photograph, history), native_crop(fake, history)

    def single(self, kind: str, rng: np.random.Generator) -> Pixels | None:
        """Draw a picture of a class, and give it a history; None if it is too small."""
        pixels = _drawn(_drawn(self.natural if kind == NATURAL else self.generated, rng), rng)
        history = draw_native(rng, *pixels.shape[:2])
        return None if history is None else native_crop(cut_part(pixels, history), history)

    def batch(self, size: int, rng: np.random.Generator) -> Batch:
        """Draw a batch: two thirds are of pairs, where there are any, and half are photographs."""
        wanted = size // 3 if self.pairs else 0
        crops = [crop for both in _several(self.pair, wanted, rng) for crop in both]
        left = size // 2 - wanted
        for kind in (NATURAL, GENERATED):
            crops += _several(lambda rng, kind=kind: self.single(kind, rng), left, rng)  # type: ignore[misc]
        labels = [0, 1] * wanted + [0] * left + [1] * left
        return Batch(np.stack(crops), np.array(labels))


def make_scenes(
    pictures: Sequence[Picture], pairs: Sequence[Pair], report: Callable[[], None]
) -> Scenes:
    """Decode pictures, and take the invisible watermark of the CompVis scripts out of all.

    Pairs stay as they are, so that both classes have crops of either kind.

    Parameters
    ----------
    pairs
        Of those pictures' scenes.

    Raises
    ------
    TrainingError
        If there are no generated pictures and no pairs, or no photographs.
    """
    decoded: dict[tuple[str, str], list[Pixels]] = {}
    for picture in pictures:
        pixels = unmarked(_middle(picture.pixels()))
        decoded.setdefault((picture.kind, picture.set), []).append(pixels)
        report()
    singles = [[found for (of, _), found in decoded.items() if of == kind]
               for kind in (NATURAL, GENERATED)]  # fmt: skip
    if not all(singles):
        raise TrainingError("photographs and generated pictures are both needed; give more")
    sets = sorted({pair.set for pair in pairs})
    return Scenes([[p for p in pairs if p.set == one] for one in sets], *singles)


def _middle(pixels: Pixels) -> Pixels:
    top, left = (max(0, side - _LARGEST) // 2 for side in pixels.shape[:2])
    return pixels[top : top + _LARGEST, left : left + _LARGEST]


def pairs_of(pairs: Sequence[Pair], pictures: Sequence[Picture]) -> list[Pair]:
    """Keep the pairs whose photographs are among some pictures."""
    names: Collection[tuple[str, str]] = {
        (folder_of(one.set), Path(one.path).stem) for one in pictures if one.kind == NATURAL
    }
    return [pair for pair in pairs if (pair.set, pair.name) in names]


def _several(
    draw: Callable[[np.random.Generator], T | None], count: int, rng: np.random.Generator
) -> list[T]:
    """Draw until so many are large enough."""
    found: list[T] = []
    for _ in range(100 * count):
        if len(found) == count:
            return found
        drawn = draw(rng)
        if drawn is not None:
            found.append(drawn)
    if len(found) < count:
        raise TrainingError("nearly all pictures are smaller than 112 pixels a side; give larger")
    return found


def _drawn(among: Sequence[T], rng: np.random.Generator) -> T:
    return among[int(rng.integers(len(among)))]
