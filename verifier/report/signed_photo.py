"""The received picture beside what was signed, as a part of the page: a slider, parts outlined."""

import base64
from collections.abc import Iterable, Sequence
from typing import Final

from channel.printable import as_html
from verifier.report.preview import Preview
from verifier.report.record import ChangedRegion, ReportRecord
from verifier.report.wording import (
    comparison_headline,
    credential_details,
    recovered_headline,
    region_lines,
)

_MOST: Final = 20  # parts that are outlined


def signed_photo(report: ReportRecord) -> str:
    """Write the section of a recovered credential; "" where none was looked for."""
    recovered = report.recovered
    if recovered.state == "not looked for":
        return ""
    answer = f'<p class="answer">{as_html(recovered_headline(recovered))}</p>'
    words = [*recovered.words, *_answers(report), *recovered.others, *recovered.problems]
    return _section("The signed photo", answer + _paragraphs(words))


def _answers(report: ReportRecord) -> list[str]:
    """Say what the recovered credential is worth, beside who signed it."""
    credential = report.recovered.credential
    if credential is None:
        return []
    words = [credential.integrity.words, credential.revocation.words]
    return [*words, *credential_details(credential)]


def compared(report: ReportRecord) -> str:
    """Write the section of a comparison with what was signed; "" where there is none."""
    comparison = report.comparison
    if comparison.result == "not made" and not comparison.words:
        return ""
    answer = f'<p class="answer">{as_html(comparison_headline(comparison))}</p>'
    content = answer + _paragraphs(comparison.words) + _pictures(report)
    parts = "".join(f"<li>{as_html(line)}</li>" for line in region_lines(comparison))
    content += f'<ul class="aside">{parts}</ul>' if parts else ""
    return _section("Does it show what was signed?", content)


def _pictures(report: ReportRecord) -> str:
    preview, signed = report.preview, report.signed_picture
    if preview is None or signed is None:
        return ""
    if signed.laid is None:
        return _side_by_side(preview, signed.whole)
    regions, whole = report.comparison.regions, _whole(report, signed.whole)
    # Through the middle of the first part, so that both of its halves are seen at once.
    ends = round(50 * (regions[0].left + regions[0].right) / preview.width) if regions else 50
    return _swipe(preview, signed.laid, _outlines(regions, preview), min(100, max(0, ends))) + whole


def _whole(report: ReportRecord, picture: bytes) -> str:
    """Show what was cut away, where the picture was: the signed picture, whole."""
    if all(change.kind != "cropped" for change in report.comparison.changes):
        return ""
    return (
        f'<figure><div class="photo"><img src="{_data(picture)}" alt="The whole signed picture">'
        f"{_frame(report)}</div><figcaption>All that was signed. Outlined: what the received "
        "picture shows of it.</figcaption></figure>"
    )


def _frame(report: ReportRecord) -> str:
    """Outline the received picture in the signed one, where it wasn't turned."""
    mark, recovered, preview = report.watermark, report.recovered, report.preview
    if not (mark.scale and mark.offset and recovered.photo_width and recovered.photo_height):
        return ""
    if preview is None or mark.turned or mark.mirrored or mark.slant:
        return ""
    left, top = mark.offset
    sides = (recovered.photo_width, recovered.photo_height)
    shares = (left, top, preview.width / mark.scale, preview.height / mark.scale)
    x, y, across, down = (100 * share / side for share, side in zip(shares, sides * 2, strict=True))
    style = f"left:{x:.2f}%;top:{y:.2f}%;width:{across:.2f}%;height:{down:.2f}%"
    return f'<i class="region frame" style="{style}"></i>'


def _swipe(preview: Preview, laid: bytes, outlines: str, ends: int) -> str:
    """Lay the signed picture over the received one; the slider says where one ends, in percent."""
    return (
        '<figure class="swipe"><div class="photo">'
        f'<img src="{_data(preview.jpeg)}" alt="The received picture">'
        f'<img id="signed" class="map" style="clip-path:inset(0 0 0 {ends}%)" '
        f'src="{_data(laid)}" alt="What was signed, in its place">'
        f'<i id="edge" style="left:{ends}%"></i>{outlines}'
        '<span class="tag left">received</span><span class="tag right">signed</span>'
        '</div><div class="controls"><label for="reveal">Received or signed picture</label>'
        f'<input id="reveal" type="range" min="0" max="100" value="{ends}" oninput="'
        "document.getElementById('signed').style.clipPath='inset(0 0 0 '+this.value+'%)';"
        "document.getElementById('edge').style.left=this.value+'%'\"></div>"
        "<figcaption>Left of the slider: the received picture. Right of it: the reference picture "
        "that was signed with the photo, which is smaller and less sharp. Outlined: what differs."
        "</figcaption></figure>"
    )


def _side_by_side(preview: Preview, whole: bytes) -> str:
    pictures = (("received", preview.jpeg), ("signed", whole))
    shown = "".join(
        f'<div class="photo"><img src="{_data(jpeg)}" alt="The {name} picture">'
        f'<span class="tag left">{name}</span></div>'
        for name, jpeg in pictures
    )
    return (
        f'<figure><div class="pair">{shown}</div><figcaption>The received picture, and the '
        "reference picture that was signed with the photo of its watermark.</figcaption></figure>"
    )


def _outlines(regions: Sequence[ChangedRegion], preview: Preview) -> str:
    """Outline parts, each with its number, over both pictures."""
    return "".join(
        f'<i class="region" style="left:{100 * one.left / preview.width:.2f}%;'
        f"top:{100 * one.top / preview.height:.2f}%;"
        f"width:{100 * (one.right - one.left) / preview.width:.2f}%;"
        f'height:{100 * (one.bottom - one.top) / preview.height:.2f}%"></i>'
        for one in regions[:_MOST]
    )


def _section(title: str, content: str) -> str:
    return f"<section><h2>{title}</h2>{content}</section>"


def _paragraphs(words: Iterable[str]) -> str:
    return "".join(f"<p>{as_html(text)}</p>" for text in words if text)


def _data(jpeg: bytes) -> str:
    return f"data:image/jpeg;base64,{base64.b64encode(jpeg).decode()}"
