"""Every command, with names of any bytes and metadata that would steer a terminal."""

import json
import os
import pty
import re
import subprocess
import sys
import threading
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from camera_sim.commands.table import COMMANDS
from camera_sim.sensor.dng import write_dng
from channel.file_names import fitting_name
from channel.picture_file.matrix_profile import PRIMARIES, matrix_profile
from channel.printable import name_as_text, name_of_text
from tests.camera_sim.conftest import Camsim, camsim
from tests.camera_sim.scenes import capture
from tests.conftest import REPOSITORY
from tests.fleet.alone import Alone
from tests.verifier.conftest import jpeg
from tests.verifier.signing import make_chain, signed
from tests.verifier.toy import native, toy_weights
from verifier import Verifier

pytestmark = pytest.mark.slow

__all__ = ["camsim"]

STEERING = "a\x1b]0;title\x07\x1b[2J\x9b31m\u202egpj\u2028\u200b\x7f b"
NAMES = {
    "escapes": STEERING.encode(),
    "no utf-8": b"caf\xe9\xff\x80",
    "line end": b"good\ncamsim: all is well",
    "quotes": b"it's \"<b>&amp;[red]$(x)`%s{}",
    "a dash": b"--help",
    "long": b"x" * 251,
    "long, of many bytes": "ü".encode() * 125,
    "backslash": rb"a\udce9\x1b",
    "spaces": b"  a  ",
}
CAMSIM = (sys.executable, "-c", "import sys; from camera_sim.cli import main; sys.exit(main())")
# Commands one after another, with a semicolon between them.
SEVERAL = """
import sys
from itertools import groupby
from camera_sim.cli import main
for between, words in groupby(sys.argv[1:], lambda word: word == ";"):
    assert between or main(list(words)) in (0, 2, 4)
"""
# What may reach a terminal beside our own line ends.
UNSEEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ud800-\udfff]"
)


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return toy_weights(tmp_path_factory.mktemp("weights"))


def named(folder: Path, name: bytes, suffix: str, content: bytes) -> Path:
    path = folder / (os.fsdecode(name) + suffix)
    path.write_bytes(content)
    return path


def clean(*texts: str) -> None:
    for text in texts:
        assert not UNSEEN.search(text), UNSEEN.findall(text)
        assert not re.search("(?m)^camsim: all is well", text)


@pytest.fixture(params=NAMES, ids=list(NAMES))
def name(request: pytest.FixtureRequest) -> bytes:
    return NAMES[request.param]


def test_verify(name: bytes, camsim: Camsim, tmp_path: Path, weights: Path) -> None:
    photo = named(tmp_path, name, ".jpg", jpeg(native(64, 80)))
    bad = named(tmp_path, name, ".bad", b"no picture")
    results, page = tmp_path / "results.jsonl", tmp_path / "pages"
    page.mkdir()
    how = ("--weights", weights, "--resend", "--results", results)
    ran = camsim("verify", photo, bad, "--html", page, *how)
    assert ran.status == 2
    clean(ran.out, ran.err)
    lines = [json.loads(line) for line in results.read_bytes().decode("ascii").splitlines()]
    assert [name_of_text(line["photo"]) for line in lines] == [str(photo), str(bad)]
    [written] = page.iterdir()
    assert written.name == fitting_name(photo.name, ".html")
    clean(written.read_text(encoding="utf-8"))
    again = camsim("verify", photo, "--json", *how)
    clean(again.out, again.err)
    assert json.loads(again.out)["photo"] == name_as_text(str(photo))
    assert results.read_bytes().decode("ascii").count("\n") == 2  # the other's error is kept


def test_watermark_read(name: bytes, camsim: Camsim, tmp_path: Path) -> None:
    photo = named(tmp_path, name, ".jpg", jpeg(native(64, 80)))
    bad = named(tmp_path, name, ".bad", b"no picture")
    for words in ((), ("--json",)):
        ran = camsim("watermark", "read", "--no-search", *words, "--", photo, bad)
        assert ran.status == 2
        clean(ran.out, ran.err)
        lines = ran.out.splitlines()
        assert len(lines) == (2 if words else 1)
        assert len(ran.err.splitlines()) == 1
    assert [name_of_text(json.loads(line)["file"]) for line in lines] == [str(photo), str(bad)]


def test_transmit_and_manipulate(name: bytes, camsim: Camsim, tmp_path: Path) -> None:
    photo = named(tmp_path, name, ".jpg", jpeg(native(64, 80)))
    other = named(tmp_path, b"other", ".jpg", b"no picture")
    for words in (("transmit", "--platform", "facebook"), ("manipulate", "--sharpen")):
        out = tmp_path / words[0]
        ran = camsim(words[0], photo, other, *words[1:], "-o", out)
        assert ran.status == 2
        clean(ran.out, ran.err)
        [made] = out.iterdir()
        assert made.name == fitting_name(photo.stem, made.suffix)
        Image.open(BytesIO(made.read_bytes())).load()


def unreadable(folder: Path, name: bytes) -> Path:
    folder.mkdir()
    return named(folder, name, ".jpg", b"no picture")


def list_of(*photos: Path) -> bytes:
    return b"".join(os.fsencode(photo) + b"\0" for photo in photos)


def rows_of(out: Path) -> dict[str, str]:
    """Kinds of errors by photo."""
    pq = pytest.importorskip("pyarrow.parquet")
    rows = pq.read_table(out).to_pylist()
    return {name_of_text(row["photo"]): row["error_kind"] for row in rows}


def test_archive(
    name: bytes, camsim: Camsim, tmp_path: Path, weights: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("fleet.Processes", Alone)  # of all: the next test
    folder = tmp_path / os.fsdecode(name)
    photo = unreadable(folder, name)
    listed = tmp_path / "list"
    listed.write_bytes(list_of(photo))
    for source in (folder, listed):
        out = tmp_path / f"{source == folder}.parquet"
        ran = camsim("verify-archive", source, "--out", out, "--weights", weights, "--workers", 1)
        assert ran.status == 0, ran.err
        clean(ran.out, ran.err)
        assert rows_of(out) == {str(photo): "PhotoUnreadableError"}


def test_archive_by_processes(camsim: Camsim, tmp_path: Path, weights: Path) -> None:
    """All those names go to the processes and come back."""
    top, listed = tmp_path / "pictures", tmp_path / "list"
    top.mkdir()
    photos = [unreadable(top / os.fsdecode(name), name) for name in NAMES.values()]
    listed.write_bytes(list_of(*photos))
    for source in (top, listed):
        out = tmp_path / f"{source == top}.parquet"
        ran = camsim("verify-archive", source, "--out", out, "--weights", weights, "--workers", 1)
        assert ran.status == 0, ran.err
        clean(ran.out, ran.err)
        assert rows_of(out) == dict.fromkeys(map(str, photos), "PhotoUnreadableError")


def test_raw_files(name: bytes, camsim: Camsim, tmp_path: Path) -> None:
    photo = named(tmp_path, name, ".png", _png())
    raw, out = photo.with_suffix(".dng"), tmp_path / "out"
    out.mkdir()
    runs = [
        camsim("simulate", photo),
        camsim("info", raw),
        camsim("develop", raw, "--pipeline", "classical", "-o", out),
        camsim("develop", raw, "--pipeline", "classical", "-o", out),
    ]
    assert [ran.status for ran in runs] == [0, 0, 0, 2]
    for ran in runs:
        clean(ran.out, ran.err)
    assert len(list(out.iterdir())) == 1


def _png() -> bytes:
    file = BytesIO()
    Image.fromarray(native(64, 80)).save(file, "PNG")
    return file.getvalue()


@pytest.mark.parametrize("command", [tuple(names.split()) for names in COMMANDS], ids=" ".join)
def test_no_command_says_it_raw(
    command: tuple[str, ...], camsim: Camsim, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    # What would run for long, or for good, is given an option that there is not.
    last = (f"--{STEERING}",) if command[0] in ("serve", "bench") else ()
    for words in ((STEERING,), (STEERING, "-o", STEERING), (f"--{STEERING}",)):
        ran = camsim(*command, *words, *last)
        clean(ran.out, ran.err)


@pytest.mark.parametrize("name", ["x" * 300, "a/" * 2500 + "b"], ids=["name", "path"])
@pytest.mark.parametrize(
    "words",
    ["verify {0}", "info {0}", "develop {0} -o {0}", "simulate {1} -o {0}",
     "transmit {0} --platform facebook -o {0}", "transmit {1} --platform facebook -o {0}",
     "manipulate {1} --sharpen -o {0}", "identity show {0}"],
)  # fmt: skip
def test_a_name_that_is_too_long_is_bad_input(
    words: str, name: str, camsim: Camsim, tmp_path: Path
) -> None:
    photo = named(tmp_path, b"photo", ".png", _png())
    ran = camsim(*words.format(name, photo).split())
    assert ran.status == 2, ran.err
    assert len(ran.err.splitlines()) == 1


# Metadata


def test_what_a_raw_file_says(camsim: Camsim, tmp_path: Path) -> None:
    from dataclasses import replace

    image = capture(64, 96)
    said = replace(image.info, model=STEERING, lens=STEERING, artist=STEERING)
    path = tmp_path / "capture.dng"
    write_dng(path, replace(image, info=said))
    data = path.read_bytes().replace(b"Simulated", b"\x1b[2J\x9b\x07\n\r")
    path.write_bytes(data)
    for words in (("info", path), ("develop", path, "--pipeline", "classical")):
        ran = camsim(*words)
        clean(ran.out, ran.err)


def _wide(pixels: Any) -> bytes:
    """A picture whose colour profile has a hostile name of as many characters as the real one."""
    icc = matrix_profile(PRIMARIES[9], None)
    name = "stated by code points or chromaticities"
    hostile = (STEERING * 2)[: len(name)].encode("utf-16-be")
    return jpeg(pixels, icc_profile=icc.replace(name.encode("utf-16-be"), hostile))


def test_what_a_picture_says(tmp_path: Path) -> None:
    chain = make_chain(signer=STEERING, authority=STEERING)
    data = signed(_wide(native(64, 80)), chain)
    with Verifier.facts_only(trust_anchors=chain.root) as facts:
        report = facts.analyze(data, name=STEERING)
    assert "\u202e" in (report.credential.signer or "")
    clean(report.to_text(), report.to_html())
    assert "\\u202e" in report.to_html()
    assert "\\x1b" in " ".join(report.input.notes)


# Terminals and pipes


def _on_a_terminal(words: list[Any], **environment: str) -> str:
    """Run camsim on a terminal of its own; return all that reaches it."""
    master, slave = pty.openpty()
    seen = bytearray()

    def read() -> None:
        while True:
            try:
                chunk = os.read(master, 65536)
            except OSError:
                return
            if not chunk:
                return
            seen.extend(chunk)

    reader = threading.Thread(target=read)
    reader.start()
    subprocess.run(
        [*CAMSIM, *words], stdin=slave, stdout=slave, stderr=slave, timeout=300, check=False,
        cwd=REPOSITORY, env=os.environ | {"TERM": "xterm-256color"} | environment,
    )  # fmt: skip
    os.close(slave)
    reader.join(10)
    os.close(master)
    return seen.decode(errors="surrogateescape")


def test_a_bar_on_a_terminal_shows_names_only(tmp_path: Path) -> None:
    folder = tmp_path / "raw"
    folder.mkdir()
    for place in range(2):
        write_dng(folder / f"{place}[red]{STEERING.replace('/', '')}.dng", capture(64, 96))
    named(folder, STEERING.encode(), ".dng", b"no raw")
    out = tmp_path / "out"
    seen = _on_a_terminal(["develop", folder, "--pipeline", "libraw", "-o", out])
    assert "2 of 3 files developed" in seen
    assert "\x1b]0" not in seen
    assert "\x07" not in seen
    assert "\x1b[2J" not in seen
    assert "\x9b" not in seen
    assert "\u202e" not in seen
    assert "\\u202e" in seen


def test_results_go_into_a_pipe_and_the_bar_to_the_terminal(tmp_path: Path, weights: Path) -> None:
    photos = [named(tmp_path, b"%d" % place, ".jpg", jpeg(native(64, 80))) for place in range(2)]
    master, slave = pty.openpty()
    words = ["verify", *photos, "--json", "--weights", weights, "--resend"]
    ran = subprocess.run(
        [*CAMSIM, *words], stdout=subprocess.PIPE, stderr=slave, timeout=300, check=False,
        cwd=REPOSITORY,
    )  # fmt: skip
    os.close(slave)
    os.close(master)
    lines = ran.stdout.splitlines()
    assert [name_of_text(json.loads(line)["photo"]) for line in lines] == list(map(str, photos))


@pytest.mark.parametrize(
    "environment",
    [
        {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
        {"LC_ALL": "C"},
        {"PYTHONIOENCODING": "latin-1"},
        {"PYTHONIOENCODING": "ascii:strict"},
    ],
    ids=str,
)
def test_other_encodings(environment: dict[str, str], tmp_path: Path, weights: Path) -> None:
    photo = named(tmp_path, NAMES["no utf-8"] + "€日".encode(), ".jpg", jpeg(native(64, 80)))
    encoding = "latin-1" if "PYTHONIOENCODING" in environment else "utf-8"
    words = ["verify", photo, "--weights", weights, "--resend"]
    words += [";", "platforms", ";", "info", photo]
    ran = subprocess.run(
        [sys.executable, "-c", SEVERAL, *words], capture_output=True, timeout=300, check=False,
        env=os.environ | environment, cwd=REPOSITORY,
    )  # fmt: skip
    assert ran.returncode == 0, ran.stderr
    assert b"an error of ours" not in ran.stderr
    assert b"whatsapp" in ran.stdout
    clean((ran.stdout + ran.stderr).decode(encoding))


def test_rich_is_used_in_one_place() -> None:
    """A console or a bar of rich's own would let names steer the terminal."""
    made = r"\bConsole\(|\brich\.get_console|rich\.progress import [^\n]*\b(track|Progress)\b"
    forbidden = re.compile(made)
    packages = ("camera_sim", "channel", "firmware_export", "fleet", "verifier", "watermark")
    found = {
        str(path.relative_to(REPOSITORY))
        for package in packages
        for path in (REPOSITORY / package).rglob("*.py")
        if forbidden.search(path.read_text(encoding="utf-8"))
    }
    assert found == {"channel/terminal.py"}
