"""Tables of edits: who was called what, and copies whose payload was lost are not counted."""

import io

import numpy as np
import pytest
from PIL import Image

from camera_sim.evaluation.watermark.edit_tables import (
    LOST,
    UNJUDGED,
    Judged,
    blurs_table,
    by_edit,
    by_way,
    turned_wrong,
)
from camera_sim.evaluation.watermark.edited import WAYS, Measured, sent, ways_of
from channel import transmit
from channel.errors import UnknownPlatformError
from verifier.watermark.edit_strength import BEYOND, NEAR, UNEDITED


def _judged(kind: str, answer: str, way: tuple[str, ...] = ("whatsapp",)) -> Judged:
    return Judged(Measured("a.jpg", kind, 1.0, way, (1.0,), (1.0,)), answer)


JUDGED = (
    _judged("native", "native"),
    _judged("jpeg", "sharpen"),
    _judged("sharpen", "sharpen"),
    _judged("gaussian", "resample"),
    _judged("gaussian", "native"),
    _judged("resample", ""),
    _judged("native", LOST, ()),
    _judged("native", UNJUDGED),
    _judged("gaussian", "softened"),
    _judged("exported", "softened"),
    _judged("exported", "native"),
)


def test_all_that_can_happen_is_counted() -> None:
    table = by_way(JUDGED, "title")
    assert table.rows[0][0] == "whatsapp"
    wrong, _, missed, found, named, *softened = table.rows[0][1:8]
    assert (wrong, missed, found, named) == ("1 of 5", "1 of 5", "2 of 5", "1 of 5")
    assert softened == ["1 of 5", "1 of 5"]
    assert table.rows[0][8:] == ("1 of 10", "0 of 10", "1 of 10", "0 of 10")
    assert table.rows[1][0] == "the camera's file"
    assert table.rows[1][-1] == "1 of 1"
    assert table.rows[-1][0] == "all"


def test_edits_stand_by_name_and_amount() -> None:
    names = [row[0] for row in by_edit(JUDGED, "title").rows]
    assert names == [
        "native",
        "jpeg 1",
        "sharpen 1",
        "gaussian 1",
        "resample 1",
        "exported 1",
        "all",
    ]


@pytest.mark.parametrize(
    ("kind", "answer", "wrong"),
    [
        ("native", "gaussian", True), ("exported", "resample", True), ("jpeg", "native", False),
        ("exported", "native", False), ("gaussian", "native", True),
        ("gaussian", "resample", False),
        ("native", "softened", True), ("jpeg", "softened", True), ("sharpen", "softened", True),
        ("exported", "softened", False), ("gaussian", "softened", False),
        ("median", "softened", False), ("gamma", "softened", True), ("native", "", False),
        ("sharpen", LOST, False),
    ],
)  # fmt: skip
def test_what_is_wrong(kind: str, answer: str, wrong: bool) -> None:
    assert _judged(kind, answer).is_wrong == wrong


def test_answers_that_turn_wrong_are_counted_by_the_last_platform() -> None:
    chain = "facebook", "telegram"
    before = [
        _judged("native", "native", chain[:1]),
        _judged("sharpen", "sharpen", chain[:1]),
        _judged("gaussian", "native", chain[:1]),
        _judged("resample", LOST, chain[:1]),
    ]
    after = [
        _judged("native", "gaussian", chain),  # turned wrong
        _judged("sharpen", "native", chain),  # turned wrong
        _judged("gaussian", "native", chain),  # was wrong before
        _judged("resample", "", chain),
        _judged("jpeg", "gaussian", chain),  # nobody asked before
    ]
    (row,) = turned_wrong([*before, *after], "title").rows
    assert row[:-1] == ("facebook → telegram", "4", "3", "3", "1", "2")
    assert float(str(row[-1]).rstrip("%")) > 50


def test_platforms_are_read_as_they_are_written() -> None:
    assert ways_of([]) == WAYS
    found = ways_of(["facebook", "facebook+telegram", "file", "paper"])
    assert found == (("facebook",), ("facebook", "telegram"), (), ("paper",))
    assert ways_of(["google+", "facebook", "facebook"]) == (("google+",), ("facebook",))
    with pytest.raises(UnknownPlatformError, match="facebok"):
        ways_of(["telegram+facebok"])


def test_a_file_is_sent_through_one_platform_after_the_other() -> None:
    data = io.BytesIO()
    noise = np.random.default_rng(0).integers(0, 255, (90, 120, 3), dtype=np.uint8)
    Image.fromarray(noise).save(data, "JPEG", quality=95)
    file = data.getvalue()
    assert sent(file, ()) == file
    assert sent(file, ("facebook", "telegram")) == transmit(file, ["facebook", "telegram"])
    with Image.open(io.BytesIO(sent(file, ("paper",)))) as halved:
        assert halved.size == (60, 45)


def test_a_blur_is_compared_with_what_is_stated_of_it() -> None:
    slope = UNEDITED - 0.1974 / (NEAR + BEYOND * 0.1974)  # of a blur of one pixel
    rows = [
        Measured(f"{sigma}.jpg", "gaussian", sigma, (), (slope, 0.01, 1.0, 0.0, 0.0))
        for sigma in (1.0, 3.0)
    ]
    judged = [
        Judged(row, answer) for row, answer in zip(rows, ("softened", "resample"), strict=True)
    ]
    judged += [Judged(rows[0], "native"), _judged("sharpen", "sharpen")]
    table = blurs_table(judged, "title", keyed=True)
    assert table.rows == [("1", 1, "1.00", "1 of 1"), ("3", 1, "1.00", "0 of 1")]
