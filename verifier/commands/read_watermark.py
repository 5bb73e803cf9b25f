"""``camsim watermark read``: which photo a picture is of, by the watermark in its pixels."""

import json
import time
from collections.abc import Iterator
from dataclasses import KW_ONLY, dataclass
from math import floor, log10
from pathlib import Path
from typing import Any, Final

from channel.command_line import complain_of
from channel.printable import name_as_text, whole_text
from channel.terminal import Progress, complain, say
from verifier.errors import PhotoError
from verifier.photo_files import photos_of
from verifier.watermark.known_keys import known_keys
from verifier.watermark.photo import WatermarkReader
from verifier.watermark.reader import WatermarkReading

_UNREAD: Final = WatermarkReading(found=False)
_CUT: Final = 3.0  # pixels of the photo; a corner that lies nearer to the photo's own is that one


@dataclass(frozen=True)
class ReadWatermark:
    """Read the watermark of pictures: which photo each is of, and which part of it.

    Each picture is held against the keys of your own folder (`camsim watermark keys` lists them)
    and those that --key names. It may be scaled, compressed, cut, turned and mirrored.

    Exit status: 0, whether watermarks were found or not; 2 where a picture or a key can't be read.

    Parameters
    ----------
    photos
        JPEG, PNG, WebP…, and folders, with all that is under them.
    json
        Print one JSON line a picture.
    key
        File of another group's key; may be given several times.
    no_search
        Read uncut pictures alone, which is faster.
    """

    photos: tuple[Path, ...]
    _: KW_ONLY
    json: bool = False
    key: tuple[Path, ...] = ()
    no_search: bool = False

    def __call__(self) -> int:
        """Read each, and print a line of it; 2 if any could not be read."""
        known = known_keys(self.key)
        for problem in known.problems:
            complain(problem)
        photos, failed = _photos(self.photos)
        failed |= bool(known.problems)
        reader = WatermarkReader(known.keys, search=not self.no_search)
        with reader, Progress(disable=len(photos) == 1) as bar:
            task = bar.add_task("reading", total=len(photos))
            for photo in photos:
                line, error = _line_of(photo, reader, as_json=self.json)
                if line:
                    say(line)
                if error:
                    failed = True
                    complain_of(photo, error)
                bar.advance(task)
        return 2 if failed else 0


def _photos(paths: tuple[Path, ...]) -> tuple[list[Path], bool]:
    """Name every picture; whether there was a folder without one, of which it is said."""
    found, failed = [], False
    for path in paths:
        try:
            found += photos_of([path])
        except PhotoError as error:
            failed = True
            complain(error)
    return found, failed


def _line_of(photo: Path, reader: WatermarkReader, *, as_json: bool) -> tuple[str, str | None]:
    """Return the line to print of a picture, and why it couldn't be read."""
    start, error, reading = time.perf_counter(), None, _UNREAD
    try:
        reading = reader.read(photo)
    except PhotoError as failure:
        error = str(failure)
    if as_json:
        return _json(photo, reading, time.perf_counter() - start, error), error
    return "" if error else f"{photo}: {in_words(reading)}", error


def _json(photo: Path, reading: WatermarkReading, seconds: float, error: str | None) -> str:
    # ASCII passes every terminal and pipe; DEL is the one character of it that steers.
    line = {"file": name_as_text(str(photo))} | as_record(reading)
    line |= {"seconds": round(seconds, 3)} | ({"error": whole_text(error)} if error else {})
    return json.dumps(line).replace("\x7f", "\\u007f")


def as_record(reading: WatermarkReading) -> dict[str, Any]:
    """Return what was read as JSON has it."""
    offset, scale = reading.offset, reading.scale
    return {
        "found": reading.found,
        "payload": reading.payload.hex() if reading.payload else None,
        "key": reading.key,
        "scale": scale and round(scale, 6),
        "offset": offset and [round(pixels, 2) for pixels in offset],
        "turned": reading.turned,
        "mirrored": reading.mirrored,
        "slant": reading.slant and round(reading.slant, 2),
        "false_hit_rate": reading.false_hit_rate,
    }


def in_words(reading: WatermarkReading) -> str:
    """Say what was read, in a line."""
    if reading.payload is None:
        return "no watermark of a known key was found"
    how = ", ".join(_handling(reading))
    return (
        f"payload {reading.payload.hex()}, by the key {reading.key}; {how}; "
        f"a false hit is rarer than {_as_power(reading.false_hit_rate)}"
    )


def _handling(reading: WatermarkReading) -> Iterator[str]:
    if reading.scale is not None:
        yield f"at {reading.scale:.1%} of the photo's size"
    if reading.offset is not None and max(map(abs, reading.offset)) > _CUT:
        across, down = reading.offset
        yield f"its corner lies {across:.0f} pixels across and {down:.0f} down the photo"
    if reading.mirrored:
        yield "mirrored"
    if reading.turned:
        yield f"turned clockwise by {reading.turned}°"
    if reading.slant:
        yield f"straightened by {abs(reading.slant):.1f}°"


def _as_power(rate: float) -> str:
    return f"1e{floor(log10(rate)) + 1}" if rate > 0 else "1e-300"
