"""Edited copies of a photo as platforms serve them, and what is left of their watermark."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from itertools import chain

import numpy as np
from PIL import Image

from camera_sim.evaluation.watermark.changes import pixels
from camera_sim.evaluation.watermark.photos import CAMERA_QUALITY, Picture, Shot, as_jpeg
from channel import transmit
from channel.manipulations import GAUSSIAN, JPEG, MANIPULATIONS, RESAMPLE, SHARPEN
from channel.platforms import PLATFORMS, platform
from verifier.detectors.edit_answer import EXPORTED
from verifier.detectors.edits import placed_exactly, unknown_of_the_whole
from verifier.features.jpeg_header import jpeg_header
from verifier.reading.reading import read_file
from verifier.settings import Settings
from verifier.watermark.description import describe
from verifier.watermark.reader import WatermarkReading, read_watermark
from verifier.watermark.transfer import measure_transfer

NATIVE = "native"
_NAMES = {profile.name for profile in PLATFORMS}
FILE = "file"
"""The camera's own file, as a platform."""
PAPER = "paper"
"""The channel of Korus & Memon 2019, as a platform."""
PAPER_QUALITY = 50
RESAVED = JPEG.name
KERNELS = {
    EXPORTED: Image.Resampling.BICUBIC,
    "exported by Lanczos": Image.Resampling.LANCZOS,
    "exported by triangle": Image.Resampling.BILINEAR,
    "exported by box": Image.Resampling.BOX,
}
"""By which a photo is made smaller, to a share of its sides, before it is saved for the web. The
triangle is WordPress's; it takes about as much as resizing down and up."""
EXPORT_QUALITY = 85
LEAST_RESAVED = 75
"""Quality of JPEG from which a photo that was saved again counts as unedited in training. Coarser
steps take fine detail from smooth parts as smoothing does, and the answer's words say so."""
WAYS = (
    ("whatsapp",), ("instagram",), ("facebook",), ("twitter",), ("telegram",),
    ("facebook", "whatsapp"), ("instagram", "telegram"), ("twitter", "whatsapp"),
)  # fmt: skip
"""Platforms, and chains of two."""
BY_NAME = {one.name: one for one in MANIPULATIONS}


@dataclass(frozen=True)
class Edit:
    """What is done to a photo before it is shared.

    Attributes
    ----------
    kind
        ``native``, or a manipulation's name.
    amount
        The manipulation's strength.
    """

    kind: str
    amount: float = 0.0

    def __call__(self, picture: Picture) -> Picture:
        """Apply it to (H, W, 3) uint8."""
        if self.kind == NATIVE:
            return picture
        if self.kind in KERNELS:
            return _exported(picture, self.amount, KERNELS[self.kind])
        return BY_NAME[self.kind](picture, self.amount)

    def __str__(self) -> str:
        """Name it, and how much."""
        return self.kind if self.kind == NATIVE else f"{self.kind} {self.amount:g}"


STANDARD = (
    Edit(NATIVE),
    *(Edit(one.name, one.strength) for one in (SHARPEN, GAUSSIAN, RESAMPLE, JPEG)),
)
"""Those of Korus & Memon 2019, section 4.2."""
HELD_OUT = (
    Edit("median", 3), Edit("noise", 2), Edit("gamma", 1.2), Edit("sharpen", 0.5),
    Edit("gaussian", 0.6), Edit("gaussian", 1.5), Edit("resample", 1.5), Edit("resample", 3),
    Edit("jpeg", 65), Edit(EXPORTED, 0.65), Edit(EXPORTED, 0.8),
    *(Edit(kind, 0.5) for kind in KERNELS if kind != EXPORTED),
)  # fmt: skip
"""Of kinds or at strengths that no training of the network of edits saw as such."""


def _exported(picture: Picture, share: float, kernel: Image.Resampling) -> Picture:
    size = tuple(round(side * share) for side in picture.shape[1::-1])
    return np.asarray(Image.fromarray(picture).resize(size, kernel))


def drawn_edits(rng: np.random.Generator) -> list[Edit]:
    """Draw an edit of each kind with another strength."""
    return [
        Edit(NATIVE),
        Edit("sharpen", round(float(rng.uniform(0.4, 2)), 2)),
        Edit("gaussian", round(float(rng.uniform(0.55, 1.6)), 2)),
        Edit("resample", round(float(rng.uniform(1.4, 3.5)), 2)),
        Edit("jpeg", int(rng.integers(LEAST_RESAVED, 92))),
        *(Edit(EXPORTED, round(float(rng.uniform(0.5, 0.95)), 2)) for _ in range(2)),
        *(Edit(kind, round(float(rng.uniform(0.35, 0.8)), 2)) for kind in KERNELS),
    ]


@dataclass(frozen=True)
class Measured:
    """What is left of the watermark of one copy.

    Attributes
    ----------
    photo, kind, amount, way
        Whose copy it is, what was done to it, through which platforms it went.
    keyed, blind
        As `describe` gives them, with the photo's own key and with the group's alone; empty where
        the payload was not read, or where that wasn't measured.
    unknown
        Why a report says nothing of the whole copy; nothing is measured then. "" where it judges.
    """

    photo: str
    kind: str
    amount: float
    way: tuple[str, ...]
    keyed: tuple[float, ...] = ()
    blind: tuple[float, ...] = ()
    unknown: str = ""

    @property
    def truth(self) -> str:
        """What it is to be called: a copy that was only saved again is as the camera's."""
        if self.kind in KERNELS:
            return EXPORTED
        return NATIVE if self.kind == RESAVED else self.kind

    @property
    def unedited(self) -> bool:
        """Whether it counts as unedited: the camera's, saved again, or exported."""
        return self.kind in (NATIVE, RESAVED, *KERNELS)

    def numbers(self, *, keyed: bool) -> tuple[float, ...]:
        """Return what was measured with the photo's own key, or with the group's alone."""
        return self.keyed if keyed else self.blind

    def row(self) -> dict[str, object]:
        """Return it as a row of a table, or of a file of JSON lines."""
        return asdict(self)


def measured(
    shot: Shot, edit: Edit, ways: Sequence[Sequence[str]], quality: int = CAMERA_QUALITY
) -> Iterator[Measured]:
    """Edit a photo, save it, send it through each of several ways, and measure what comes back.

    ``quality`` is of what is saved; an export has its own.
    """
    file = as_jpeg(edit(shot.photo), EXPORT_QUALITY if edit.kind in KERNELS else quality)
    for way in ways:
        yield measured_copy(shot, edit, file, way)


def measured_copy(
    shot: Shot, edit: Edit, file: bytes, way: Sequence[str], *, blind: bool = True
) -> Measured:
    """Send the saved file of an edited photo through platforms, and measure what comes back.

    Nothing is measured where a report says nothing of the whole picture.

    Parameters
    ----------
    blind
        Whether that is measured with the group's key alone, too.
    """
    received = sent(file, way)
    picture = pixels(received)
    reading = read_watermark(picture, [shot.keys.group], search=False)
    of = (shot.name, edit.kind, edit.amount, tuple(way))
    if reading.payload != shot.payload:
        return Measured(*of)
    reading, unmeasured = placed_exactly(reading, shot.keys.group)
    unknown = unmeasured or unknown_of_the_whole(read_file(received, Settings()), picture, reading)
    if unknown:
        return Measured(*of, unknown=unknown)
    return Measured(*of, *described(received, picture, reading, shot, blind=blind))


def ways_of(names: Sequence[str]) -> tuple[tuple[str, ...], ...]:
    """Take platforms apart that are written as on the command line; `WAYS` where none is given.

    Parameters
    ----------
    names
        Such as ``facebook``, ``facebook+telegram`` (a chain), ``paper``, or ``file`` (none).

    Raises
    ------
    UnknownPlatformError
        For an unknown platform.
    """
    ways = tuple(dict.fromkeys(map(_way, names))) or WAYS
    for name in chain.from_iterable(ways):
        if name != PAPER:
            platform(name)
    return ways


def _way(name: str) -> tuple[str, ...]:
    if name == FILE:
        return ()
    return (name,) if name.lower() in _NAMES else tuple(name.split("+"))


def sent(file: bytes, way: Sequence[str]) -> bytes:
    """Send a file through platforms, one after the other."""
    for name in way:
        file = _through_paper(file) if name == PAPER else transmit(file, name)
    return file


def _through_paper(file: bytes) -> bytes:
    """Send a file through the channel of Korus & Memon 2019: half the size, JPEG 50."""
    picture = Image.fromarray(pixels(file))
    half = picture.resize((picture.width // 2, picture.height // 2), Image.Resampling.BILINEAR)
    return as_jpeg(np.asarray(half), PAPER_QUALITY)


def described(
    file: bytes, picture: Picture, reading: WatermarkReading, shot: Shot, *, blind: bool = True
) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Describe a received file's watermark with the photo's own key, and without unless told."""
    header = jpeg_header(file)
    steps = header.luma if header else None
    keyed, without = (
        tuple(describe(measure_transfer(picture, reading, shot.keys.group, key, steps)).tolist())
        if key or blind
        else ()
        for key in (shot.keys.device.of_photo(shot.payload), None)
    )
    return keyed, without
