import json
import shutil
import subprocess
from importlib.resources import files

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channel.printable import name_as_text, name_of_text, printable, whole_text

NAMES = st.binary(min_size=1, max_size=40).map(lambda name: name.decode(errors="surrogateescape"))
HOSTILE = [
    *map(chr, range(32)),
    *map(chr, range(0x7F, 0xA0)),
    *"\u2028\u2029\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f\u061c",
    *"\u200b\u200c\u200d\u2060\ufeff\u00ad\u034f\u3164\ufe0f\U000e0041\udc9b",
]


@pytest.mark.parametrize("character", HOSTILE)
def test_what_steers_or_hides_is_written_out(character: str) -> None:
    shown = printable(f"a{character}b")
    assert character not in shown
    assert shown.startswith("a\\")


@pytest.mark.parametrize(
    "text", ["photo.jpg", "Übung — “€” ×", "日本語　写真.jpg", "عربي.png", "😀"]
)
def test_what_is_seen_stays(text: str) -> None:
    assert printable(text) == text


def test_bidirectional_override() -> None:
    assert printable("photo\u202egpj.exe") == "photo\\u202egpj.exe"


def test_the_page_writes_out_the_same() -> None:
    """In the browser by the same rule, which is in JavaScript there."""
    node = shutil.which("node")
    if node is None:
        pytest.skip("there is no node to run the page's scripts")
    script = files("verifier.service").joinpath("page/elements.js").read_text(encoding="utf-8")
    given = [f"a{c}b" for c in HOSTILE if c != "\udc9b"] + ["Übung — “€”", "日本語.jpg"]
    script += f"\nconsole.log(JSON.stringify({json.dumps(given)}.map(printable)));"
    ran = subprocess.run([node, "--input-type=module"], input=script, text=True,
                         capture_output=True, check=True, encoding="utf-8")  # fmt: skip
    assert json.loads(ran.stdout) == list(map(printable, given))


@given(NAMES)
def test_a_name_of_any_bytes_is_text_and_comes_back(name: str) -> None:
    text = name_as_text(name)
    assert json.loads(json.dumps(text).encode()) == text
    text.encode()
    assert name_of_text(text) == name


@given(NAMES, NAMES)
def test_two_names_are_two_texts(one: str, other: str) -> None:
    assert (name_as_text(one) == name_as_text(other)) == (one == other)


@pytest.mark.slow
@given(st.text())
def test_whole_text_is_unicode(text: str) -> None:
    whole_text(text + "\ud800").encode()
