"""The figures of a page: the picture with its maps, and received and signed picture beside."""

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from verifier.report.preview import Preview
from verifier.report.record import ChangedRegion, PatchMap, ReportRecord
from verifier.report.reference import SignedPicture
from verifier.report.upright import patch_layer, picture

_MOST: Final = 20  # parts that are outlined
_SILENT: Final = ("inconclusive", "none")  # of such a detector a map would be read as an answer


@dataclass(frozen=True)
class MapLayer:
    """A detector's patch map, drawn to lie over the picture: a PNG file as a data URI.

    Attributes
    ----------
    question
        What the detector answers.
    looked_at
        How many parts were looked at.
    share
        Of the picture, 0 to 1.
    """

    question: str
    image: str
    map: PatchMap
    looked_at: int
    share: float


@dataclass(frozen=True)
class Box:
    """An outlined part, in the pixels of the figure that it lies in."""

    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True)
class Outlined:
    """A picture as a data URI, its size in the pixels of its boxes, and the parts outlined in it.

    Attributes
    ----------
    middle
        Through the middle of the first part, in percent of the width: there a slider starts, so
        that both halves of it are seen at once.
    """

    image: str
    width: int
    height: int
    boxes: tuple[Box, ...]
    middle: int = 50


@dataclass(frozen=True)
class Compared:
    """The received picture beside the signed one.

    Attributes
    ----------
    received
        What differs is outlined in it.
    signed
        A data URI.
    laid
        The signed one in the received one's place; None where it isn't known how the two lie.
    whole
        All that was signed, where the received picture was cut.
    """

    received: Outlined
    signed: str
    laid: Outlined | None
    whole: Outlined | None


def map_layers(report: ReportRecord) -> list[MapLayer]:
    """Draw the patch map of each detector that has one and answered."""
    answered = [result for result in report.detectors if result.finding not in _SILENT]
    return [
        _layer(result.question, result.patch_map, drawn, report.preview)
        for result in answered
        if result.patch_map and report.preview and (drawn := patch_layer(report, result.name))
    ]


def _layer(question: str, patch_map: PatchMap, drawn: bytes, preview: Preview) -> MapLayer:
    count = len(patch_map.places)
    share = count * patch_map.side**2 / (preview.width * preview.height)
    return MapLayer(question, _data("image/png", drawn), patch_map, count, min(1.0, share))


def small_picture(report: ReportRecord) -> str:
    """Return the picture, small and upright; "" where the report has none."""
    photo = picture(report)
    return _data("image/jpeg", photo) if photo else ""


def compared_pictures(report: ReportRecord) -> Compared | None:
    """Return the pictures of a comparison; None where one of them isn't at hand."""
    preview, signed = report.preview, report.signed_picture
    if preview is None or signed is None:
        return None
    regions = report.comparison.regions
    received = _outlined(regions, preview.jpeg, preview)
    laid = _outlined(regions, signed.laid, preview) if signed.laid else None
    whole = _whole(report, signed) if laid else None
    return Compared(received, _data("image/jpeg", signed.whole), laid, whole)


def _outlined(regions: Sequence[ChangedRegion], jpeg: bytes, preview: Preview) -> Outlined:
    boxes = tuple(
        Box(one.left, one.top, one.right - one.left, one.bottom - one.top)
        for one in regions[:_MOST]
    )
    middle = round(50 * (regions[0].left + regions[0].right) / preview.width) if regions else 50
    image = _data("image/jpeg", jpeg)
    return Outlined(image, preview.width, preview.height, boxes, min(100, max(0, middle)))


def _whole(report: ReportRecord, signed: SignedPicture) -> Outlined | None:
    """Show what was cut away: the signed picture, whole, and in it the received one outlined."""
    if all(change.kind != "cropped" for change in report.comparison.changes):
        return None
    width, height = report.recovered.photo_width or 1, report.recovered.photo_height or 1
    return Outlined(_data("image/jpeg", signed.whole), width, height, _frame(report))


def _frame(report: ReportRecord) -> tuple[Box, ...]:
    """Outline the received picture in the signed one, where it wasn't turned."""
    mark, recovered, preview = report.watermark, report.recovered, report.preview
    if not (mark.scale and mark.offset and recovered.photo_width and recovered.photo_height):
        return ()
    if preview is None or mark.turned or mark.mirrored or mark.slant:
        return ()
    return (Box(*mark.offset, preview.width / mark.scale, preview.height / mark.scale),)


def _data(mime_type: str, content: bytes) -> str:
    return f"data:{mime_type};base64,{base64.b64encode(content).decode()}"
