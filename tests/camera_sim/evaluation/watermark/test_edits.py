"""Tables of edits: who was called what, and copies whose payload was lost are not counted."""

from camera_sim.evaluation.watermark.edit_tables import LOST, Judged, by_edit, by_way
from camera_sim.evaluation.watermark.edited import Measured


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
)


def test_all_that_can_happen_is_counted() -> None:
    table = by_way(JUDGED, "title")
    assert table.rows[0][0] == "whatsapp"
    wrong, _, missed, found, named, unsure, compressed, lost = table.rows[0][1:]
    assert (wrong, missed, found, named) == ("1 of 2", "1 of 4", "2 of 4", "1 of 4")
    assert (unsure, compressed, lost) == ("1 of 6", "0 of 6", "0 of 6")
    assert table.rows[1][0] == "the camera's file"
    assert table.rows[1][-1] == "1 of 1"
    assert table.rows[-1][0] == "all"


def test_edits_stand_by_name_and_amount() -> None:
    names = [row[0] for row in by_edit(JUDGED, "title").rows]
    assert names == ["native", "jpeg 1", "sharpen 1", "gaussian 1", "resample 1", "all"]
