"""``camsim evaluate graphics`` and ``foreign``: what a known camera is said to have taken."""

import argparse
from collections.abc import Iterable, Iterator, Sequence
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from channel.terminal import complain, track
from verifier.analysis import Verifier
from verifier.errors import OutputError, PhotoError, WeightsError
from verifier.features.watermark_sync import MeasuredPattern
from verifier.weights import FOLDER, read_manifest

if TYPE_CHECKING:
    from verifier.commands import Commands
    from verifier.evaluation.graphics import Graphic
    from verifier.evaluation.watermark_claims import Claim

_SUFFIXES: Final = {".jpg", ".jpeg", ".png", ".webp", ".tif", ".tiff", ".mpo"}
_LEAST_SIDE: Final = 256  # of the smallest picture that the detector answers for


def add_to(evaluations: "Commands") -> None:
    """Add the commands."""
    _add_graphics(evaluations)
    _add_foreign(evaluations)


def _add_pair(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--model", default="rnet-fan-3", metavar="NAME", help="whose watermark")
    parser.add_argument("--weights", type=Path, default=FOLDER, metavar="FOLDER")


def _add_graphics(evaluations: "Commands") -> None:
    parser = evaluations.add_parser(
        "graphics",
        help="drawings that a known camera is said to have taken",
        description="Draw charts, gradients, half-tones, tiles, pages and the like, and print how "
        "often the camera's watermark is said to lie in them.",
    )
    parser.add_argument("--of-each", type=int, default=7, help="drawings of each kind (7)")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, metavar="FOLDER", help="write the drawings there")
    _add_pair(parser)
    parser.set_defaults(run=run_graphics)


def _add_foreign(evaluations: "Commands") -> None:
    parser = evaluations.add_parser(
        "foreign",
        help="photographs of other cameras that a known camera is said to have taken, by scale",
        description="Look for the camera's watermark in photographs that it did not take.",
    )
    parser.add_argument("photos", type=Path, nargs="+", metavar="FILE", help="or folders of them")
    parser.add_argument(
        "--scale", type=float, nargs="+", default=[1.0],
        help="resize each photograph by these as well (default 1: as it is)",
    )  # fmt: skip
    parser.add_argument(
        "--others", type=int, default=0, metavar="COUNT",
        help="look for so many watermarks of other cameras, drawn, as well: each is one more try",
    )  # fmt: skip
    _add_pair(parser)
    parser.set_defaults(run=run_foreign)


def run_graphics(args: argparse.Namespace) -> int:
    """Print the table; write the drawings where asked."""
    from verifier.evaluation.graphics import KINDS, graphics
    from verifier.evaluation.watermark_claims import claims

    pattern = _pattern(args)

    def drawn() -> Iterator[tuple[str, NDArray[np.uint8]]]:
        total = args.of_each * len(KINDS)
        shown = track(graphics(args.of_each, args.seed), "drawing", total)
        for graphic in shown:
            if args.out:
                _write(args.out, graphic)
            yield graphic.name, np.asarray(Image.open(BytesIO(graphic.content)).convert("RGB"))

    _print(list(claims(drawn(), pattern)))
    return 0


def _write(folder: Path, graphic: "Graphic") -> None:
    suffix = "png" if graphic.content.startswith(b"\x89PNG") else "jpg"
    path = folder / f"{graphic.name.replace(' ', '-')}.{suffix}"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        path.write_bytes(graphic.content)
    except OSError as error:
        raise OutputError(f"{path} can't be written: {error}") from error


def run_foreign(args: argparse.Namespace) -> int:
    """Print the table, and which photographs were not read."""
    from verifier.evaluation.watermark_claims import claims, others_line

    pattern = _pattern(args)
    paths = _files(args.photos)
    with Verifier.facts_only() as verifier:
        shown = track(paths, "searching")
        found = list(claims(_read(verifier, shown), pattern, args.scale, args.others))
    _print(found)
    if args.others:
        print(others_line(found, args.others))
    return 0


def _read(verifier: Verifier, paths: Iterable[Path]) -> Iterator[tuple[str, NDArray[np.uint8]]]:
    for path in paths:
        try:
            pixels = verifier.read(path).pixels
        except PhotoError as error:
            complain(f"left out: {error}")
            continue
        if min(pixels.shape[:2]) >= _LEAST_SIDE:
            yield path.name, pixels


def _files(given: "Sequence[Path]") -> list[Path]:
    found: list[Path] = []
    for path in given:
        inside = sorted(path.rglob("*")) if path.is_dir() else [path]
        found += [one for one in inside if not path.is_dir() or one.suffix.lower() in _SUFFIXES]
    return found


def _pattern(args: argparse.Namespace) -> MeasuredPattern:
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
