"""A received picture against its signed reference."""

from dataclasses import replace

import numpy as np
import pytest
from PIL import Image, ImageDraw
from PIL.ImageFilter import UnsharpMask

from tests.verifier.comparing.made import SIZE, Picture, photo, reference, shared
from verifier.comparing.compare import compare
from verifier.comparing.comparison import Comparison
from verifier.watermark.place import TURNS, Place, Turn
from verifier.watermark.reader import WatermarkReading

WHOLE = Turn()


def placed(
    received: Picture, part: tuple[float, float, float, float] = (0, 0, *SIZE), turn: Turn = WHOLE
) -> Place:
    """Say which left, top, right, bottom of the photo a picture shows."""
    left, top, right, bottom = part
    height, width = turn.undo(received).shape[:2]
    factor = min(1, 1024 / max(height, width))
    samples = round(height * factor), round(width * factor)
    steps = (bottom - top) / SIZE[0] / samples[0], (right - left) / SIZE[0] / samples[1]
    return Place(turn, steps, (top / SIZE[0], left / SIZE[0]))


def compared(
    picture: Picture, part: tuple[float, float, float, float] = (0, 0, *SIZE)
) -> Comparison:
    received = shared(picture)
    return compare(received, reference(photo()), SIZE, placed(received, part))


def kinds(found: Comparison) -> set[str]:
    return {change.kind for change in found.changes}


def test_an_untouched_copy_is_the_same() -> None:
    found = compared(photo())
    assert (found.result, found.regions) == ("same", ())
    assert kinds(found) == {"scaled"}
    assert found.map is not None
    assert found.map.max() < 0.5
    assert 0 < found.smallest < 0.01


@pytest.mark.slow
@pytest.mark.parametrize("turn", TURNS)
def test_turned_and_mirrored_copies_are_the_same(turn: Turn) -> None:
    upright = photo()
    if turn.transpose:  # what brings the received picture upright is undone
        coded = upright[:: -1 if turn.rows else 1, :: -1 if turn.columns else 1].swapaxes(0, 1)
    else:
        coded = upright[:: -1 if turn.rows else 1, :: -1 if turn.columns else 1]
    received = shared(coded)
    found = compare(received, reference(upright), SIZE, placed(received, turn=turn))
    assert found.result == "same"
    assert ("mirrored" in kinds(found)) == turn.mirrored
    assert ("turned" in kinds(found)) == bool(turn.degrees)


def test_a_part_put_in_is_outlined_where_it_is() -> None:
    edited = photo().copy()
    edited[300:500, 600:800] = photo(1)[300:500, 600:800]
    found = compared(edited)
    assert found.result == "changed in parts"
    left, top, right, bottom = found.regions[0].box
    for place, expected in zip((left, top, right, bottom), (500, 250, 667, 417), strict=True):
        assert abs(place - expected) < 40
    assert found.regions[0].confidence > 0.9


def test_regions_lie_in_pixels_as_coded() -> None:
    edited = photo().copy()
    edited[300:500, 600:800] = photo(1)[300:500, 600:800]
    received = np.ascontiguousarray(np.rot90(shared(edited), -1))  # clockwise
    turn = next(t for t in TURNS if t.degrees == 90 and not t.mirrored)
    found = compare(received, reference(photo()), SIZE, placed(received, turn=turn))
    left, top, right, bottom = found.regions[0].box
    for place, expected in zip((left, top, right, bottom), (333, 500, 500, 667), strict=True):
        assert abs(place - expected) < 40


def test_the_same_colour_made_another_is_seen() -> None:
    edited = photo().copy()
    edited[300:500, 600:800] = np.clip(edited[300:500, 600:800] * (1.2, 1, 0.8), 0, 255)
    assert compared(edited).result == "changed in parts"


def test_another_picture_is_said_to_be_one() -> None:
    assert compared(photo(1)).result == "another picture"


def test_the_same_scene_from_elsewhere_is_another_picture() -> None:
    moved = np.roll(photo(), (15, 20), axis=(0, 1))
    assert compared(moved).result == "another picture"


@pytest.mark.parametrize(
    ("factor", "kind"), [(0.8, "brightness"), ((0.9, 1, 1.1), "colour"), (0.7, "brightness")]
)
def test_tone_of_the_whole_picture_is_no_local_edit(
    factor: float | tuple[float, ...], kind: str
) -> None:
    found = compared(np.clip(photo() * np.array(factor), 0, 255).astype(np.uint8))
    assert found.result == "same"
    assert kind in kinds(found)


def test_black_and_white_is_named() -> None:
    grey = np.asarray(Image.fromarray(photo()).convert("L").convert("RGB"))
    found = compared(grey)
    assert found.result == "same"
    assert "black and white" in kinds(found)


def test_a_cut_is_named_and_its_map_lies_over_what_was_received() -> None:
    part = (200, 100, 1000, 700)
    found = compared(photo()[100:700, 200:1000], part)
    assert found.result == "same"
    assert kinds(found) == {"scaled", "cropped"}
    share = next(change.amount for change in found.changes if change.kind == "cropped")
    assert share == pytest.approx(800 * 600 / (SIZE[0] * SIZE[1]), abs=0.02)
    assert found.map is not None
    assert found.map.shape[0] * found.cell == pytest.approx(750, abs=found.cell)


def straightened(picture: Picture, slant: float) -> tuple[Picture, Place]:
    """Turn a picture clockwise about its middle, cut what is empty, and say where it lies."""
    turned = Image.fromarray(picture).rotate(-slant, Image.Resampling.BICUBIC)
    part = (100, 75, 1100, 825)
    received = shared(np.asarray(turned.crop(part)))
    return received, replace(placed(received, part), slant=slant)


@pytest.mark.slow
@pytest.mark.parametrize("slant", [-3.0, 1.0, 2.0])
def test_a_straightened_picture_is_the_same_and_named(slant: float) -> None:
    received, place = straightened(photo(), slant)
    found = compare(received, reference(photo()), SIZE, place)
    assert found.result == "same"
    assert {"cropped", "straightened"} <= kinds(found)
    [turned] = [change for change in found.changes if change.kind == "straightened"]
    assert turned.amount == pytest.approx(slant, abs=0.05)


def test_a_part_put_into_a_straightened_picture_is_outlined() -> None:
    edited = photo().copy()
    edited[300:500, 600:800] = photo(1)[300:500, 600:800]
    received, place = straightened(edited, 3.0)
    found = compare(received, reference(photo()), SIZE, place)
    assert found.result == "changed in parts"
    left, top, right, bottom = found.regions[0].box
    for at, expected in zip((left, top, right, bottom), (502, 220, 712, 430), strict=True):
        assert abs(at - expected) < 45


def test_a_frame_is_named_and_not_compared() -> None:
    framed = np.pad(photo(), ((90, 90), (90, 90), (0, 0)), constant_values=255)
    found = compared(framed, (-90, -90, SIZE[0] + 90, SIZE[1] + 90))
    assert found.result == "same"
    assert "frame" in kinds(found)


BORDERS = {"white": (60, 255), "black": (40, 0), "thin": (12, 200)}


@pytest.mark.slow
@pytest.mark.parametrize(("width", "level"), BORDERS.values(), ids=BORDERS)
@pytest.mark.parametrize("slant", [0.0, 2.0])
def test_a_border_over_a_part_of_the_photo_is_a_frame_and_no_edit(
    width: int, level: int, slant: float
) -> None:
    received, place = _bordered(photo(), slant, width, level)
    found = compare(received, reference(photo()), SIZE, place)
    assert (found.result, found.regions) == ("same", ())
    assert "frame" in kinds(found)


def test_within_a_border_what_differs_is_outlined() -> None:
    edited = photo().copy()
    edited[300:500, 600:800] = photo(1)[300:500, 600:800]
    received, place = _bordered(edited, 0.0, 60, 255)
    found = compare(received, reference(photo()), SIZE, place)
    assert found.result == "changed in parts"
    assert len(found.regions) == 1


def test_an_even_edge_of_the_photo_itself_is_no_frame() -> None:
    even = photo().copy()
    even[:90] = 150
    received = shared(np.clip(even * 1.25, 0, 255).astype(np.uint8))
    found = compare(received, reference(even), SIZE, placed(received))
    assert found.result == "same"
    assert "frame" not in kinds(found)


@pytest.mark.parametrize("level", [255, 0], ids=["white", "black"])
@pytest.mark.parametrize("radius", [30, 60, 180])
def test_rounded_corners_are_a_frame_and_no_edit(radius: int, level: int) -> None:
    received = shared(_rounded(photo(), radius, level))
    found = compare(received, reference(photo()), SIZE, placed(received))
    assert (found.result, found.regions) == ("same", ())
    assert kinds(found) == {"scaled", "frame"}
    assert found.words[-1] == "What lies under its frame could not be compared."


def test_corners_rounded_within_a_white_frame_are_no_edit() -> None:
    round_ = _rounded(photo(), 60, 255)
    framed = np.pad(round_, ((90, 90), (90, 90), (0, 0)), constant_values=255)
    found = compared(framed, (-90, -90, SIZE[0] + 90, SIZE[1] + 90))
    assert (found.result, found.regions) == ("same", ())
    assert "frame" in kinds(found)


def test_what_differs_beside_rounded_corners_is_outlined() -> None:
    edited = photo().copy()
    edited[300:500, 600:800] = photo(1)[300:500, 600:800]
    received = shared(_rounded(edited, 60, 255))
    found = compare(received, reference(photo()), SIZE, placed(received))
    assert found.result == "changed in parts"
    assert len(found.regions) == 1


PAINTED = {"one corner": 1, "two corners": 2, "all corners": 4}


@pytest.mark.parametrize("count", PAINTED.values(), ids=PAINTED)
def test_corners_that_were_painted_over_are_outlined(count: int) -> None:
    painted = photo().copy()
    for rows, columns in ((0, 0), (0, -1), (-1, 0), (-1, -1))[:count]:
        y = slice(None, 120) if rows == 0 else slice(-120, None)
        x = slice(None, 160) if columns == 0 else slice(-160, None)
        painted[y, x] = 255
    received = shared(painted)
    found = compare(received, reference(photo()), SIZE, placed(received))
    assert found.result == "changed in parts"
    assert len(found.regions) == count


def test_one_corner_that_is_round_is_an_edit() -> None:
    painted = photo().copy()
    painted[:200, :200] = _rounded(photo(), 180, 255)[:200, :200]
    received = shared(painted)
    found = compare(received, reference(photo()), SIZE, placed(received))
    assert found.result == "changed in parts"
    assert len(found.regions) == 1


def test_even_corners_of_the_photo_itself_hide_no_edit() -> None:
    """A photo on a white ground, of which an object in a corner was painted over."""
    ground = photo().copy()
    for y in (slice(None, 250), slice(-250, None)):
        for x in (slice(None, 300), slice(-300, None)):
            ground[y, x] = 255
    ground[60:160, 60:160] = photo()[60:160, 60:160]
    painted = ground.copy()
    painted[60:160, 60:160] = 255
    received = shared(painted)
    found = compare(received, reference(ground), SIZE, placed(received))
    assert found.result == "changed in parts"
    assert "frame" not in kinds(found)


def _rounded(picture: Picture, radius: int, level: int) -> Picture:
    mask = Image.new("L", SIZE, 0)
    ImageDraw.Draw(mask).rounded_rectangle((0, 0, SIZE[0] - 1, SIZE[1] - 1), radius, fill=255)
    ground = Image.new("RGB", SIZE, (level,) * 3)
    ground.paste(Image.fromarray(picture), mask=mask)
    return np.asarray(ground)


def _bordered(picture: Picture, slant: float, width: int, level: int) -> tuple[Picture, Place]:
    """Turn a picture, cut it, and lay a border around that; say where it lies."""
    turned = Image.fromarray(picture).rotate(-slant, Image.Resampling.BICUBIC)
    left, top, right, bottom = 100, 75, 1100, 825
    cut = np.asarray(turned.crop((left, top, right, bottom)))
    framed = np.pad(cut, ((width, width), (width, width), (0, 0)), constant_values=level)
    part = (left - width, top - width, right + width, bottom + width)
    received = shared(framed)
    return received, replace(placed(received, part), slant=slant)


def test_what_is_too_small_is_not_comparable() -> None:
    received = shared(photo(), side=60)
    found = compare(received, reference(photo()), SIZE, placed(received))
    assert (found.result, found.map) == ("not comparable", None)


def test_a_place_is_needed() -> None:
    with pytest.raises(ValueError, match="place"):
        compare(photo(), photo(), SIZE, WatermarkReading(found=False))


def test_a_picture_stretched_in_one_direction_is_named() -> None:
    wide = np.asarray(Image.fromarray(photo()).resize((1236, 900), Image.Resampling.LANCZOS))
    received = shared(wide)
    assert kinds(compare(received, reference(photo()), SIZE, placed(received))) == {
        "scaled",
        "stretched",
    }


@pytest.mark.slow
def test_a_thin_strip_beside_the_photo_is_named() -> None:
    """A caption's letters have room in less than a hundredth of the height."""
    strip = np.full((8, SIZE[0], 3), 255, np.uint8)
    for picture, part in (
        (np.concatenate([photo(), strip]), (0, 0, 1200, 908)),
        (np.concatenate([strip, photo()]), (0, -8, 1200, 900)),
    ):
        found = compare(picture, reference(photo()), SIZE, placed(picture, part))
        assert found.result == "same"
        assert kinds(found) == {"frame"}


def _sepia(picture: Picture) -> Picture:
    matrix = np.array([[0.393, 0.769, 0.189], [0.349, 0.686, 0.168], [0.272, 0.534, 0.131]])
    return np.clip(np.rint(picture @ matrix.T), 0, 255).astype(np.uint8)


@pytest.mark.slow
def test_a_filter_is_no_local_edit_and_hides_none() -> None:
    assert compared(_sepia(photo())).result == "same"
    edited = photo().copy()
    edited[300:500, 600:800] = photo(1)[300:500, 600:800]
    assert compared(_sepia(edited)).result == "changed in parts"


@pytest.mark.parametrize("along", [0, 1])
def test_a_picture_made_brighter_towards_one_side_is_named(along: int) -> None:
    slope = np.expand_dims(np.linspace(0.9, 1.1, photo().shape[along]), (1 - along, 2))
    found = compared(np.clip(photo() * slope, 0, 255).astype(np.uint8))
    assert found.result == "same"
    assert "filter" in kinds(found)


@pytest.mark.parametrize("shape", [(6, 8), (1, 1), (384, 512), (72, 96)])
@pytest.mark.parametrize("level", [0, 128, 255])
@pytest.mark.filterwarnings("error")
def test_a_reference_that_shows_nothing_vouches_for_nothing(
    shape: tuple[int, int], level: int
) -> None:
    received = shared(photo())
    blank = np.full((*shape, 3), level, np.uint8)
    found = compare(received, blank, SIZE, placed(received))
    assert found.result in ("another picture", "not comparable")
    assert not any("more contrast" in one.words for one in found.changes)


def spoilt(picture: Picture) -> Picture:
    changed = picture.copy()
    changed[200:420, 300:620] = 255 - changed[200:420, 300:620]
    return changed


@pytest.mark.slow
@pytest.mark.parametrize("colours", [16, 64, 256])
def test_a_palette_is_named_and_makes_no_part_surely_another(colours: int) -> None:
    for picture in (photo(), spoilt(photo())):
        few = np.asarray(Image.fromarray(shared(picture)).quantize(colours).convert("RGB"))
        found = compare(few, reference(photo()), SIZE, placed(few))
        assert "few colours" in kinds(found)
        assert all(region.confidence <= 0.9 for region in found.regions)


@pytest.mark.slow
def test_a_grey_picture_has_no_palette() -> None:
    grey = np.repeat(photo().mean(axis=2, keepdims=True).astype(np.uint8), 3, axis=2)
    assert "few colours" not in kinds(compared(grey))
    posterised = shared(grey) & 0xF0
    found = compare(posterised, reference(photo()), SIZE, placed(posterised))
    assert "few colours" in kinds(found)


def test_sharpening_the_whole_makes_no_part_surely_another() -> None:
    sharp = np.asarray(Image.fromarray(spoilt(photo())).filter(UnsharpMask(4, 250, 0)))
    found = compared(sharp)
    assert "sharpened" in kinds(found)
    assert found.regions
    assert all(region.confidence <= 0.9 for region in found.regions)
