"""The process that decodes RAW files, and may die of one.

Run by `camera_sim.raw.process`, never by hand. It takes requests on its standard input and answers
on its standard output until that is closed.
"""

from pathlib import Path
from typing import Any, Final

import numpy as np

from camera_sim.errors import RawError, RawUnreadableError
from camera_sim.raw import libraw_rendering
from camera_sim.raw.messages import head_of
from camera_sim.raw.raw_file import RawFile
from camera_sim.raw.raw_image import read_raw
from fleet import framing, isolation

_SAID: Final = 2000  # characters of an error that are passed on
_LONGEST: Final = 1 << 40  # our own process asks: what it has read, it may send


def main() -> None:
    """Serve until the other side closes."""
    answers = isolation.private_output()
    first = framing.receive(0, 0)
    isolation.bound(first.head["memory_bytes"])
    framing.send(answers, {"ready": True})
    while True:
        try:
            request = framing.receive(0, _LONGEST)
        except framing.ClosedError:
            return
        head, body = _answer(request)
        framing.send(answers, head, body)


def _answer(request: framing.Message) -> tuple[dict[str, Any], Any]:
    file = RawFile(Path(request.head["path"]), bytes(request.body))
    try:
        return _answer_of(file, request.head.get("render"))
    except RawError as error:
        return _error(type(error).__name__, str(error)), b""
    except (MemoryError, RecursionError):
        words = f"{file.path} needs more memory than a RAW file may; it is damaged or hostile"
        return _error(RawUnreadableError.__name__, words), b""
    except Exception as error:  # a defect of ours: it is reported as one, and stops nothing
        words = f"{file.path}: {type(error).__name__}: {error}"
        return _error("UnforeseenError", words), b""


def _answer_of(file: RawFile, render: dict[str, Any] | None) -> tuple[dict[str, Any], Any]:
    if render is None:
        image = read_raw(file)
        return head_of(image), np.ascontiguousarray(image.samples).data
    picture = np.ascontiguousarray(libraw_rendering.render(file, **render))
    return {"shape": picture.shape, "dtype": picture.dtype.name}, picture.data


def _error(kind: str, words: str) -> dict[str, Any]:
    return {"error": kind, "message": words[:_SAID]}
