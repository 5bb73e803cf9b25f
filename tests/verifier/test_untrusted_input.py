"""Everything that a newsroom opens is hostile: only reports and our errors come out."""

import os
import signal
import struct
import subprocess
import sys
import time
import zlib
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from fleet import framing
from tests.verifier.conftest import jpeg
from tests.verifier.signing import Chain, signed
from tests.verifier.toy import native
from verifier import (
    Limits,
    PhotoError,
    PhotoNotFoundError,
    PhotoTimeoutError,
    PhotoTooLargeError,
    PhotoUnreadableError,
    PhotoUnsupportedError,
    SettingsError,
    Verifier,
    WorkerError,
)
from verifier.evaluation.fuzz import fuzz
from verifier.evaluation.mutation import MUTATIONS, mutated, seeds


def saved(image: Image.Image, file_format: str, **options: Any) -> bytes:
    file = BytesIO()
    image.save(file, file_format, **options)
    return file.getvalue()


def png_of_size(width: int, height: int) -> bytes:
    """A PNG header that promises so many pixels, and next to no data."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        check = zlib.crc32(kind + content)
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", check)

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    data = zlib.compress(bytes(1000))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        chunk(*part) for part in ((b"IHDR", header), (b"IDAT", data), (b"IEND", b""))
    )


def bomb(width: int = 30_000, height: int = 30_000) -> bytes:
    """A PNG of a few kB that unpacks to gigabytes."""
    packer = zlib.compressobj(9)
    row = bytes(1 + 3 * width)
    data = b"".join(packer.compress(row) for _ in range(300)) + packer.flush()
    plain = png_of_size(width, height)
    return plain.replace(zlib.compress(bytes(1000)), data)


PICTURE = Image.fromarray(native(64, 80))
FRAMES = [Image.fromarray(native(64, 80, seed)) for seed in range(2)]


def animated(kind: str) -> bytes:
    return saved(FRAMES[0], kind, save_all=True, append_images=FRAMES[1:])


REFUSED = {
    "empty": (b"", PhotoUnreadableError, "0 bytes"),
    "text": (b"not a picture at all", PhotoUnreadableError, "no format"),
    "truncated": (jpeg(native())[:2000], PhotoUnreadableError, "damaged"),
    "header alone": (jpeg(native())[:30], PhotoUnreadableError, "damaged|no format"),
    "zero width": (png_of_size(0, 100), PhotoUnreadableError, "empty|damaged|no format"),
    "huge": (png_of_size(60_000, 60_000), PhotoTooLargeError, "60000×60000|bomb"),
    "too long": (png_of_size(100_000, 10), PhotoTooLargeError, "100000×10"),
    "bomb": (bomb(), PhotoTooLargeError, "30000×30000|bomb"),
    "short of data": (png_of_size(500, 500), PhotoUnreadableError, "damaged"),
    "postscript": (
        b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n",
        PhotoUnsupportedError,
        "a PostScript document",
    ),
    "svg": (b"<svg xmlns='http://www.w3.org/2000/svg'/>", PhotoUnsupportedError, "an SVG drawing"),
}


@pytest.fixture(scope="module")
def facts() -> Any:
    with Verifier.facts_only() as verifier:
        yield verifier


@pytest.mark.parametrize("name", REFUSED)
def test_refused(name: str, facts: Verifier) -> None:
    data, error, words = REFUSED[name]
    with pytest.raises(error, match=words) as raised:
        facts.analyze(data)
    assert "\n" not in str(raised.value)


DEEP = Image.fromarray(np.arange(64 * 80, dtype=np.uint16).reshape(64, 80) * 12)
TAKEN = {
    "cmyk": (saved(PICTURE.convert("CMYK"), "JPEG"), "CMYK"),
    "16 bits": (saved(DEEP, "PNG"), "8 bits"),
    "transparent": (saved(PICTURE.convert("RGBA"), "PNG"), ""),
    "palette": (saved(PICTURE.convert("P"), "PNG"), ""),
    "one bit": (saved(PICTURE.convert("1"), "PNG"), ""),
    "grey": (saved(PICTURE.convert("L"), "JPEG"), ""),
    "mpo": (saved(PICTURE, "MPO", save_all=True, append_images=[PICTURE]), "several pictures"),
    "animated gif": (animated("GIF"), "animated (2 frames); the first"),
    "animated webp": (animated("WEBP"), "animated (2 frames); the first"),
    "animated png": (animated("PNG"), "animated (2 frames); the first"),
    "pages": (animated("TIFF"), "2 pictures (pages); number 1"),
    "webp": (saved(PICTURE, "WEBP"), ""),
    "tiff": (saved(PICTURE, "TIFF"), ""),
    "bmp": (saved(PICTURE, "BMP"), ""),
    "gif": (saved(PICTURE, "GIF"), ""),
    "one pixel": (saved(PICTURE.crop((0, 0, 1, 1)), "PNG"), ""),
    "polyglot": (jpeg(native(64, 80)) + b"PK\x03\x04 an archive", "follow the end"),
    "png polyglot": (saved(PICTURE, "PNG") + b"<script>", "8 bytes follow the end"),
}


@pytest.mark.parametrize("name", TAKEN)
def test_taken(name: str, facts: Verifier) -> None:
    data, note = TAKEN[name]
    report = facts.analyze(data)
    assert note in " ".join(report.input.notes)
    assert report.verdict.label == "inconclusive"


@pytest.mark.parametrize("orientation", range(1, 9))
def test_the_page_shows_the_picture_upright(orientation: int, facts: Verifier) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    report = facts.analyze(jpeg(native(64, 80), exif=exif.tobytes()))
    assert report.input.orientation == orientation
    assert (report.input.width, report.input.height) == (80, 64)
    assert "<img" in report.to_html()


@pytest.mark.parametrize(
    ("photo", "error"),
    [
        (np.zeros((10, 10, 3), np.float32), PhotoUnsupportedError),
        (np.zeros((10, 10, 4), np.uint8), PhotoUnsupportedError),
        (np.zeros((0, 10, 3), np.uint8), PhotoUnreadableError),
        (np.zeros(10, np.uint8), PhotoUnsupportedError),
        (3, PhotoUnsupportedError),
        (None, PhotoUnsupportedError),
        ("/no/such/photo.jpg", PhotoNotFoundError),
        ("/", PhotoNotFoundError),
        ("/dev/zero", PhotoNotFoundError),
        ("a\0b", PhotoNotFoundError),
        ("", PhotoNotFoundError),
    ],
)
def test_things_that_are_no_photo(photo: Any, error: type[PhotoError], facts: Verifier) -> None:
    with pytest.raises(error):
        facts.analyze(photo)


def test_the_limit_on_bytes(photo_file: Path) -> None:
    limits = Limits(file_bytes=1000)
    with Verifier.facts_only(limits=limits) as verifier:
        for photo in (photo_file, photo_file.read_bytes()):
            with pytest.raises(PhotoTooLargeError, match="1,000 bytes"):
                verifier.analyze(photo)


def test_the_limit_on_pixels_holds_for_files_and_arrays(photo_file: Path) -> None:
    with Verifier.facts_only(limits=Limits(pixels=1000)) as verifier:
        for photo in (photo_file, native()):
            with pytest.raises(PhotoTooLargeError, match="512×384"):
                verifier.analyze(photo)


@pytest.mark.parametrize("field", ["file_bytes", "pixels", "seconds", "workers"])
def test_limits_of_nothing_are_refused(field: str) -> None:
    with pytest.raises(SettingsError, match=field):
        Limits(**{field: 0})


def test_a_photo_that_takes_too_long_is_given_up_and_the_next_one_read(photo_file: Path) -> None:
    with Verifier.facts_only() as verifier:
        verifier.analyze(photo_file)
        # Stopped, the decoder process is as busy as one that a file keeps busy for ever.
        [process] = verifier._pool()._idle
        process._limits = Limits(seconds=0.5)  # its own: the next one has time
        os.kill(process._popen.pid, signal.SIGSTOP)
        with pytest.raises(PhotoTimeoutError, match=r"0\.5 s"):
            verifier.analyze(photo_file)
        assert verifier.analyze(photo_file).input.width == 512


def test_a_photo_whose_reader_was_killed_is_read_by_another(photo_file: Path) -> None:
    with Verifier.facts_only() as verifier:
        verifier.analyze(photo_file)
        [process] = verifier._pool()._idle
        os.kill(process._popen.pid, signal.SIGKILL)
        assert verifier.analyze(photo_file).input.width == 512


def test_readers_that_died_while_they_waited_are_the_fault_of_no_photo(photo_file: Path) -> None:
    file = photo_file.read_bytes()
    with Verifier.facts_only(limits=Limits(workers=3)) as verifier:
        pool = verifier._pool()
        waiting = [pool._borrow() for _ in range(3)]
        for process in waiting:
            pool._give_back(process)
            os.kill(process._popen.pid, signal.SIGKILL)
        for process in waiting:
            os.waitid(os.P_PID, process._popen.pid, os.WEXITED | os.WNOWAIT)
        assert pool.read(file).facts.input.width == 512


def test_readers_that_die_as_they_are_asked_are_the_fault_of_no_photo(photo_file: Path) -> None:
    file = photo_file.read_bytes()
    with Verifier.facts_only(limits=Limits(workers=2)) as verifier, ThreadPoolExecutor() as threads:
        pool = verifier._pool()
        waiting = [pool._borrow() for _ in range(2)]
        for process in waiting:
            pool._give_back(process)
            os.kill(process._popen.pid, signal.SIGSTOP)
        read = threads.submit(pool.read, file)
        for process in reversed(waiting):  # as they are borrowed
            time.sleep(0.2)
            os.kill(process._popen.pid, signal.SIGKILL)
        assert read.result(timeout=60).facts.input.width == 512


def test_readers_that_go_on_dying_before_they_have_a_photo_are_a_fault_of_ours(
    photo_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Verifier.facts_only(limits=Limits(workers=1)) as verifier:
        pool = verifier._pool()
        borrow = pool._borrow

        def dead() -> Any:
            process = borrow()
            os.kill(process._popen.pid, signal.SIGKILL)
            return process

        monkeypatch.setattr(pool, "_borrow", dead)
        with pytest.raises(WorkerError, match="before they have the photo"):
            pool.read(photo_file.read_bytes())


@pytest.mark.slow
@pytest.mark.parametrize(
    ("deadly", "error", "words"),
    [
        (signal.SIGSEGV, PhotoUnreadableError, "decoder process died"),
        (signal.SIGKILL, PhotoTooLargeError, "was killed"),
    ],
)
def test_a_photo_that_kills_every_reader_takes_nothing_with_it(
    deadly: signal.Signals,
    error: type[PhotoError],
    words: str,
    photo_file: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with Verifier.facts_only() as verifier:
        pool = verifier._pool()
        borrow, receive = pool._borrow, framing.receive
        borrowed: list[Any] = []

        def remembered() -> Any:
            borrowed.append(borrow())
            return borrowed[-1]

        def receive_and_kill(*arguments: Any) -> framing.Message:
            message = receive(*arguments)
            if message.head.get("taken"):
                os.kill(borrowed[-1]._popen.pid, deadly)
            return message

        with monkeypatch.context() as patch:
            patch.setattr(pool, "_borrow", remembered)
            patch.setattr(framing, "receive", receive_and_kill)
            with pytest.raises(error, match=words):
                verifier.analyze(photo_file)
        assert verifier.analyze(photo_file).input.width == 512


@pytest.mark.slow
def test_memory_is_bounded() -> None:
    picture = saved(Image.new("RGB", (8000, 8000)), "PNG")  # 192 MB of pixels
    with Verifier.facts_only(limits=Limits(memory_bytes=150_000_000)) as verifier:
        with pytest.raises(PhotoTooLargeError, match="memory"):
            verifier.analyze(picture)
        assert verifier.analyze(jpeg(native())).input.width == 512


@pytest.mark.slow
def test_modules_beside_the_photos_are_not_run(photo_file: Path) -> None:
    (photo_file.parent / "json.py").write_text("import os; os._exit(9)")
    (photo_file.parent / "PIL.py").write_text("import os; os._exit(9)")
    program = (
        "from verifier import Verifier\n"
        "with Verifier.facts_only() as v: print(v.analyze('photo.jpg').input.width)"
    )
    ran = subprocess.run(
        [sys.executable, "-P", "-c", program],
        cwd=photo_file.parent,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (ran.stdout, ran.stderr) == ("512\n", "")


@pytest.mark.slow
def test_a_script_needs_no_main_guard_and_leaves_no_process(photo_file: Path) -> None:
    script = photo_file.parent / "script.py"
    script.write_text(
        "from verifier import Verifier\n"
        "v = Verifier.facts_only()\n"
        "print(v.analyze('photo.jpg').verdict.label)\n"
        "print(v._pool()._idle[0]._popen.pid)\n"
    )
    ran = subprocess.run(
        [sys.executable, "-W", "error", str(script)],
        cwd=photo_file.parent,
        capture_output=True,
        text=True,
        check=True,
    )
    label, pid = ran.stdout.split()
    assert (label, ran.stderr) == ("inconclusive", "")
    with pytest.raises(ProcessLookupError):
        os.kill(int(pid), 0)


def test_mutated_files_give_reports_and_our_errors_only(verifier: Verifier, chain: Chain) -> None:
    also = [jpeg(native(260, 260)), signed(jpeg(native(64, 64)), chain)]
    result = fuzz(verifier, [*seeds(), *also], 300, seed=1)
    assert [what for _, what in result.unexpected] == []
    assert result.timeouts == result.deaths == 0
    assert sum(result.outcomes.values()) == 300
    assert result.outcomes["report"] > 20
    assert result.outcomes["PhotoUnreadableError"] > 100


def test_fuzzing_finds_exceptions_that_are_not_ours() -> None:
    class Leaky(Verifier):
        def analyze(self, photo: Any) -> Any:
            raise ValueError("leaked")

    result = fuzz(Leaky([]), seeds(), 3)
    assert [what for _, what in result.unexpected] == ["ValueError: leaked"] * 3


def test_every_seed_is_read_before_it_is_mutated(facts: Verifier) -> None:
    for seed in seeds():
        assert facts.analyze(seed).input.width in (56, 300)


def test_mutations_mutate_and_are_the_same_again() -> None:
    files = seeds()
    for mutation in MUTATIONS:
        changed = [
            bytes(mutation(bytearray(files[0]), np.random.default_rng(seed), files))
            for seed in range(5)
        ]
        assert any(one != files[0] for one in changed)
    first = mutated(np.random.default_rng(7), files)
    assert first == mutated(np.random.default_rng(7), files)
