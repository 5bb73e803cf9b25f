"""Pictures transmitted through platforms, and what header and pixels say: one record each.

Sending is slow and hangs on no model, so what came back is kept, a file a source: facts, and the
histograms of its patches.
"""

import csv
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from channel import transmit
from channel.errors import ChannelError, reason_of
from channel.output import replacing
from verifier.detectors.model import Model
from verifier.detectors.platform import scored
from verifier.errors import OutputError, ScoresError
from verifier.evaluation.platform.classes import (
    CLASSES,
    EIGHT,
    IN_2016,
    ORIGINAL,
    OTHER,
    SELECTION,
    THREE,
)
from verifier.evaluation.scores import NO_PLATFORM, Row
from verifier.evaluation.uploads import (
    PAPER_QUALITIES,
    Pixels,
    downloaded,
    drawn_upload,
    is_untouched,
    pixels_of,
)
from verifier.features.dct_histogram import PATCH, patch_histograms
from verifier.features.jpeg_header import jpeg_header
from verifier.features.jpeg_quality import table_quality
from verifier.features.patches import Patches, choose_patches
from verifier.reading.channel import read_channel

# Of the ninth class, "other", so many of its profiles are drawn for an upload.
OTHERS: Final = 3
# Platforms that chains of two are made of, by their pipelines of 2016, and chains of each source.
CHAINED: Final = ("facebook", "flickr", "instagram", "telegram", "twitter", "whatsapp")
PAIRS: Final = 3


@dataclass(frozen=True)
class Sent:
    """One picture that came back.

    Attributes
    ----------
    photo
        Its source; all pictures of one share it.
    truth, profile
        The class and the profile of the last platform; ``before`` is the class of the one before,
        or "".
    quality
        Of the upload, as libjpeg counts; ``paper`` if it was drawn from the paper's ten.
    tables
        Of luma, in words or as the sum of its steps.
    untouched
        Whether luma can't distinguish it from the upload.
    jpeg
        Whether it is a JPEG file, so that it has a header.
    named, earlier
        Platform that the header names, and one before it, or "".
    """

    photo: str
    truth: str
    profile: str
    before: str
    quality: int
    paper: bool
    tables: str
    width: int
    height: int
    untouched: bool
    jpeg: bool
    named: str
    earlier: str


@dataclass(frozen=True)
class Record:
    """What a model says of one picture.

    Attributes
    ----------
    eight, three
        Patches that are likeliest of each of the eight and of the three classes.
    mean_log, patches
        Mean log probabilities of all labels, over so many patches.
    """

    sent: Sent
    eight: tuple[int, ...]
    three: tuple[int, ...]
    mean_log: tuple[float, ...]
    patches: int

    @property
    def row(self) -> Row:
        """For calibration."""
        sent = self.sent
        return Row(
            file=f"{sent.photo}.{sent.profile}.{sent.width}x{sent.height}",
            photo=sent.photo,
            truth=sent.truth,
            platform=NO_PLATFORM,
            channel="",
            patches=self.patches,
            mean_log=self.mean_log,
        )


Picture = tuple[Sent, NDArray[np.uint8]]


def kept_pictures(path: Path, number: int, seed: int, folder: Path) -> list[Picture]:
    """Send one source by every class and by chains, or read what an earlier run kept of it.

    The first upload has a quality of the paper's and goes through the pipelines of 2016, the second
    any quality, and goes through all profiles of the classes and some of the others.

    Raises
    ------
    OutputError
        If the folder can't be written.
    """
    kept = folder / f"{number:05}-{path.stem}.npz"
    if not kept.exists():
        source = pixels_of(path)
        rng = np.random.default_rng([seed, number])
        pictures: list[Picture] = []
        if min(source.shape[:2]) >= PATCH:
            upload = drawn_upload(source, rng, qualities=PAPER_QUALITIES)
            pictures += _singles(path.stem, upload, list(IN_2016.items()), rng, paper=True)
            pictures += _chains(path.stem, upload, rng)
            upload = drawn_upload(source, rng)
            pictures += _singles(path.stem, upload, _all_profiles(rng), rng, paper=False)
        _write(kept, pictures)
    return _read(kept)


def _all_profiles(rng: np.random.Generator) -> list[tuple[str, str]]:
    wanted = [(one.name, profile) for one in CLASSES[:-1] for profile in one.profiles]
    others = rng.permutation(len(CLASSES[-1].profiles))[:OTHERS]
    return wanted + [(OTHER, CLASSES[-1].profiles[place]) for place in others]


def _singles(
    photo: str,
    upload: bytes,
    wanted: Sequence[tuple[str, str]],
    rng: np.random.Generator,
    *,
    paper: bool,
) -> Iterator[Picture]:
    original = pixels_of(upload)
    for truth, profile in wanted:
        try:
            got = downloaded(upload, profile, int(rng.integers(2**31)), original)
        except ChannelError:
            continue
        untouched = got.untouched and truth != ORIGINAL
        yield from sent_picture(
            got.data, got.pixels, upload, photo=photo, truth=truth, profile=profile, paper=paper,
            untouched=untouched,
        )  # fmt: skip


def _chains(photo: str, upload: bytes, rng: np.random.Generator) -> Iterator[Picture]:
    pairs = [(first, last) for first in CHAINED for last in CHAINED if first != last]
    for place in rng.permutation(len(pairs))[:PAIRS]:
        first, last = pairs[place]
        seed = int(rng.integers(2**31))
        before = transmit(upload, IN_2016[first], seed=seed)
        data = transmit(before, IN_2016[last], seed=seed)
        yield from sent_picture(
            data, pixels_of(data), upload, photo=photo, truth=last, profile=IN_2016[last],
            before=first, paper=True, untouched=is_untouched(before, data),
        )  # fmt: skip


def sent_picture(
    data: bytes,
    pixels: Pixels,
    upload: bytes,
    *,
    photo: str,
    truth: str,
    profile: str,
    before: str = "",
    paper: bool = False,
    untouched: bool = False,
) -> Iterator[Picture]:
    """Yield facts and histograms of a file; nothing if it is too small or too flat for a patch."""
    patches = choose_patches(pixels, PATCH, SELECTION)
    if not patches.places:
        return
    header, sent = jpeg_header(data), jpeg_header(upload)
    channel = read_channel(header, pixels, cues=False)
    yield (
        Sent(
            photo=photo,
            truth=truth,
            profile=profile,
            before=before,
            quality=table_quality(sent.luma).quality if sent else 100,
            paper=paper,
            tables=_tables(header.luma) if header else "",
            width=pixels.shape[1],
            height=pixels.shape[0],
            untouched=untouched,
            jpeg=header is not None,
            named=channel.platform or "",
            earlier=channel.earlier.platform if channel.earlier else "",
        ),
        patch_histograms(pixels, patches.places),
    )


def _tables(luma: tuple[int, ...]) -> str:
    found = table_quality(luma)
    return f"{found.family} {found.quality}" if found.exact else f"sum {sum(luma)}"


def record_of(picture: Picture, model: Model) -> Record:
    """Ask a model about a picture."""
    sent, counts = picture
    scores = scored(model, Patches(PATCH, (), len(counts), len(counts)), counts)
    labels = [label.name for label in model.entry.labels]
    return Record(
        sent=sent,
        eight=_votes(scores.votes([labels.index(name) for name in EIGHT])),
        three=_votes(scores.votes([labels.index(name) for name in THREE])),
        mean_log=tuple(round(float(value), 4) for value in scores.mean_log),
        patches=scores.count,
    )


def _votes(counts: Iterable[int]) -> tuple[int, ...]:
    return tuple(int(count) for count in counts)


def served_pictures(table: Path) -> list[Picture]:
    """Read files that were downloaded from platforms (``networks.csv``).

    Raises
    ------
    ScoresError
        If the table or one of its files can't be read.
    """
    known = {one.name for one in CLASSES}
    pictures: list[Picture] = []
    try:
        with table.open(newline="", encoding="utf-8") as file:
            rows = list(csv.DictReader(file))
        for row in rows:
            path = table.parent / row["file"]
            upload = (table.parent / row["original"].partition(" ")[0]).read_bytes()
            data, platform = path.read_bytes(), row["network"]
            untouched = platform != ORIGINAL and is_untouched(upload, data)
            pictures += sent_picture(
                data, pixels_of(data), upload, photo=f"{path.parent.name}",
                truth=platform if platform in known else OTHER,
                profile=f"{platform} {row['year']}", untouched=untouched,
            )  # fmt: skip
    except (OSError, KeyError, TypeError) as error:
        raise ScoresError(
            f"{table} isn't a table of downloaded files ({reason_of(error)})"
        ) from error
    return pictures


def read_records(path: Path) -> list[Record]:
    """Read what `write_records` wrote. Raises `ScoresError` for anything else."""
    try:
        found = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
        return [
            Record(
                sent=Sent(**one["sent"]),
                eight=tuple(one["eight"]),
                three=tuple(one["three"]),
                mean_log=tuple(one["mean_log"]),
                patches=one["patches"],
            )
            for one in found
        ]
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise ScoresError(
            f"{path} holds no records of pictures ({reason_of(error)}); remove it"
        ) from error


def _write(path: Path, pictures: Sequence[Picture]) -> None:
    facts = json.dumps([asdict(sent) for sent, _ in pictures]).encode()
    arrays: dict[str, Any] = {f"counts{i}": counts for i, (_, counts) in enumerate(pictures)}
    try:
        with replacing(path) as temporary, temporary.open("wb") as file:
            np.savez_compressed(file, facts=np.frombuffer(facts, np.uint8), **arrays)
    except OSError as error:
        raise OutputError(f"{path} can't be written: {reason_of(error)}") from error


def _read(path: Path) -> list[Picture]:
    """Read what `_write` wrote. Raises `ScoresError` for anything else."""
    try:
        with np.load(path, allow_pickle=False) as file:
            facts = json.loads(file["facts"].tobytes())
            return [(Sent(**fact), file[f"counts{i}"]) for i, fact in enumerate(facts)]
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise ScoresError(f"{path} holds no pictures ({reason_of(error)}); remove it") from error
