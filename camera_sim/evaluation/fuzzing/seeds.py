"""Valid RAW files to damage: small ones of each container, with every optional tag there is."""

import io
import struct
import tempfile
from pathlib import Path

import numpy as np
import tifffile

from camera_sim.evaluation.fuzzing import ciff
from camera_sim.raw import exif_block, tiff_directory
from camera_sim.raw.capture_info import CaptureInfo
from camera_sim.raw.cfa import CFA_ORDERS, CFAPattern
from camera_sim.raw.exif_block import ExifBlock
from camera_sim.raw.libraw_file import CIFF_SIGNATURE
from camera_sim.raw.raw_image import RawImage
from camera_sim.raw.tiff_directory import DOUBLE, LONG, RATIONAL, SHORT, SRATIONAL, UNDEFINED, Entry
from camera_sim.sensor.cameras import CAMERAS
from camera_sim.sensor.dng import write_dng
from camera_sim.sensor.sensor import Noise, Sensor

SIDES = (64, 96)
ROWS_KEPT = 32
"""Of a genuine file."""
GAINS = (2.0, 1.0, 1.5)
CFA_PHOTOMETRIC = 32803
# Makers whose uncompressed files LibRaw reads by their name, and the suffix of these.
MAKERS = (
    ("NIKON CORPORATION", "NIKON D5200", ".nef"),
    ("NIKON CORPORATION", "NIKON D1", ".nef"),
    ("Eastman Kodak Company", "Kodak DCS460D", ".kdc"),
)

Seed = tuple[str, bytes]
"""A suffix, and a file."""


def seeds() -> list[Seed]:
    """Make a valid file of each kind."""
    made: list[Seed] = []
    for number, order in enumerate(CFA_ORDERS):
        image = _capture(CFAPattern(order), number)
        made.append((".dng", _dng(image)))
        made.append((".dng", with_entries(_dng(image), _optional(image))))
    made += [(suffix, _of_maker(make, model)) for make, model, suffix in MAKERS]
    return made


def genuine(path: Path) -> Seed:
    """Return a user's own file as a seed, cut down where its container is known."""
    content = path.read_bytes()
    if content[6:14] == CIFF_SIGNATURE:
        content = ciff.cut_down(content, ROWS_KEPT)
    else:
        content = _first_rows(content)
    return path.suffix.lower(), content


def _first_rows(content: bytes) -> bytes:
    """Cut an uncompressed TIFF-structured file after its first rows; any other stays as it is."""
    for directory in tiff_directory.directories(content):
        photometric, compression, height, offsets, bits, width = (
            directory.find(tag) for tag in (262, 259, 257, 273, 258, 256)
        )
        if not (photometric and compression and height and offsets and bits and width):
            continue
        if photometric.numbers() != (CFA_PHOTOMETRIC,) or compression.numbers() != (1,):
            continue
        row = int(width.numbers()[0] * bits.numbers()[0]) // 8 + 1
        end = int(offsets.numbers()[0]) + (ROWS_KEPT + 8) * row
        if height.type != LONG or end >= len(content):
            continue
        changed = bytearray(content[:end])
        struct.pack_into(f"{height.order}I", changed, height.place + 8, ROWS_KEPT)
        return bytes(changed)
    return content


def _capture(pattern: CFAPattern, number: int) -> RawImage:
    rng = np.random.default_rng(number)
    y, x = np.mgrid[0 : SIDES[0], 0 : SIDES[1]].astype(np.float32)
    waves = [0.35 + 0.3 * np.sin(x / (5 + c) + c) * np.cos(y / (7 - c)) for c in range(3)]
    sensor = Sensor(CAMERAS[number], pattern, noise=Noise(1e-4, 1e-6))
    image = sensor.capture(np.stack(waves, axis=-1).astype(np.float32), GAINS, rng)
    return RawImage(**{**vars(image), "info": _info(image.info, "<>"[number % 2])})


def _info(info: CaptureInfo, order: str) -> CaptureInfo:
    byte_order: tiff_directory.Order = "<" if order == "<" else ">"
    block = ExifBlock(
        byte_order,
        main=(exif_block.text(315, "Zoë Müller"), exif_block.text(306, "2024:05:01 10:11:12")),
        details=(
            exif_block.fraction(33434, 1 / 60, byte_order),
            exif_block.fraction(33437, 2.8, byte_order),
            exif_block.number(34855, SHORT, 200, byte_order),
            exif_block.text(36867, "2024:05:01 10:11:12"),
            exif_block.text(42036, "Objektiv 24–70"),
        ),
        place=(exif_block.text(1, "N"), _fractions(2, (52, 30, 0), byte_order)),
    )
    return CaptureInfo(make=info.make, model=info.model, exif=block.encoded())


def _fractions(tag: int, values: tuple[float, ...], order: tiff_directory.Order) -> Entry:
    parts = [part for value in values for part in (round(value * 10_000), 10_000)]
    kind, letter = (SRATIONAL, "i") if min(parts) < 0 else (RATIONAL, "I")
    return Entry(tag, kind, len(values), struct.pack(f"{order}{len(parts)}{letter}", *parts), order)


def _dng(image: RawImage) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "seed.dng")
        write_dng(path, image)
        return path.read_bytes()


def _optional(image: RawImage) -> list[Entry]:
    """Return every kind of optional tag of a DNG, as it may be."""
    order: tiff_directory.Order = ExifBlock.parsed(image.info.exif).order
    height, width = image.size
    assert image.xyz_to_camera is not None  # simulated
    matrix = tuple(map(float, image.xyz_to_camera.ravel()))
    unity = (1, 0, 0, 0, 1, 0, 0, 0, 1)
    opcode = struct.pack(">4I", 9, 0, 0, 4) + bytes(4)

    def whole(tag: int, kind: int, letter: str, *values: int) -> Entry:
        data = struct.pack(f"{order}{len(values)}{letter}", *values)
        return Entry(tag, kind, len(values), data, order)

    return [
        _fractions(50722, matrix, order),
        whole(50779, SHORT, "H", 17),
        *(_fractions(tag, unity, order) for tag in (50723, 50724, 50964, 50965)),
        _fractions(50727, (1, 1, 1), order),
        _fractions(50730, (0.5,), order),
        _fractions(50734, (1,), order),
        _fractions(50718, (1, 1), order),
        _fractions(50780, (1,), order),
        whole(50829, LONG, "I", 4, 4, height, width),
        whole(50719, LONG, "I", 2, 2),
        whole(50720, LONG, "I", width - 8, height - 8),
        _fractions(50715, (0.0,) * (width - 4), order),
        _fractions(50716, (0.0,) * (height - 4), order),
        whole(50712, SHORT, "H", *range(16384)),
        Entry(51009, UNDEFINED, 24, struct.pack(">I", 1) + opcode, order),
        Entry(51041, DOUBLE, 6, struct.pack(f"{order}6d", *(1e-4, 1e-6) * 3), order),
    ]


def with_entries(content: bytes, changed: list[Entry]) -> bytes:
    """Append a first directory with these tags in place of those it had."""
    order = tiff_directory.byte_order(content) or "<"
    taken = {entry.tag for entry in changed}
    first = tiff_directory.directories(content)[0].entries
    kept = [entry for entry in first if entry.tag not in taken and entry.data is not None]
    content += b"\0" * (len(content) % 2)
    directory = tiff_directory.encoded([*kept, *changed], order, len(content))
    return content[:4] + struct.pack(f"{order}I", len(content)) + content[8:] + directory


def _of_maker(make: str, model: str) -> bytes:
    file = io.BytesIO()
    tags = [
        (271, "s", 0, make, True),
        (272, "s", 0, model, True),
        (274, "H", 1, 6, True),
        (33421, "H", 2, (2, 2), True),
        (33422, "B", 4, bytes((0, 1, 1, 2)), True),
        (33434, "2I", 1, (1, 60), True),
        (34855, "H", 1, 200, True),
    ]
    tifffile.imwrite(file, _capture(CFAPattern("RGGB"), 0).samples, photometric=CFA_PHOTOMETRIC,
                     metadata=None, software="camsim", extratags=tags)  # fmt: skip
    return file.getvalue()
