"""What a comparison with the signed reference picture found."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Result = Literal["same", "changed in parts", "another picture", "not comparable"]
ChangeKind = Literal[
    "scaled",
    "stretched",
    "cropped",
    "turned",
    "mirrored",
    "straightened",
    "frame",
    "brightness",
    "contrast",
    "tone",
    "colour",
    "black and white",
    "few colours",
    "filter",
    "sharpened",
    "blurred",
]


@dataclass(frozen=True)
class Change:
    """A change of the whole picture, which alters nothing that it shows.

    Attributes
    ----------
    kind
        Which.
    words
        A phrase that goes on from "The picture was …", such as ``scaled to 37%``.
    amount
        How much, in the unit of `words`; None where a number says nothing.
    """

    kind: ChangeKind
    words: str
    amount: float | None = None


@dataclass(frozen=True)
class Region:
    """A part whose content differs from what was signed.

    Attributes
    ----------
    box
        Left, top, right, bottom in received pixels as coded; right and bottom lie outside.
    confidence
        From 0 to 1: how surely the content differs.
    """

    box: tuple[int, int, int, int]
    confidence: float


@dataclass(frozen=True)
class Comparison:
    """What was found.

    Attributes
    ----------
    result
        ``same``: all that could be compared shows what was signed. ``changed in parts``: the
        regions differ. ``another picture``: most of it differs. ``not comparable``: too little of
        the picture is left to say.
    changes
        Of the whole picture, geometry first.
    regions
        Where the content differs, surest first; none unless ``changed in parts``.
    map
        (rows, columns) float32 from 0 to 1 over the received picture as coded: how surely the
        content of a cell differs; 0 on a frame, too. None where nothing could be compared.
    cell
        Side of a cell of the map, in received pixels.
    smallest
        Share of the picture's area from which a change is likely seen; 1 where none is.
    words
        Sentences for a reader, the most important first.
    """

    result: Result
    changes: tuple[Change, ...] = ()
    regions: tuple[Region, ...] = ()
    map: NDArray[np.float32] | None = None
    cell: float = 0.0
    smallest: float = 1.0
    words: tuple[str, ...] = ()
