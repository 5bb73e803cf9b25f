"""The picture and its patch maps as people see them: upright, and small enough for a page."""

from io import BytesIO

from PIL import Image

from channel.picture_file import SIDEWAYS, turned
from verifier.report.patch_overlay import overlay
from verifier.report.record import ReportRecord


def picture(report: ReportRecord) -> bytes | None:
    """Return a small JPEG file of the picture, upright; None where the report has no preview."""
    return report.preview.jpeg if report.preview else None


def patch_layer(report: ReportRecord, detector: str) -> bytes | None:
    """Draw a detector's patch map as a PNG file to lay over `picture`; None where it has none."""
    results = {result.name: result for result in report.detectors}
    patch_map = results[detector].patch_map if detector in results else None
    preview, orientation = report.preview, report.input.orientation
    if patch_map is None or preview is None:
        return None
    size, shown = (preview.width, preview.height), Image.open(BytesIO(preview.jpeg)).size
    if orientation in SIDEWAYS:  # a map is of the picture as it is coded
        size, shown = size[::-1], shown[::-1]
    file = BytesIO()
    turned(Image.fromarray(overlay(patch_map, size, shown)), orientation).save(file, "PNG")
    return file.getvalue()
