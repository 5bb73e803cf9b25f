"""Which watermark photos get from the command line: payloads, keys, and what is refused."""

import json
import re
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from camera_sim.commands.watermarking import payload_of
from camera_sim.developing.files import decode
from camera_sim.developing.tiles import develop
from camera_sim.developing.upright import UPRIGHT, developed_size
from camera_sim.pipelines.classical import ClassicalEngine
from camera_sim.raw.raw_file import RawFile
from camera_sim.sensor.dng import write_dng
from tests.camera_sim.conftest import EXAMPLE, Camsim
from tests.camera_sim.scenes import capture
from watermark.key_folder import open_keys, own_keys

PAYLOAD = "0123456789abcdef"
DRAWN = re.compile(r"  watermark ([0-9a-f]{16})  → ")


@pytest.fixture
def keys(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("CAMSIM_WATERMARK_KEYS", str(tmp_path / "keys"))
    return tmp_path / "keys"


@pytest.fixture
def card(tmp_path: Path) -> Path:
    (tmp_path / "card").mkdir()
    for number in range(2):
        write_dng(tmp_path / "card" / f"{number}.dng", capture(64, 80, seed=number))
    return tmp_path / "card"


def test_a_payload_is_embedded_and_keys_are_made_once(
    camsim: Camsim, keys: Path, card: Path, tmp_path: Path
) -> None:
    words = ("develop", card / "0.dng", "--payload", PAYLOAD.upper())
    ran = camsim(*words, "--out", tmp_path / "a.jpg")
    assert ran.status == 0
    assert "  qnet  " in ran.out
    assert DRAWN.findall(ran.out) == [PAYLOAD]
    [line] = ran.err.splitlines()
    assert line == (
        f"camsim: made your photos' watermark keys in {keys}; payloads are read with them"
    )
    made = open_keys(keys)
    ran = camsim(*words, "--out", tmp_path / "b.tif", "--compare")
    assert (ran.status, ran.err) == (0, "")
    assert open_keys(keys) == made
    assert (tmp_path / "b.compare.jpg").exists()


@pytest.mark.parametrize("named", [("nope.nef",), ("nope.nef", "neither.nef"), ("a-folder",)])
def test_whoever_misspells_a_file_has_no_keys_made(
    camsim: Camsim, keys: Path, tmp_path: Path, named: tuple[str, ...]
) -> None:
    (tmp_path / "a-folder").mkdir()
    ran = camsim("develop", *(tmp_path / name for name in named), "--out", tmp_path / "out")
    assert ran.status == 2
    assert len(ran.err.splitlines()) == 1
    assert not keys.exists()


@pytest.mark.slow
@pytest.mark.parametrize("processes", [1, 2])
def test_each_photo_gets_another_payload(
    processes: int, camsim: Camsim, keys: Path, card: Path, tmp_path: Path
) -> None:
    words = ("--pipeline", "qnet", "--processes", processes, "--out", tmp_path / "out")
    ran = camsim("develop", card, *words)
    assert ran.status == 0
    assert len(set(DRAWN.findall(ran.out))) == 2


def test_without_a_watermark_no_keys_are_made(
    camsim: Camsim, keys: Path, card: Path, tmp_path: Path
) -> None:
    for words in (("--pipeline", "qnet", "--no-watermark"), ("--pipeline", "classical")):
        out = tmp_path / words[1]
        ran = camsim("develop", card / "0.dng", *words, "--out", out)
        assert (ran.status, ran.err) == (0, "")
        assert not DRAWN.search(ran.out)
    assert not keys.exists()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--payload", "0123"), "a payload is 16 hexadecimal digits, not '0123'"),
        (("--payload", PAYLOAD, "--no-watermark"), "contradict each other"),
        (("--payload", PAYLOAD, "--pipeline", "classical"), "classical embeds no payload"),
        (("--payload", PAYLOAD, "--pipeline", "rnet"), "develop with --pipeline qnet, or without"),
    ],
)
def test_what_cannot_be_is_refused(
    words: tuple[str, ...], said: str, camsim: Camsim, keys: Path, card: Path, tmp_path: Path
) -> None:
    ran = camsim("develop", card / "0.dng", *words, "--out", tmp_path / "out")
    assert (ran.status, ran.out) == (2, "")
    [line] = ran.err.splitlines()
    assert said in line
    assert not (tmp_path / "out").exists()
    assert not keys.exists()


def test_a_payload_names_one_photo(camsim: Camsim, keys: Path, card: Path, tmp_path: Path) -> None:
    ran = camsim("develop", card, "--payload", PAYLOAD, "--out", tmp_path / "out")
    assert (ran.status, ran.out) == (2, "")
    assert "--payload names one photo, and there are 2 RAW files to develop" in ran.err
    (card / "1.dng").unlink()
    assert camsim("develop", card, "--payload", PAYLOAD, "--out", tmp_path / "out").status == 0


def test_keys_that_cannot_be_made_are_one_sentence_and_photos_get_no_watermark(
    camsim: Camsim, card: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a file").write_text("")
    monkeypatch.setenv("CAMSIM_WATERMARK_KEYS", str(tmp_path / "a file" / "keys"))
    ran = camsim("develop", card / "0.dng", "--out", tmp_path / "plain")
    assert (ran.status, bool(DRAWN.search(ran.out))) == (0, False)
    [line] = ran.err.splitlines()
    assert "can't be written" in line
    assert "photos get no watermark" in line
    refused = camsim(
        "develop", card / "0.dng", "--payload", PAYLOAD, "--out", tmp_path / "refused"
    )  # fmt: skip
    assert (refused.status, refused.out) == (2, "")
    [line] = refused.err.splitlines()
    assert line.endswith(
        "; develop with --no-watermark, or name another folder by $CAMSIM_WATERMARK_KEYS"
    )
    assert not (tmp_path / "refused").exists()


def test_damaged_keys_are_never_passed_over(camsim: Camsim, keys: Path, card: Path) -> None:
    own_keys(keys)
    (keys / "group.json").write_text("{}")
    words = ("develop", card / "0.dng", "--out", card / "out")
    ran = camsim(*words)
    assert (ran.status, ran.out) == (2, "")
    assert "group.json" in ran.err
    assert camsim(*words, "--no-watermark").status == 0


def test_the_default_embeds_a_payload_that_it_prints(
    camsim: Camsim, keys: Path, card: Path, tmp_path: Path
) -> None:
    ran = camsim("develop", card / "0.dng", "--out", tmp_path / "out")
    assert ran.status == 0
    assert len(DRAWN.findall(ran.out)) == 1
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["0.qnet.jpg"]


def test_payloads_are_parsed_as_an_option() -> None:
    assert payload_of(PAYLOAD.upper()) == bytes.fromhex(PAYLOAD)
    with pytest.raises(ValueError, match="16 hexadecimal digits"):
        payload_of("01 23 45 67 89 ab")


@pytest.mark.parametrize("orientation", UPRIGHT)
@pytest.mark.parametrize("aspect", [0.7, 1.0, 1.3])
def test_the_size_of_what_is_developed_is_known_before(orientation: int, aspect: float) -> None:
    image = capture(64, 90, orientation=orientation, pixel_aspect=aspect)
    assert develop(image, ClassicalEngine(), exposure=1.0).shape[:2] == developed_size(image)


@pytest.mark.slow
def test_a_real_capture_is_read_again(camsim: Camsim, keys: Path, tmp_path: Path) -> None:
    image = decode(RawFile.read(EXAMPLE), ClassicalEngine())
    ran = camsim("develop", EXAMPLE, "--payload", PAYLOAD, "--out", tmp_path / "a.jpg")
    assert ran.status == 0, ran.err
    with Image.open(tmp_path / "a.jpg") as photo:
        assert photo.size == developed_size(image)[::-1]
        small = photo.resize((photo.width // 2, photo.height // 2))
    small.transpose(Image.Transpose.FLIP_LEFT_RIGHT).save(tmp_path / "b.png")
    ran = camsim("watermark", "read", tmp_path / "a.jpg", tmp_path / "b.png", "--json")
    whole, turned = (json.loads(line) for line in ran.out.splitlines())
    assert [whole["payload"], turned["payload"]] == [PAYLOAD] * 2
    assert [whole["mirrored"], turned["mirrored"]] == [False, True]
    assert np.allclose([whole["scale"], turned["scale"]], [1, 0.5], rtol=0.005)
