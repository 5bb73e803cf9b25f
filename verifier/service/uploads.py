"""A photo as a request brings it: a form, the bare file, or a URL. Bounded in bytes and time.

It is held in memory and never written to a disk, so a form's file is not spooled either.
"""

import json
import re
import sys
from collections.abc import AsyncGenerator
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Final

from fastapi import Request
from python_multipart.multipart import parse_options_header
from starlette.datastructures import Headers, UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.requests import ClientDisconnect

from channel.printable import printable
from verifier.errors import PhotoTooLargeError, PhotoUnsupportedError
from verifier.service.arriving import Arriving, UploadLimits, arriving
from verifier.service.held import Lease
from verifier.service.problems import RequestError

_LONGEST_NAME: Final = 255
_FORM_EXTRA: Final = 20_000  # bytes of boundaries, headers and small fields
_LONGEST_JSON: Final = 20_000
_LONGEST_BOUNDARY: Final = 70  # RFC 2046, 5.1.1
_WHOLE_FILE: Final = ("image/", "application/octet-stream")


@dataclass(frozen=True)
class Upload:
    """What a request brings: a file's bytes, or the URL of one; and what the file is called."""

    photo: bytes | None
    url: str | None
    name: str | None


async def read_upload(request: Request, limits: UploadLimits, lease: Lease) -> Upload:
    """Read a request's photo.

    Parameters
    ----------
    lease
        Grows by what is held.

    Raises
    ------
    RequestError
        If the request is no photo, no form with one, and no URL.
    PhotoTooLargeError
        If it is larger than allowed; before it is read where it says so.
    PhotoUnsupportedError
        If its Content-Type is none of those.
    SlowUploadError
        If it doesn't arrive in time.
    BusyError
        If too many photos are held.
    """
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    try:
        async with arriving(limits, lease) as progress:
            if kind == "multipart/form-data":
                return await _form(request, limits, progress)
            if kind == "application/json":
                return _named(await _body(request, _LONGEST_JSON, progress))
            if kind.startswith(_WHOLE_FILE):
                content = await _body(request, limits.file_bytes, progress)
                return Upload(content, None, plain_name(request.query_params.get("name")))
    except ClientDisconnect:
        raise RequestError("the upload broke off; send it again") from None
    raise PhotoUnsupportedError(
        f"the Content-Type {kind[:60]!r} is none that is taken; send multipart/form-data with the "
        'field "file", the file itself as image/*, or JSON with a "url"'
    )


async def read_body(request: Request, most: int, limits: UploadLimits, lease: Lease) -> bytes:
    """Read a request's body as it is.

    Parameters
    ----------
    most
        Bytes that are taken.
    lease
        Grows by what is held.

    Raises
    ------
    RequestError
        If it breaks off.
    PhotoTooLargeError
        If it is larger than allowed; before it is read where it says so.
    SlowUploadError
        If it doesn't arrive in time.
    BusyError
        If too much is held.
    """
    try:
        async with arriving(limits, lease) as progress:
            return await _body(request, most, progress)
    except ClientDisconnect:
        raise RequestError("the upload broke off; send it again") from None


def plain_name(name: str | None) -> str | None:
    r"""Return a file's name without folders, and with what isn't seen written out.

    >>> plain_name("..\\..\\etc/pass\x1bwd.jpg")
    'pass\\x1bwd.jpg'
    """
    last = re.split(r"[/\\]", name or "")[-1]
    clean = printable(last).strip(" .")
    return clean[-_LONGEST_NAME:] or None


class _MemoryForm(MultiPartParser):
    """Starlette's reader of forms, that keeps a file in memory."""

    spool_max_size = sys.maxsize

    def close(self) -> None:
        for file in self._files_to_close_on_error:
            file.close()


def _headers(request: Request) -> Headers:
    """Keep of a form's Content-Type the boundary alone: its charset could be any of Python's."""
    _, options = parse_options_header(request.headers["content-type"])
    boundary = options.get(b"boundary")
    if not boundary or len(boundary) > _LONGEST_BOUNDARY:
        raise MultiPartException("Missing boundary in multipart, or one that is too long.")
    value = b'multipart/form-data; boundary="' + boundary.replace(b'"', b"") + b'"'
    return Headers(raw=[(b"content-type", value)])


async def _form(request: Request, limits: UploadLimits, progress: Arriving) -> Upload:
    stream = _counted(request, limits.file_bytes + _FORM_EXTRA, progress)
    with ExitStack() as stack:
        try:
            parser = _MemoryForm(_headers(request), stream, max_files=1, max_fields=8)
            stack.callback(parser.close)
            form = await parser.parse()
        except MultiPartException as error:
            raise RequestError(f"the form can't be read: {error.message}") from error
        except (ValueError, LookupError, AssertionError) as error:  # of what parses its headers
            raise RequestError("the form can't be read: a header of it is malformed") from error
        file, url = form.get("file"), form.get("url")
        if isinstance(file, UploadFile) and url is None:
            return Upload(file.file.read(), None, plain_name(file.filename))
    if isinstance(url, str) and file is None:
        return Upload(None, url, None)
    raise RequestError('the form needs a "file" with a name, or a "url", and not both')


def _named(body: bytes) -> Upload:
    try:
        content = json.loads(body)
        url = content["url"]
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise RequestError('the JSON must be an object with a "url"') from error
    if not isinstance(url, str) or set(content) != {"url"}:
        raise RequestError('the JSON must be an object with a "url", a string, and nothing else')
    return Upload(None, url, None)


async def _body(request: Request, most: int, progress: Arriving) -> bytes:
    body = bytearray()
    async for chunk in _counted(request, most, progress):
        body += chunk
    return bytes(body)


async def _counted(request: Request, most: int, progress: Arriving) -> AsyncGenerator[bytes, None]:
    """Pass a request's body on, as long as it is within bounds."""
    declared = request.headers.get("content-length", "")
    if declared.isdecimal() and int(declared) > most:
        raise PhotoTooLargeError(_too_large(most))
    count = 0
    async for chunk in request.stream():
        count += len(chunk)
        if count > most:
            raise PhotoTooLargeError(_too_large(most))
        await progress.came(len(chunk))
        yield chunk


def _too_large(most: int) -> str:
    return f"the upload is larger than {most:,} bytes, which is the most that is taken"
