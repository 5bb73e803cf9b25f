"""Opening a RAW file with LibRaw: what it cannot decode, and damage that it only mutters about."""

import os
import re
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import rawpy

from camera_sim.errors import RawUnreadableError
from camera_sim.raw.raw_file import RawFile

# What LibRaw's default data callback prints (libraw_cxx.cpp), after the file's name.
LIBRAW_COMPLAINT = re.compile(rb"(Unexpected end of file|data corrupted at \d+)")
STDERR = 2
_UNPACKING = threading.Lock()
CIFF_SIGNATURE = b"HEAPCCDR"  # CIFF 1.0 revision 4, section 2: bytes 6 to 13
# What a user may have taken for a RAW file, by its first bytes.
OTHER_FORMATS = {
    b"\xff\xd8\xff": "a JPEG picture",
    b"\x89PNG": "a PNG picture",
    b"GIF8": "a GIF picture",
    b"%PDF": "a PDF document",
    b"PK\x03\x04": "a ZIP archive",
}


@contextmanager
def open_libraw(file: RawFile) -> Iterator["rawpy.RawPy"]:
    """Open a file with LibRaw and unpack it, its errors turned into ours.

    Raises
    ------
    RawUnreadableError
        Of another format, truncated or damaged.
    """
    path = file.path
    try:
        with _named(file.content) as name, rawpy.imread(name) as raw:
            with _complaints() as complaints:
                raw.unpack()
            if complaints:
                raise RawUnreadableError(
                    f"{path} is damaged ({complaints[0]}); copy it from the card again"
                )
            yield raw
    except rawpy.LibRawFileUnsupportedError as error:
        raise RawUnreadableError(f"{path} is {_other_format(file.content)}") from error
    except rawpy.LibRawNonFatalError as error:
        raise RawUnreadableError(f"{path} cannot be decoded: {_reason(error)}") from error
    except (rawpy.LibRawIOError, rawpy.LibRawDataError) as error:
        raise RawUnreadableError(
            f"{path} is truncated or damaged ({_reason(error)}); copy it from the card again"
        ) from error
    except rawpy.LibRawError as error:
        raise RawUnreadableError(f"{path} cannot be decoded: {_reason(error)}") from error


def embedded_jpeg(raw: "rawpy.RawPy") -> bytes | None:
    """Return the JPEG preview of an open file, or None."""
    try:
        thumb = raw.extract_thumb()
    except (rawpy.LibRawError, NotImplementedError):  # the latter of a kind that rawpy doesn't know
        return None
    return bytes(thumb.data) if thumb.format == rawpy.ThumbFormat.JPEG else None


@contextmanager
def _named(content: bytes) -> Iterator[str]:
    """Yield a name under which LibRaw finds these bytes, whatever the user's file is called.

    Not as a file object: rawpy 0.28 then crashes in extract_thumb().
    """
    if hasattr(os, "memfd_create"):
        with os.fdopen(os.memfd_create("raw"), "wb", buffering=0) as memory:
            memory.write(content)
            yield f"/proc/self/fd/{memory.fileno()}"
        return
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "raw")
        path.write_bytes(content)
        yield str(path)


@contextmanager
def _complaints() -> Iterator[list[str]]:
    """Collect what LibRaw writes to the standard error: the one place where it reports damage.

    It decodes on over corrupt data as if nothing were wrong. What others write there meanwhile is
    passed on.
    """
    complaints: list[str] = []
    with tempfile.TemporaryFile() as caught, _UNPACKING:
        kept = os.dup(STDERR)
        os.dup2(caught.fileno(), STDERR)
        try:
            yield complaints
        finally:
            os.dup2(kept, STDERR)
            caught.seek(0)
            for line in caught.read().splitlines(keepends=True):
                found = LIBRAW_COMPLAINT.search(line)
                if found:
                    complaints.append(found[0].decode())
                else:
                    os.write(kept, line)
            os.close(kept)


def _reason(error: Exception) -> str:
    message = error.args[0] if error.args else error
    return message.decode(errors="replace") if isinstance(message, bytes) else str(message)


def _other_format(content: bytes) -> str:
    head = content[:16]
    if head[6:14] == CIFF_SIGNATURE:
        return "truncated: a CRW's directory lies at its end; copy it from the card again"
    for signature, kind in OTHER_FORMATS.items():
        if head.startswith(signature):
            return f"{kind}, not a RAW file; `camsim simulate` makes a RAW capture of a picture"
    return "not a RAW file that LibRaw knows, or its header is damaged"
