"""Every command of the README, the documentation and the examples is one that camsim takes.

Those that need nothing but a file of one's own, and take seconds, are run as they are written.
"""

import re
import shutil
from collections.abc import Iterator
from dataclasses import fields
from importlib import import_module
from itertools import pairwise
from pathlib import Path

import pytest
from cyclopts import CycloptsError
from PIL import Image

from camera_sim import cli
from camera_sim.commands.table import COMMANDS as TABLE
from camera_sim.sensor.dng import write_dng
from channel.command_line import words_of
from channel.manipulations import MANIPULATIONS
from tests.camera_sim.conftest import Camsim, camsim
from tests.camera_sim.scenes import capture
from tests.channel.conftest import photo
from tests.conftest import REPOSITORY
from tests.documented import Documented, documented
from tests.fleet.alone import Alone
from watermark.key_files import write_key_file
from watermark.keys import GroupKey

__all__ = ["camsim"]

COMMANDS = documented()
OPTION = re.compile(r"(?<![\w-])--[a-z][a-z0-9-]+")
OF_OTHERS = {"--no-deps", "--directory", "--base-url", "--token"}  # of pip, of Python's own server
SOURCES = ("README.md", "docs/", "examples/", "camera_sim/", "channel/", "firmware_export/",
           "fleet/", "verifier/", "watermark/")  # fmt: skip
GROUPS = ("train", "evaluate", "bench", "firmware", "identity", "watermark", "repository")
# Verdicts of `verify` are exit statuses, too.
VERDICTS = (0, 3, 4)
# What is run, of pages for users. Not what needs data, a trained network, a booted camera, an
# object store or another package, and not `serve`, which doesn't end.
RUN = {"develop", "info", "simulate", "transmit", "platforms", "manipulate", "verify", "identity",
       "verify-archive", "explain", "watermark"}  # fmt: skip
NEEDS_MORE = {
    "--weights",
    "--device",
    "--identity",
    "--repository",
    "--resnet50",
    "--ray",
    "--engines",
    "s3://press/2024",
}
PAGES = (
    "README.md",
    "docs/archive.md",
    "docs/channel.md",
    "docs/firmware.md",
    "docs/verifier.md",
    "docs/guides/camera-engineer.md",
    "docs/guides/developing.md",
    "docs/guides/newsroom-developer.md",
    "docs/guides/watermark.md",
)
OUTPUTS = ("-o", "--out", "--html", "--results")
RUNNABLE = [
    command
    for command in {command.words: command for command in COMMANDS}.values()
    if command.source in PAGES
    and command.words[0] in RUN
    and len(command.words) > 1
    and not NEEDS_MORE & set(command.words)
    and (command.whole or "-o" in command.words or "--html" in command.words)
    and "vendor/revoked.pem" not in command.words
]


def name(command: Documented) -> str:
    return str(command).replace("/", "-")


def parse(words: tuple[str, ...]) -> None:
    """Have camsim's own parser take the words, without running anything."""
    cli.app_for(words).parse_args(words, print_error=False, exit_on_error=False)


@pytest.mark.parametrize("command", [c for c in COMMANDS if c.whole], ids=name)
def test_a_command_is_taken_as_it_is_written(command: Documented) -> None:
    try:
        parse(command.words)
    except CycloptsError as error:
        pytest.fail(f"{command}: {words_of(error)}")


@pytest.mark.parametrize("command", [c for c in COMMANDS if not c.whole], ids=name)
def test_a_command_that_is_mentioned_has_the_options_that_are_named(
    command: Documented, camsim: Camsim
) -> None:
    depth = 2 if command.words[0] in GROUPS else 1
    ran = camsim(*[word for word in command.words[:depth] if word[0] != "-"], "--help")
    assert ran.status == 0, ran.err
    known = ran.out.replace(",", " ").replace("[", " ").replace("]", " ").split()
    for word in command.words:
        if word.startswith("-"):
            assert word in known, f"{word} is no option of this command"


def options() -> set[str]:
    """Every option of every command, and the operations that `manipulate` takes."""
    modules = (place.partition(":") for place, _ in TABLE.values())
    classes = [getattr(import_module(module), name) for module, _, name in modules]
    named = {f"--{field.name.replace('_', '-')}" for one in classes for field in fields(one)}
    return (
        named | {f"--{one.name}" for one in MANIPULATIONS} | {"--help", "--version", "--traceback"}
    )


def test_an_option_that_is_named_anywhere_is_one() -> None:
    """In sentences of pages, and in messages and docstrings of the code."""
    places = ("README.md", "docs/**/*.md", "examples/**/*.md", "*/**/*.py")
    paths = {path for place in places for path in REPOSITORY.glob(place)}
    known, unknown = options() | OF_OTHERS, []
    for path in sorted(paths):
        name = path.relative_to(REPOSITORY).as_posix()
        if name.startswith(SOURCES):
            found = set(OPTION.findall(path.read_text(encoding="utf-8")))
            unknown += [f"{name}: {option}" for option in sorted(found - known)]
    assert len(paths) > 400
    assert unknown == []


def test_there_are_commands_to_ask() -> None:
    """The pages are found, and most of what users type first is run."""
    assert len(COMMANDS) > 150
    assert len(RUNNABLE) > 20
    assert {command.words[0] for command in RUNNABLE} == RUN


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the documentation takes for granted: a few small pictures and captures of one's own."""
    folder = tmp_path_factory.mktemp("documented")
    for place in ("capture.nef", "capture.cr3", "capture.dng", "card/one.dng", "card/two.dng"):
        (folder / place).parent.mkdir(exist_ok=True)
        write_dng(folder / place, capture(64, 80))
    for number, place in enumerate(
        ("photo.jpg", "signed.jpg", "downloaded.jpg", "press/a.jpg", "press/b.jpg")
    ):
        (folder / place).parent.mkdir(exist_ok=True)
        Image.fromarray(photo(224, 224, number)).save(folder / place, quality=90)
    Image.fromarray(photo(64, 80)).save(folder / "photo.png")
    (folder / "list.txt").write_text("press/a.jpg\n")
    write_key_file(folder / "agency.json", GroupKey.draw())
    assert cli.main(["identity", "init", str(folder / "vendor")]) == 0
    shutil.copy(folder / "vendor/root/certificate.pem", folder / "mine.pem")
    shutil.copy(folder / "vendor/revoked.pem", folder / "withdrawn.pem")
    return folder


@pytest.fixture
def folder(files: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy to work in; without what the command itself is to make."""
    shutil.copytree(files, tmp_path / "work")
    monkeypatch.chdir(tmp_path / "work")
    return tmp_path / "work"


def as_a_shell_gives_them(words: tuple[str, ...]) -> Iterator[str]:
    for word in words:
        yield from sorted(map(str, Path().glob(word))) if "*" in word else (word,)


@pytest.mark.slow
@pytest.mark.parametrize("command", RUNNABLE, ids=name)
def test_a_command_runs_as_it_is_written(
    command: Documented, folder: Path, camsim: Camsim, monkeypatch: pytest.MonkeyPatch
) -> None:
    for place in ("fleet.Processes", "camera_sim.developing.many.Processes"):
        monkeypatch.setattr(place, Alone)  # others test processes, which take seconds to start
    made = [folder / after for word, after in pairwise(command.words) if word in OUTPUTS]
    for path in made:
        path.unlink(missing_ok=True)
    if command.words[:2] == ("identity", "init"):
        shutil.rmtree(folder / "vendor")
    ran = camsim(*as_a_shell_gives_them(command.words))
    assert ran.status in (VERDICTS if command.words[0] == "verify" else (0,)), ran.err
    assert all(path.exists() for path in made)
