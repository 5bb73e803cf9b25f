"""The camsim command: the composition root, and the one module that names every package's commands.

A command is a frozen dataclass: its fields are the options, its docstring the help, and calling it
runs it. It is imported when it is asked for; the table below is all that ``camsim --help`` needs.
"""

import errno
import os
import sys
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from importlib.metadata import version
from typing import Any, Final

from cyclopts import App, CycloptsError, Parameter
from cyclopts.config import Env

from camera_sim.commands.examples import EXAMPLES
from camera_sim.commands.table import COMMANDS, FROM_ENVIRONMENT, GROUPS
from camera_sim.errors import CameraSimError
from channel.at_work import at_work
from channel.command_line import HelpPage, show_traceback, shown, traced, words_of
from channel.errors import ChannelError, reason_of
from channel.terminal import complain, console, guarded
from firmware_export.errors import FirmwareError
from verifier.errors import VerifierError, WorkerError
from watermark.errors import WatermarkError

_WORDS: Final = frozenset(word for names in COMMANDS for word in names.split())
DONE, OUR_ERROR, BAD_INPUT, INTERRUPTED, NOT_READ = 0, 1, 2, 130, 141


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit status.

    0 done, 2 bad input, 1 an error of ours, 130 interrupted, 141 where who read the output stopped;
    3 and 4 are verdicts of ``verify``.
    """
    with guarded(), traced(sys.argv[1:] if argv is None else argv) as words:
        return _run(words)


def _run(words: list[str]) -> int:
    try:
        return run(words)
    except CycloptsError as error:
        complain(words_of(error))
        return BAD_INPUT
    except (CameraSimError, ChannelError, FirmwareError, VerifierError, WatermarkError) as error:
        complain(error)
        return OUR_ERROR if isinstance(error, WorkerError) else BAD_INPUT
    except KeyboardInterrupt as interrupt:
        complain(str(interrupt) or "interrupted")
        return INTERRUPTED
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return NOT_READ  # what a shell says of others; 0 would be a verdict
    except Exception as error:  # the last resort: never a traceback in a user's face
        return _told(error)


def run(words: Sequence[str]) -> int:
    """Run a command; what it raises is the caller's, and so is a `CycloptsError` of its words."""
    read, bound, _ = app_for(words).parse_args(
        words, console=console(), print_error=False, exit_on_error=False
    )
    command: Callable[[], int] | None = read(*bound.args, **bound.kwargs)
    if command is None:
        return DONE
    name = " ".join(word for word in words[:2] if word in _WORDS)
    with nullcontext() if name == FROM_ENVIRONMENT else at_work(name):
        return command()


def _told(error: Exception) -> int:
    if isinstance(error, OSError) and error.errno == errno.ENAMETOOLONG:
        complain(f"the name {error.filename} is too long for this system; choose a shorter one")
        return BAD_INPUT
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
        complain(f"not all could be written: {reason_of(error)}; make room and run it again")
        return BAD_INPUT
    show_traceback(error)
    kind = type(error).__name__
    complain(f"an error of ours, please report it: {kind}: {error} (--traceback shows where)")
    return OUR_ERROR


def app_for(words: Sequence[str] = ()) -> App:
    """Put the commands of every package together; the one that is asked for helps by itself."""
    options: dict[str, Any] = {
        "default_parameter": Parameter(negative=(), allow_repeating=True, show_default=shown),
        "help_format": "plaintext",
        "help_formatter": HelpPage(),
    }
    top = App(
        name="camsim",
        help="Simulated camera firmware, what platforms do to its pictures, and what can be known "
        "of a picture that comes back.",
        help_epilogue=f"Example: {EXAMPLES['verify']}\n\n"
        "camsim --traceback COMMAND shows where an error arose.",
        version=lambda: version("camsim"),
        **options,
    )
    groups = {"": top}
    for name, line in GROUPS.items():
        first = next(names for names in COMMANDS if names.startswith(f"{name} "))
        groups[name] = App(name=name, help=line, **_example(first), **options)
        top.command(groups[name])
    for names, (place, line) in COMMANDS.items():
        group, _, name = names.rpartition(" ")
        is_asked = list(words[: len(names.split())]) == names.split()
        more: dict[str, Any] = _example(names)
        if not is_asked:
            more["help"] = line
        if names == FROM_ENVIRONMENT:
            more["config"] = Env("CAMSIM_")
        groups[group].command(place, name=name, **more)
    return top


def _example(names: str) -> dict[str, Any]:
    """Return what a command's help ends with; nothing where no example is known."""
    return {"help_epilogue": f"Example: {EXAMPLES[names]}"} if names in EXAMPLES else {}


if __name__ == "__main__":
    sys.exit(main())
