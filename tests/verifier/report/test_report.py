import dataclasses
import json
import re
from html import unescape
from html.parser import HTMLParser
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from channel import transmit
from channel.manipulations import GAUSSIAN
from tests.conftest import REPOSITORY
from tests.verifier.conftest import jpeg
from tests.verifier.signing import DEVELOPMENT, Chain, signed
from tests.verifier.toy import native
from verifier import Report, Verifier
from verifier.report.html import inline_policy
from verifier.report.patch_overlay import SCALE, colour, overlay
from verifier.report.record import ChangedRegion, ComparisonFacts, PatchMap, RecoveredFacts
from verifier.report.report import json_schema


@pytest.fixture(scope="module")
def report(verifier: Verifier) -> Report:
    return verifier.analyze(jpeg(GAUSSIAN(native())))


def test_the_published_schema_is_current() -> None:
    published = REPOSITORY / "docs" / "report.schema.v3.json"
    assert published.read_text() == json_schema(), (
        "write it anew: python -c 'from verifier.report.report import json_schema; "
        'print(json_schema(), end="")\' > docs/report.schema.v3.json'
    )


def test_json_there_and_back(report: Report) -> None:
    line = report.to_json()
    assert "\n" not in line
    assert Report.model_validate_json(line) == report.with_preview(None)
    assert json.loads(line)["schema_version"] == 3


def test_unknown_fields_are_refused(report: Report) -> None:
    with pytest.raises(ValueError, match="more"):
        Report.model_validate(report.model_dump() | {"more": 1})


def test_no_field_mixes_facts_and_statistics(report: Report) -> None:
    """The verdict is words; numbers stand with the detector that gave them alone."""
    numbers = {k: v for k, v in report.verdict.model_dump().items() if isinstance(v, (int, float))}
    assert numbers == {}
    assert report.verdict.integrity == report.credential.integrity.words


class Page(HTMLParser):
    def __init__(self, text: str) -> None:
        super().__init__()
        self.links: list[str] = []
        self.tags: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.links += [value or "" for name, value in attrs if name in ("src", "href", "action")]


def test_the_page_asks_for_nothing_outside_itself(report: Report) -> None:
    html = report.to_html()
    page = Page(html)
    assert len(page.links) == 2
    assert all(link.startswith("data:image/") for link in page.links)
    assert not re.search(r"https?://|@import|url\(", html)
    assert "default-src 'none'" in html
    assert page.tags.count("script") == 1  # ours, which the policy names by its hash
    assert "unsafe-inline" not in html
    assert inline_policy() in unescape(html)
    assert len(html) < 3_000_000


def test_the_page_says_what_was_found_how_sure_and_what_it_cannot_know(report: Report) -> None:
    html = unescape(report.to_html())
    for words in (
        '<p class="label">Evidence against</p><h1>From a known camera',
        "It was smoothed.",
        "How sure:",
        "What can't be known",
        "no content credential",
        "Facts: the content credential",
        "Statistics: what the detectors found",
        "looks edited",
        report.input.sha256,
    ):
        assert words in html


def test_names_from_outside_are_escaped(verifier: Verifier, tmp_path: Path, chain: Chain) -> None:
    hostile = "<script>alert(1)</script>"
    path = tmp_path / "<img src=x onerror=alert(1)>.jpg"
    path.write_bytes(signed(jpeg(native()), chain, DEVELOPMENT | {"pipeline": hostile}))
    report = verifier.analyze(path)
    html = report.to_html()
    assert report.credential.development is not None
    assert hostile not in html
    assert "&lt;script&gt;" in html
    assert "<img src=x" not in html


def test_the_terminal_is_not_steered(verifier: Verifier, tmp_path: Path) -> None:
    path = tmp_path / "a\x1b[31mred\x07.jpg"
    path.write_bytes(jpeg(native(64, 64)))
    assert "\x1b" not in verifier.analyze(path).to_text()


def test_a_page_without_a_picture(report: Report) -> None:
    html = Report.model_validate_json(report.to_json()).to_html()
    assert Page(html).links == []
    assert "Evidence against" in html


@pytest.mark.parametrize("orientation", [1, 3, 6, 8])
def test_picture_and_map_are_turned_alike(orientation: int, verifier: Verifier) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    html = verifier.analyze(jpeg(native(256, 512), exif=exif.tobytes())).to_html()
    sizes = [_size(link) for link in Page(html).links]
    assert sizes == [(256, 512) if orientation >= 5 else (512, 256)] * 2


def _size(link: str) -> tuple[int, int]:
    import base64

    with Image.open(BytesIO(base64.b64decode(link.partition(",")[2]))) as image:
        return image.size


def test_the_text_answers_the_editors_questions(chain: Chain, toy_folder: Path) -> None:
    """A picture that our camera developed, sent through WhatsApp: platform, pipeline, edited."""
    with Verifier.from_weights(toy_folder, resend_through=()) as verifier:
        received = verifier.analyze(transmit(GAUSSIAN(native()), "whatsapp"))
        original = verifier.analyze(signed(jpeg(native()), chain))
    assert "Its coding fits WhatsApp" in received.to_text()
    assert "It was smoothed." in received.to_text()
    assert "Camera pipeline: Probably toy." in received.to_text()
    assert "Platform: None can be named: it fits WhatsApp" in received.to_text()
    assert "evidence of nothing" in received.to_text()
    assert "Camera pipeline: rnet-fan, states the signer." in original.to_text()
    assert "camera pipeline “rnet-fan”, pair rnet-fan-1" in " ".join(original.verdict.reasons)
    assert max(map(len, received.to_text().splitlines())) <= 92


def test_the_overlay_lies_where_the_patches_are() -> None:
    patch_map = PatchMap(side=128, places=((0, 0), (256, 128)), values=(0.0, 1.0), words="")
    with Image.fromarray(overlay(patch_map, (512, 256), (256, 128))) as image:
        drawn = np.asarray(image)
    assert drawn.shape == (128, 256, 4)
    assert tuple(drawn[32, 32, :3]) == SCALE[0]
    assert tuple(drawn[96, 160, :3]) == SCALE[-1]
    assert drawn[96, 160, 3] > drawn[32, 32, 3] > 0
    assert drawn[32, 160, 3] == 0


def test_colours_run_from_untouched_to_edited() -> None:
    assert [colour(value) for value in (0.0, 0.5, 1.0)] == [SCALE[0], SCALE[3], SCALE[6]]


def test_previews_are_small(verifier: Verifier) -> None:
    preview = verifier.analyze(native(256, 3000)).preview
    assert preview is not None
    assert dataclasses.astuple(preview)[1:] == (3000, 256)
    assert len(preview.jpeg) < 500_000


def test_parts_that_differ_are_listed_with_how_surely(report: Report) -> None:
    regions = tuple(
        ChangedRegion(left=number, top=2, right=30, bottom=40, confidence=0.98)
        for number in range(20)
    )
    compared = ComparisonFacts(result="changed in parts", regions=regions, words=("So.",))
    recovered = RecoveredFacts(state="found")
    shown = report.model_copy(update={"comparison": compared, "recovered": recovered})
    for text in (" ".join(shown.to_text().split()), shown.to_html()):
        assert "Part 1: 30 by 38 pixels, 0 from the left and 2 from the top; how surely: 98" in text
        assert "And 8 further parts" in text
