"""The reading process: decodes what strangers uploaded, and may die of it.

Run by `verifier.reading.process`, never by hand. It takes requests on its standard input, says of
each that it has it, and answers on its standard output until that is closed.
"""

from typing import Any, Final

import numpy as np

from fleet import framing, isolation
from verifier.errors import PhotoError, PhotoTooLargeError, PhotoUnreadableError
from verifier.reading.credentials.recovered import read_recovered
from verifier.reading.credentials.recovered_message import RecoveredMessage
from verifier.reading.reading import Reading, read_file, read_pixels
from verifier.settings import Settings

_SAID: Final = 2000  # characters of an error that are passed on
_FILES_BYTES: Final = 1 << 30


def main() -> None:
    """Serve until the other side closes."""
    answers = isolation.private_output()
    first = framing.receive(0, 0)
    settings = Settings.of_message(first.head)
    limits = settings.limits
    isolation.bound(limits.memory_bytes)
    framing.send(answers, {"ready": True})
    while True:
        try:
            request = framing.receive(0, 3 * limits.pixels + limits.file_bytes)
        except framing.ClosedError:
            return
        framing.send(answers, {"taken": True})
        try:
            head, body = _serve(request, settings)
        except MemoryError:
            _answer_error(answers, PhotoTooLargeError("it needs more memory than the limits allow"))
        except PhotoError as error:
            _answer_error(answers, error)
        except RecursionError:
            _answer_error(answers, PhotoUnreadableError("it is nested too deeply; get it again"))
        else:
            framing.send(answers, head, body)


def _serve(request: framing.Message, settings: Settings) -> tuple[dict[str, Any], Any]:
    """Return the head and the body of an answer."""
    head, data = request.head, bytes(request.body)
    if head.get("manifest"):
        return _recovered(data, settings)
    platform = head.get("platform")
    if platform is None:
        return _read(read_file(data, settings, cues=head.get("cues", True)))
    shape = head.get("shape")
    photo = np.frombuffer(data, np.uint8).reshape(shape) if shape else data
    return _read(resent(photo, platform, settings))


def _read(reading: Reading) -> tuple[dict[str, Any], Any]:
    parts = [reading.pixels, *([] if reading.converted is None else [reading.converted])]
    body = np.ascontiguousarray(parts[0] if len(parts) == 1 else np.stack(parts))
    head = {"facts": reading.facts.model_dump(mode="json"), "pictures": len(parts)}
    return head, body.data


def _recovered(store: bytes, settings: Settings) -> tuple[dict[str, Any], Any]:
    found = read_recovered(store, *settings.pem)
    body = b"" if found.reference is None else np.ascontiguousarray(found.reference).data
    return {"recovered": RecoveredMessage.of(found).model_dump(mode="json")}, body


def resent(
    photo: "bytes | np.ndarray[Any, np.dtype[np.uint8]]", platform: str, settings: Settings
) -> Reading:
    """Send a photo, a file or pixels, through a platform, and read what it serves.

    Raises `PhotoError`; for untrusted files use `DecoderProcesses.resend`.
    """
    from channel import transmit
    from channel.errors import ChannelError

    try:
        photo = photo if isinstance(photo, np.ndarray) else _first_frame(photo)
        downloaded = transmit(photo, platform)
    except ChannelError as error:
        raise PhotoUnreadableError(str(error)) from error
    except (OSError, ValueError, SyntaxError) as error:
        raise PhotoUnreadableError(f"the picture is damaged ({error}); get it again") from error
    if isinstance(photo, np.ndarray) and not downloaded.startswith(b"\xff\xd8"):
        return read_pixels(photo)
    return read_file(downloaded, settings)


def _first_frame(data: bytes) -> "bytes | np.ndarray[Any, np.dtype[np.uint8]]":
    """Return what is analysed: of an animation, which platforms turn to video, a frame."""
    from channel.picture_file import open_picture

    file = open_picture(data)
    return data if file.frames == 1 else np.asarray(file.srgb())


def _answer_error(answers: int, error: PhotoError) -> None:
    framing.send(answers, {"error": type(error).__name__, "message": str(error)[:_SAID]})
