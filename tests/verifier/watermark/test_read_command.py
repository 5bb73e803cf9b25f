"""``camsim watermark read``: one line a picture, whatever the pictures and keys are."""

import json
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from tests.verifier.conftest import Camsim
from tests.verifier.watermark.made import GROUP, PAYLOAD, photo, scene
from watermark.key_files import write_key_file
from watermark.keys import GroupKey

pytestmark = pytest.mark.slow

FIELDS = {
    "file", "found", "payload", "key", "scale", "offset", "turned", "mirrored", "false_hit_rate",
    "seconds",
}  # fmt: skip
SIZE = (640, 800)


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("pictures")
    marked = Image.fromarray(photo(SIZE, levels=2.5))
    marked.save(folder / "whole.png")
    marked.transpose(Image.Transpose.ROTATE_270).save(folder / "turned.png")
    plain = Image.fromarray(scene(SIZE).clip(0, 255).astype("uint8"))
    plain.save(folder / "without.png")
    (folder / "bad.jpg").write_bytes(b"no picture")
    (folder / "notes.txt").write_text("no picture, and not named as one")
    return folder


@pytest.fixture
def keys(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("CAMSIM_WATERMARK_KEYS", str(tmp_path / "keys"))
    return tmp_path / "keys"


@pytest.fixture
def key(tmp_path: Path, keys: Path) -> Path:
    write_key_file(tmp_path / "given.json", GROUP)
    return tmp_path / "given.json"


def records(out: str) -> dict[str, Any]:
    lines = [json.loads(line) for line in out.splitlines()]
    return {Path(line["file"]).name: line for line in lines}


def test_a_json_line_a_picture(camsim: Camsim, pictures: Path, key: Path) -> None:
    ran = camsim("watermark", "read", pictures, "--key", key, "--json", "--no-search")
    found = records(ran.out)
    assert ran.status == 2
    assert list(found) == ["bad.jpg", "turned.png", "whole.png", "without.png"]
    assert all(record.keys() >= FIELDS for record in found.values())
    whole = found["whole.png"]
    assert (whole["found"], whole["payload"]) == (True, PAYLOAD.hex())
    assert (whole["turned"], whole["mirrored"]) == (0, False)
    assert whole["scale"] == pytest.approx(1, abs=0.01)
    assert max(map(abs, whole["offset"])) < 4
    assert 0 <= whole["false_hit_rate"] < 1e-8
    assert whole["seconds"] > 0
    assert (found["turned.png"]["payload"], found["turned.png"]["turned"]) == (PAYLOAD.hex(), 90)
    for name in ("without.png", "bad.jpg"):
        record = found[name]
        assert record["found"] is False
        assert [record[k] for k in ("payload", "scale", "offset", "turned", "mirrored")] == [
            None
        ] * 5
    assert "error" in found["bad.jpg"]
    assert "error" not in found["without.png"]
    [line] = ran.err.splitlines()
    assert line.startswith(f"camsim: {pictures / 'bad.jpg'}: ")


def test_a_line_in_words(camsim: Camsim, pictures: Path, key: Path) -> None:
    files = [pictures / f"{name}.png" for name in ("whole", "turned", "without")]
    ran = camsim("watermark", "read", *files, "--key", key, "--no-search")
    assert (ran.status, ran.err) == (0, "")
    whole, turned, without = ran.out.splitlines()
    assert whole.startswith(f"{files[0]}: payload {PAYLOAD.hex()}, by the key {GROUP.name}; at ")
    assert "turned" not in whole.removeprefix(str(files[0]))
    assert "turned clockwise by 90°" in turned
    assert without == f"{files[2]}: no watermark of a known key was found"


def test_a_missing_folder_or_file_stops_no_other(
    camsim: Camsim, pictures: Path, key: Path, tmp_path: Path
) -> None:
    (tmp_path / "empty").mkdir()
    words = (tmp_path / "none.png", tmp_path / "empty", pictures / "whole.png")
    ran = camsim("watermark", "read", *words, "--key", key, "--no-search")
    assert (ran.status, len(ran.out.splitlines())) == (2, 1)
    assert "is a folder without a picture in it" in ran.err
    assert "none.png does not exist" in ran.err
    assert len(ran.err.splitlines()) == 2


def test_without_a_key_it_is_said_what_to_do(camsim: Camsim, pictures: Path, keys: Path) -> None:
    ran = camsim("watermark", "read", pictures / "whole.png")
    assert (ran.status, ran.out) == (2, "")
    [line] = ran.err.splitlines()
    assert f"no watermark key is known: there is none in {keys}; " in line
    assert "--key" in line


def test_the_users_keys_are_known(camsim: Camsim, pictures: Path, keys: Path, key: Path) -> None:
    write_key_file(keys / "group.json", GroupKey.draw())
    write_key_file(keys / "agency.json", GROUP)
    ran = camsim("watermark", "read", pictures / "whole.png", "--no-search")
    assert ran.status == 0
    assert PAYLOAD.hex() in ran.out


def test_a_damaged_key_is_said_and_others_are_used(
    camsim: Camsim, pictures: Path, keys: Path, key: Path
) -> None:
    write_key_file(keys / "group.json", GroupKey.draw())
    (keys / "group.json").write_text("damaged")
    words = ("watermark", "read", pictures / "whole.png", "--key", key, "--no-search")
    ran = camsim(*words)
    assert ran.status == 2
    assert PAYLOAD.hex() in ran.out
    assert "group.json is no watermark key, or a damaged one" in ran.err


def test_a_named_key_that_is_none_is_an_error(camsim: Camsim, pictures: Path, keys: Path) -> None:
    bad = pictures / "bad.jpg"
    bad.chmod(0o600)
    ran = camsim("watermark", "read", pictures / "whole.png", "--key", bad)
    assert (ran.status, ran.out) == (2, "")
    assert f"{bad} is no watermark key" in ran.err
