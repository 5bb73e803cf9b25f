"""The picture and its patch maps as people see them: upright, and small enough for a page."""

from io import BytesIO
from typing import Final

from PIL import Image

from channel.picture_file import UPRIGHT_TURNS, turned
from verifier.report.patch_overlay import overlay
from verifier.report.record import ReportRecord

_QUALITY: Final = 90  # of the second encoding, where the preview has to be turned


def picture(report: ReportRecord) -> bytes | None:
    """Return a small JPEG file of the picture, upright; None where the report has no preview."""
    if report.preview is None:
        return None
    if report.input.orientation not in UPRIGHT_TURNS:
        return report.preview.jpeg
    return _saved(_upright(Image.open(BytesIO(report.preview.jpeg)), report), "JPEG")


def patch_layer(report: ReportRecord, detector: str) -> bytes | None:
    """Draw a detector's patch map as a PNG file to lay over `picture`; None where it has none."""
    results = {result.name: result for result in report.detectors}
    patch_map = results[detector].patch_map if detector in results else None
    preview = report.preview
    if patch_map is None or preview is None:
        return None
    shown = Image.open(BytesIO(preview.jpeg)).size
    layer = Image.open(BytesIO(overlay(patch_map, (preview.width, preview.height), shown)))
    return _saved(_upright(layer, report), "PNG")


def _upright(image: Image.Image, report: ReportRecord) -> Image.Image:
    return turned(image, report.input.orientation)


def _saved(image: Image.Image, file_format: str) -> bytes:
    file = BytesIO()
    image.save(file, file_format, quality=_QUALITY)
    return file.getvalue()
