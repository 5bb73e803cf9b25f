"""A process that reads hostile files and may die of one: its start, bounds, and way to answer."""

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Final

_FILES_BYTES: Final = 1 << 30
_UNKNOWN_SPACE: Final = 2_000_000_000


def started(program: str, environment: Mapping[str, str]) -> subprocess.Popen[bytes]:
    """Start a process that is asked over pipes, and finds the modules that this one finds.

    Parameters
    ----------
    program
        Python to run.
    environment
        What it gets beside this process's own.

    Raises
    ------
    OSError
        If it can't be started.
    """
    path = os.pathsep.join(entry for entry in sys.path if entry)
    return subprocess.Popen(
        # -P: a file named like a module, in the folder of the photos, must not be run.
        [sys.executable, "-P", "-c", program],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={**os.environ, **environment, "PYTHONPATH": path},
        bufsize=0,
        start_new_session=True,  # an interrupt is for us, not for it
    )


def private_output() -> int:
    """Keep the answers' way for ourselves: what libraries print goes nowhere."""
    answers = os.dup(1)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    sys.stdout = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115, PTH123
    return answers


def bound(memory_bytes: int) -> None:
    """Have the system refuse more memory, core dumps, and large files, where it can.

    Parameters
    ----------
    memory_bytes
        Address space beside what Python and its libraries have taken so far.
    """
    try:
        import resource
    except ImportError:  # Windows
        return
    bounds = {
        resource.RLIMIT_AS: memory_bytes + _own_space(),
        resource.RLIMIT_CORE: 0,
        resource.RLIMIT_FSIZE: _FILES_BYTES,
    }
    for kind, value in bounds.items():
        hard = resource.getrlimit(kind)[1]
        limit = value if hard == resource.RLIM_INFINITY else min(value, hard)
        try:
            resource.setrlimit(kind, (limit, limit))
        except (OSError, ValueError):  # some systems refuse some; time stays bounded
            continue


def _own_space() -> int:
    """Bytes of address space that are taken before any file is there."""
    try:
        pages = int(Path("/proc/self/statm").read_text(encoding="utf-8").split()[0])
    except (OSError, ValueError):  # not Linux: with room
        return _UNKNOWN_SPACE
    return pages * os.sysconf("SC_PAGE_SIZE")
