"""The table of commands, what help costs, and what becomes of the words typed."""

import ast
import json
import re
import shlex
import subprocess
import sys
from dataclasses import dataclass, fields
from importlib import import_module
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from camera_sim.cli import app_for, main
from camera_sim.commands.examples import EXAMPLES
from camera_sim.commands.table import COMMANDS, GROUPS
from camera_sim.sensor.dng import write_dng
from tests.camera_sim.conftest import Camsim, camsim
from tests.camera_sim.scenes import capture
from tests.conftest import REPOSITORY

__all__ = ["camsim"]

HEAVY = ("numpy", "onnxruntime", "PIL", "pydantic", "torch", "rawpy", "c2pa", "cryptography")
IMPORTED = f"""
import sys
from camera_sim.cli import main
try:
    main(sys.argv[1:])
finally:
    print("IMPORTED", [name for name in {HEAVY} if name in sys.modules])
"""


def class_of(names: str) -> Any:
    module, _, name = COMMANDS[names][0].partition(":")
    return getattr(import_module(module), name)


def bound(*words: str) -> Any:
    """Return the command, with its options, that words would run."""
    read, values, _ = app_for(words).parse_args(words, print_error=False, exit_on_error=False)
    return read(*values.args, **values.kwargs)


@pytest.mark.parametrize("words", [[], ["--help"], ["--version"], ["train", "--help"], ["train"]])
def test_help_imports_nothing_heavy(words: list[str]) -> None:
    ran = subprocess.run(
        [sys.executable, "-c", IMPORTED, *words], capture_output=True, text=True, cwd=REPOSITORY,
        check=True,
    )  # fmt: skip
    assert ran.stdout.endswith("IMPORTED []\n"), ran.stdout
    assert ran.stderr == ""


@pytest.mark.parametrize("command", ["verify", "verify-archive", "serve"])
def test_help_of_the_verifier_reads_no_picture(command: str) -> None:
    ran = subprocess.run(
        [sys.executable, "-c", IMPORTED, command, "--help"], capture_output=True, text=True,
        cwd=REPOSITORY, check=True,
    )  # fmt: skip
    assert ran.stdout.endswith("IMPORTED ['pydantic']\n"), ran.stdout[-200:]


def test_no_words_print_help(camsim: Camsim) -> None:
    alone, asked = camsim(), camsim("--help")
    assert (alone.status, alone.err) == (0, "")
    assert alone.out == asked.out
    for name in {names.split()[0] for names in COMMANDS}:
        assert re.search(rf"^│ {name} ", alone.out, re.MULTILINE), name


def test_version(camsim: Camsim) -> None:
    assert camsim("--version").out == f"{version('camsim')}\n"


@pytest.mark.parametrize("names", COMMANDS)
def test_every_command_helps_with_every_option(names: str, camsim: Camsim) -> None:
    ran = camsim(*names.split(), "--help")
    assert (ran.status, ran.err) == (0, "")
    command = class_of(names)
    shown = " ".join(re.sub("[│╭╮╰╯─]", " ", ran.out).split())
    for field in fields(command):
        assert f"--{field.name.replace('_', '-')}" in shown
    for line in command.__doc__.split("\n\n")[0].splitlines():
        assert line.strip() in shown


@pytest.mark.parametrize("names", COMMANDS)
def test_help_says_defaults_that_say_something(names: str, camsim: Camsim) -> None:
    out = " ".join(re.sub("[│╭╮╰╯─]", " ", camsim(*names.split(), "--help").out).split())
    assert not re.findall(r"\[default: (?:None|False|\(\))?\]", out)
    assert f"[default: {REPOSITORY}" not in out


def test_help_says_a_default_of_nought(camsim: Camsim) -> None:
    assert re.search(r"--seed INT [^\[]*\[default: 0\]", camsim("simulate", "--help").out)


def test_help_breaks_lines_where_the_terminal_does(
    camsim: Camsim, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "300")
    paragraphs = camsim("verify", "--help").out.partition("╭")[0].split("\n\n")
    assert [len(part.splitlines()) for part in paragraphs if part] == [1, 1, 1, 1]


@pytest.mark.parametrize("option", ["-o", "--out", "--output"])
def test_every_command_writes_to_out(option: str) -> None:
    assert bound("transmit", "a", "--platform", "x", option, "b").output == "b"
    assert bound("manipulate", "a", "--sharpen", option, "b").output == "b"


@pytest.mark.parametrize("names", COMMANDS)
def test_the_table_says_what_the_command_says(names: str) -> None:
    first = class_of(names).__doc__.split("\n")[0].removesuffix(".")
    line = COMMANDS[names][1]
    assert first == line[0].upper() + line[1:]
    documented = re.findall(r"^    (\w+)\n        \S", class_of(names).__doc__, re.MULTILINE)
    assert len(set(documented)) == len(documented)
    assert set(documented) <= {field.name for field in fields(class_of(names))}


def test_every_command_has_an_example() -> None:
    assert set(EXAMPLES) == set(COMMANDS)


@pytest.mark.parametrize("names", COMMANDS)
def test_help_ends_with_an_example_that_is_taken(names: str, camsim: Camsim) -> None:
    words = shlex.split(EXAMPLES[names])
    assert words[: len(names.split()) + 1] == ["camsim", *names.split()]
    bound(*words[1:])
    shown = "".join(camsim(*names.split(), "--help").out.split())  # long ones are broken
    assert shown.endswith("".join(f"Example: {EXAMPLES[names]}".split()))


@pytest.mark.parametrize("group", ["", *GROUPS])
def test_help_of_a_group_has_an_example(group: str, camsim: Camsim) -> None:
    assert "\nExample: camsim " in camsim(*group.split(), "--help").out


def test_groups_are_of_the_table() -> None:
    assert set(GROUPS) == {names.split()[0] for names in COMMANDS if " " in names}


@dataclass
class Words:
    """What is typed, and what the command's options become."""

    words: str
    options: dict[str, Any]


@pytest.mark.parametrize(
    "case",
    [
        Words("info a.nef b.nef", {"raw": (Path("a.nef"), Path("b.nef"))}),
        Words("develop a -o b --exposure -1.5", {"out": Path("b"), "exposure": -1.5}),
        Words("develop --quality 80 a --quality 90", {"quality": 90, "raw": (Path("a"),)}),
        Words("develop -- -a", {"raw": (Path("-a"),)}),
        Words("develop a --max-memory 800MB", {"max_memory": 800 << 20}),
        Words("verify a b --resend", {"resend": (), "photos": (Path("a"), Path("b"))}),
        Words("verify a --resend whatsapp twitter", {"resend": ("whatsapp", "twitter")}),
        Words("transmit a --platform x --platform y -o b", {"platform": ("x", "y")}),
        Words("simulate a --white-balance 2 1.5", {"white_balance": (2.0, 1.5)}),
        Words("train joint --pictures a b --start-from c -o d --float32",
              {"pictures": (Path("a"), Path("b")), "float32": True}),
        Words("firmware export --tile 64 96 -o a --precision fp32 int8",
              {"tile": (64, 96), "precision": ("fp32", "int8")}),
        Words("firmware parity a b c --captures d",
              {"fp32": Path("a"), "models": (Path("b"), Path("c"))}),
    ],
    ids=lambda case: case.words,
)  # fmt: skip
def test_words_become_options(case: Words) -> None:
    command = bound(*case.words.split())
    assert {name: getattr(command, name) for name in case.options} == case.options


def test_a_service_takes_its_options_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CAMSIM_SERVE_PORT", "8123")
    monkeypatch.setenv("CAMSIM_SERVE_ALLOW_URLS", "true")
    monkeypatch.setenv("CAMSIM_SERVE_RESEND", "whatsapp twitter")
    monkeypatch.setenv("CAMSIM_SERVE_KEEP", "kept.db")
    serve = bound("serve", "--keep", "mine.db")
    assert (serve.port, serve.allow_urls) == (8123, True)
    assert serve.resend == ("whatsapp", "twitter")
    assert serve.keep == Path("mine.db")
    monkeypatch.setenv("CAMSIM_SERVE_PORT", "many")
    assert main(["serve"]) == 2


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("frobnicate", "there is no command 'frobnicate'; camsim --help lists them"),
        ("train frobnicate", "there is no command 'frobnicate'; camsim train --help lists them"),
        ("verfy a", "there is no command 'verfy'; did you mean verify? camsim --help lists them"),
        ("train jont", "there is no command 'jont'; did you mean joint? camsim train --help"),
        ("develop", "RAW is missing; camsim develop --help lists the options"),
        ("transmit a -o b", "--platform is missing; camsim transmit --help lists the options"),
        (
            "verify a --treads 3",
            "unknown option: --treads; did you mean --threads? camsim ",
        ),
        ("transmit a --platform whatsap -o b", "no platform 'whatsap'; did you mean whatsapp?"),
        ("develop a.nef --pipeline qnt", "there is no pipeline 'qnt'; did you mean qnet?"),
        ("verify a --threads 0", "--threads must be at least 1, not 0"),
        ("verify a --threads two", 'invalid value for --threads: unable to convert "two" into int'),
        ("simulate a --seed -1", "--seed cannot be negative, and is -1"),
        ("simulate a --blur 51", "--blur is 0 to 50, not 51"),
        ("develop a --max-memory lots", "'lots' is not a size; write it as 2GB or 800MB"),
        ("train nip -o a", "Exactly 1 of {--pictures, --raw}"),
        ("train nip -o a --pictures b --raw c", "Exactly 1 of {--pictures, --raw}"),
    ],
)
def test_wrong_words_are_one_line(words: str, said: str, camsim: Camsim) -> None:
    ran = camsim(*words.split())
    assert (ran.status, ran.out) == (2, "")
    [line] = ran.err.splitlines()
    assert line.startswith("camsim: ")
    assert said in line


@pytest.mark.parametrize(
    "words",
    [
        "verify {bad}", "verify {none}", "verify {empty}", "info {bad}", "info {none}",
        "info {empty}", "develop {bad}", "transmit {bad} {none} --platform facebook -o out/",
        "manipulate {none} --sharpen -o out.png", "simulate {bad}", "explain {none} -o out.png",
        "verify {png} --trust-anchors {none}", "verify {png} --revocation-lists {none}",
        "verify {png} --html {bad}/page.html", "identity show {none}", "firmware inspect {bad}",
        "watermark read {bad} {none} {empty}", "watermark read {png} --key {bad}",
        "watermark read {png} --key {none}", "watermark export-key {bad}",
        "watermark export-key out.json --vendor {none}",
        "identity issue {empty} --device out --vendor-passphrase-file {none}",
    ],
)  # fmt: skip
def test_an_error_says_a_name_once(words: str, camsim: Camsim, tmp_path: Path) -> None:
    names = {name: tmp_path / f"a-{name}-name" for name in ("bad", "none", "empty", "png")}
    names["bad"].write_bytes(b"no picture" * 50)
    names["empty"].mkdir()
    Image.new("RGB", (64, 64)).save(names["png"], "PNG")
    ran = camsim(*words.format(**names).replace("out", f"{tmp_path}/out").split())
    assert ran.status == 2
    for line in ran.err.splitlines():
        assert line.startswith("camsim: ")
        for path in names.values():
            assert line.count(path.name) <= 1, line


@pytest.mark.slow
def test_verify_and_info_take_folders(camsim: Camsim, tmp_path: Path) -> None:
    for place in ("b/two.png", "a.png"):
        (tmp_path / place).parent.mkdir(exist_ok=True)
        Image.new("RGB", (64, 64)).save(tmp_path / place)
    (tmp_path / "notes.txt").write_text("no picture")
    write_dng(tmp_path / "b" / "shot.dng", capture(64, 80))
    ran = camsim("verify", tmp_path, "--json", "--resend", "--threads", 1)
    named = [Path(json.loads(line)["photo"]).name for line in ran.out.splitlines()]
    assert named == ["a.png", "shot.dng", "two.png"]  # a RAW file is said to be one
    ran = camsim("info", tmp_path / "b")
    assert (ran.status, ran.out.splitlines()[0]) == (0, str(tmp_path / "b" / "shot.dng"))


def test_traceback_is_shown_when_asked_for(camsim: Camsim, tmp_path: Path) -> None:
    (tmp_path / "a.nef").write_bytes(b"no raw" * 100)
    words = ("develop", tmp_path / "a.nef", "--pipeline", "classical")
    assert "Traceback" not in camsim(*words).err
    assert "Traceback" in camsim("--traceback", *words).err
    assert "Traceback" not in camsim(*words).err


@pytest.mark.parametrize("package", ["channel", "verifier", "camera_sim", "firmware_export"])
def test_the_public_surface_is_what_it_lists(package: str) -> None:
    module = import_module(package)
    stub = ast.parse((REPOSITORY / package / "__init__.pyi").read_text(encoding="utf-8"))
    imported = [
        one.name for part in stub.body if isinstance(part, ast.ImportFrom) for one in part.names
    ]
    [listed] = [ast.literal_eval(part.value) for part in stub.body if isinstance(part, ast.Assign)]
    assert sorted(module.__all__) == sorted(listed) == sorted(imported)
    for name in listed:
        value = getattr(module, name)
        assert not isinstance(value, type(sys)), f"{name} is a module of the same name"
    with pytest.raises(AttributeError):
        _ = module.no_such_name


def test_completion_knows_commands_and_options(camsim: Camsim) -> None:
    script = camsim("completion", "bash").out
    for word in ("develop", "verify-archive", "--trust-anchors", "joint"):
        assert word in script


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
def test_output_into_a_full_disk_is_told_in_a_sentence() -> None:
    with Path("/dev/full").open("wb") as full:
        ran = subprocess.run(
            [sys.executable, "-m", "camera_sim.cli", "watermark", "keys"],
            check=False, stdout=full, stderr=subprocess.PIPE, text=True, cwd=REPOSITORY,
        )  # fmt: skip
    assert ran.returncode == 2
    assert "not all could be written: No space left" in ran.stderr
    assert "error of ours" not in ran.stderr


@pytest.mark.slow
def test_output_that_nobody_reads_is_no_verdict() -> None:
    """Status 0 of ``verify`` would mean consistent."""
    command = [sys.executable, "-m", "camera_sim.cli", "platforms"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        assert process.wait() == 141
        assert process.stderr.read() == b""
