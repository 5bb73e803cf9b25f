"""``evaluate graphics``, ``evaluate unknown-camera``: pictures that a camera did not take."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import KW_ONLY, dataclass
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from channel.errors import reason_of
from channel.options import SOME, Count, Whole
from channel.terminal import complain, track
from verifier.analysis import Verifier
from verifier.errors import OutputError, PhotoError, WeightsError
from verifier.features.watermark_sync import MeasuredPattern
from verifier.photo_files import photos_of
from verifier.weights import FOLDER, read_manifest

if TYPE_CHECKING:
    from verifier.evaluation.graphics import Graphic
    from verifier.evaluation.watermark_claims import Claim

_LEAST_SIDE: Final = 256  # of the smallest picture that the detector answers for


@dataclass(frozen=True)
class PairOptions:
    """Options that several commands share.

    Parameters
    ----------
    model
        Whose watermark.
    weights
        Models of your own.
    """

    _: KW_ONLY
    model: str = "rnet-fan-3"
    weights: Path = FOLDER


@dataclass(frozen=True)
class EvaluateGraphics(PairOptions):
    """Drawings that a known camera is said to have taken.

    Draw charts, gradients, half-tones, tiles, pages and the like, and print how often the
    camera's watermark is said to lie in them.

    Parameters
    ----------
    of_each
        Drawings of each kind.
    seed
        Of all that is drawn at random.
    out
        Write the drawings there.
    """

    _: KW_ONLY
    of_each: Count = 7
    seed: Whole = 0
    out: Path | None = None

    def __call__(self) -> int:
        """Print the table; write the drawings where asked."""
        from verifier.evaluation.graphics import KINDS, graphics
        from verifier.evaluation.watermark_claims import claims

        pattern = _pattern(self)

        def drawn() -> Iterator[tuple[str, NDArray[np.uint8]]]:
            total = self.of_each * len(KINDS)
            shown = track(graphics(self.of_each, self.seed), "drawing", total)
            for graphic in shown:
                if self.out:
                    _write(self.out, graphic)
                yield graphic.name, np.asarray(Image.open(BytesIO(graphic.content)).convert("RGB"))

        _print(list(claims(drawn(), pattern)))
        return 0


@dataclass(frozen=True)
class EvaluateUnknownCamera(PairOptions):
    """Photographs of other cameras that a known camera is said to have taken, by scale.

    Look for the camera's watermark in photographs that it did not take.

    Parameters
    ----------
    photos
        Or folders of them.
    scale
        Resize each photograph by these as well.
    others
        Look for so many watermarks of other cameras, drawn, as well: each is one more try.
    """

    photos: tuple[Path, ...]
    _: KW_ONLY
    scale: Annotated[tuple[float, ...], SOME] = (1.0,)
    others: Whole = 0

    def __call__(self) -> int:
        """Print the table, and which photographs were not read."""
        from verifier.evaluation.watermark_claims import claims, others_line

        pattern = _pattern(self)
        paths = photos_of(self.photos)
        with Verifier.facts_only() as verifier:
            shown = track(paths, "searching")
            found = list(claims(_read(verifier, shown), pattern, self.scale, self.others))
        _print(found)
        if self.others:
            print(others_line(found, self.others))
        return 0


def _write(folder: Path, graphic: "Graphic") -> None:
    suffix = "png" if graphic.content.startswith(b"\x89PNG") else "jpg"
    path = folder / f"{graphic.name.replace(' ', '-')}.{suffix}"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        path.write_bytes(graphic.content)
    except OSError as error:
        raise OutputError(f"{path} can't be written: {reason_of(error)}") from error


def _read(verifier: Verifier, paths: Iterable[Path]) -> Iterator[tuple[str, NDArray[np.uint8]]]:
    for path in paths:
        try:
            pixels = verifier.read(path).pixels
        except PhotoError as error:
            complain(f"left out: {error}")
            continue
        if min(pixels.shape[:2]) >= _LEAST_SIDE:
            yield path.name, pixels


def _pattern(args: PairOptions) -> MeasuredPattern:
    from verifier.detectors.model import Model

    pooling = Model(read_manifest(args.weights).find(args.model), args.weights).pooling
    if pooling is None:
        raise WeightsError(f"{args.model} looks for no watermark; name a model of a pair that does")
    return pooling.pattern


def _print(found: "Sequence[Claim]") -> None:
    from verifier.evaluation.watermark_claims import claims_table

    print(claims_table(found))
    for claim in found:
        if claim.claimed:
            print(f"claimed at {claim.scale:.1%}: {claim.name}")
