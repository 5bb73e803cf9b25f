"""Draw what was signed, what was received and what differs, as a verifier found it.

``python draw.py PICTURE OUT REPOSITORY TRUST_ANCHORS``
"""

import sys
import textwrap
from io import BytesIO

from PIL import Image, ImageDraw, ImageFont

from verifier import Report, Verifier
from verifier.report.labels import TITLES
from verifier.report.wording import level_words

WIDTH, GAP, CAPTION = 560, 16, 40  # pixels: of a panel, between panels, over each
MARK = (255, 176, 0)
COLOURS = {"consistent": "#01665e", "evidence against": "#8c2d04", "inconclusive": "#5b5b5b"}


def drawn(report: Report, received: Image.Image) -> Image.Image:
    """Draw a report of a picture whose signed photo was found."""
    assert report.signed_picture is not None
    assert report.signed_picture.laid is not None
    signed = Image.open(BytesIO(report.signed_picture.whole))
    laid = Image.open(BytesIO(report.signed_picture.laid)).resize(received.size)
    outlined = _outlined(report, received)
    panels = [
        (f"Signed: {signed.width} by {signed.height}, from the repository", signed),
        (f"Received: {received.width} by {received.height}, no credential", outlined),
    ]
    if report.comparison.regions:
        zoomed = _zoomed(report, laid, received)
        panels.append(("What differs: signed above, received below", zoomed))
    shown = [(words, _fitted(picture)) for words, picture in panels]
    return _sheet(report, shown)


def _outlined(report: Report, picture: Image.Image) -> Image.Image:
    marked = picture.copy()
    pen = ImageDraw.Draw(marked)
    for one in report.comparison.regions:
        box = (one.left, one.top, one.right, one.bottom)
        pen.rectangle(box, outline=MARK, width=max(3, picture.width // 250))
    return marked


def _zoomed(report: Report, signed: Image.Image, received: Image.Image) -> Image.Image:
    """Enlarge what lies around the surest region, of both pictures."""
    one = report.comparison.regions[0]
    across, down = (one.left + one.right) / 2, (one.top + one.bottom) / 2
    half = max(one.right - one.left, 2 * (one.bottom - one.top)) * 0.8
    box = tuple(map(round, (across - half, down - half / 2, across + half, down + half / 2)))
    height = round(WIDTH * received.height / received.width)
    both = Image.new("RGB", (WIDTH, height), "white")
    for place, picture in ((0, signed), (height // 2 + 2, received)):
        both.paste(picture.crop(box).resize((WIDTH, height // 2 - 2)), (0, place))
    return both


def _fitted(picture: Image.Image) -> Image.Image:
    height = round(WIDTH * picture.height / picture.width)
    return picture.resize((WIDTH, height), Image.Resampling.LANCZOS)


def _sheet(report: Report, panels: list[tuple[str, Image.Image]]) -> Image.Image:
    """Put panels beside each other, under the verdict."""
    verdict = report.verdict
    width = len(panels) * (WIDTH + GAP) + GAP
    lines = textwrap.wrap(f"{verdict.summary} ({level_words(report)}.)", width // 12)
    top = 2 * GAP + 52 + 30 * len(lines)
    height = top + CAPTION + max(picture.height for _, picture in panels) + GAP
    sheet = Image.new("RGB", (width, height), "white")
    pen = ImageDraw.Draw(sheet)
    title, text, small = (ImageFont.load_default(size) for size in (42, 23, 20))
    pen.text((GAP, GAP), TITLES[verdict.label], COLOURS[verdict.label], title)
    for number, line in enumerate(lines):
        pen.text((GAP, GAP + 56 + 30 * number), line, "black", text)
    for number, (words, picture) in enumerate(panels):
        left = GAP + number * (WIDTH + GAP)
        pen.text((left, top + 8), words, "#444444", small)
        sheet.paste(picture, (left, top + CAPTION))
    return sheet


def main(picture: str, out: str, repository: str, anchors: str) -> None:
    """Verify a picture as ``camsim verify --repository`` does, and draw what came out."""
    with Verifier.default(repositories=[repository], trust_anchors=anchors) as verifier:
        report = verifier.analyze(picture)
    print(report.verdict.label, "-", report.verdict.summary)
    with Image.open(picture) as image:
        drawn(report, image.convert("RGB")).save(out, quality=85)


if __name__ == "__main__":
    main(*sys.argv[1:])
