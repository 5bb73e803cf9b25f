"""Pictures sent through networks, and what header and pixels say of each: one record a picture."""

import csv
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

import numpy as np

from channel import transmit
from channel.errors import ChannelError
from verifier.channel_reading import read_channel
from verifier.credentials import no_credential
from verifier.decoding import facts_of_array
from verifier.detectors.network import NetworkDetector
from verifier.errors import OutputError, ScoresError
from verifier.evaluation.network_classes import CLASSES, EIGHT, IN_2016, ORIGINAL, OTHER, THREE
from verifier.evaluation.scores import NO_NETWORK, Row
from verifier.evaluation.uploads import Pixels, drawn_upload, is_untouched, pixels_of, served
from verifier.features.header_likelihood import header_likelihoods
from verifier.features.jpeg_header import jpeg_header
from verifier.features.jpeg_quality import table_quality
from verifier.reading import Facts, Reading

# Of the ninth class, "other", so many of its profiles are drawn for each upload.
OTHERS: Final = 2
# Networks that chains of two are made of, by their pipelines of 2016.
CHAINED: Final = ("facebook", "flickr", "instagram", "telegram", "twitter", "whatsapp")


@dataclass(frozen=True)
class Record:
    """One picture that came back.

    Attributes
    ----------
    photo
        Its source; all pictures of one share it.
    truth, profile
        The class and the profile of the last network; ``before`` is the class of the one before,
        or "".
    quality
        Of the upload, as libjpeg counts.
    untouched
        Whether luma can't tell it from the upload.
    header, header_probability
        What is likeliest by the header, and how likely; "" for files that aren't JPEG.
    earlier
        Network before the last one, as told, or "".
    eight, three
        Patches that are likeliest of each of the eight and of the three classes.
    mean_log, patches
        Mean log probabilities of all labels, over so many patches.
    """

    photo: str
    truth: str
    profile: str
    before: str
    quality: int
    width: int
    height: int
    untouched: bool
    header: str
    header_probability: float
    earlier: str
    eight: tuple[int, ...]
    three: tuple[int, ...]
    mean_log: tuple[float, ...]
    patches: int

    @property
    def row(self) -> Row:
        """For calibration."""
        return Row(
            file=f"{self.photo}.{self.profile}.{self.width}x{self.height}",
            photo=self.photo,
            truth=self.truth,
            network=NO_NETWORK,
            channel="",
            patches=self.patches,
            mean_log=self.mean_log,
        )


def measured_uploads(
    files: Sequence[Path], uploads: int, seed: int, detector: NetworkDetector
) -> Iterator[list[Record]]:
    """Send each source by every class, and a few chains of two; a list a source."""
    for number, path in enumerate(files):
        source = pixels_of(path)
        records: list[Record] = []
        for index in range(uploads):
            rng = np.random.default_rng([seed, number, index])
            upload = drawn_upload(source, rng)
            records += _singles(path.stem, upload, rng, detector)
            if index == 0:
                records += _chains(path.stem, upload, rng, detector)
        yield records


def _singles(
    photo: str, upload: bytes, rng: np.random.Generator, detector: NetworkDetector
) -> Iterator[Record]:
    original = pixels_of(upload)
    wanted = [(one.name, profile) for one in CLASSES[:-1] for profile in one.profiles]
    others = rng.permutation(len(CLASSES[-1].profiles))[:OTHERS]
    wanted += [(OTHER, CLASSES[-1].profiles[place]) for place in others]
    for truth, profile in wanted:
        try:
            got = served(upload, profile, int(rng.integers(2**31)), original)
        except ChannelError:
            continue
        untouched = got.untouched and truth != ORIGINAL
        record = measured(
            detector, got.data, got.pixels, photo, truth, profile, upload, untouched=untouched
        )
        if record:
            yield record


# Pairs for each source; all would be six times as many.
_PAIRS: Final = 3


def _chains(
    photo: str, upload: bytes, rng: np.random.Generator, detector: NetworkDetector
) -> Iterator[Record]:
    pairs = [(first, last) for first in CHAINED for last in CHAINED if first != last]
    for place in rng.permutation(len(pairs))[:_PAIRS]:
        first, last = pairs[place]
        seed = int(rng.integers(2**31))
        before = transmit(upload, IN_2016[first], seed=seed)
        data = transmit(before, IN_2016[last], seed=seed)
        record = measured(
            detector, data, pixels_of(data), photo, last, IN_2016[last], upload,
            before=first, untouched=is_untouched(before, data), cues=True,
        )  # fmt: skip
        if record:
            yield record


def measured(
    detector: NetworkDetector,
    data: bytes,
    pixels: Pixels,
    photo: str,
    truth: str,
    profile: str,
    upload: bytes,
    *,
    before: str = "",
    untouched: bool = False,
    cues: bool = False,
) -> Record | None:
    """Measure one file; None if it is too small or too flat for a patch."""
    header, sent = jpeg_header(data), jpeg_header(upload)
    facts = Facts(
        input=facts_of_array(pixels),
        credential=no_credential(),
        channel=read_channel(header if cues else None, pixels, cues=cues),
        seconds={},
    )
    scores = detector.score(Reading(facts, pixels))
    if scores is None:
        return None
    labels = [label.name for label in scores.model.entry.labels]
    likeliest = header_likelihoods(header)[0] if header else None
    earlier = facts.channel.earlier
    return Record(
        photo=photo,
        truth=truth,
        profile=profile,
        before=before,
        quality=table_quality(sent.luma).quality if sent else 100,
        width=pixels.shape[1],
        height=pixels.shape[0],
        untouched=untouched,
        header=likeliest.network if likeliest else "",
        header_probability=round(likeliest.probability, 4) if likeliest else 0.0,
        earlier=earlier.network if earlier else "",
        eight=_votes(scores.votes([labels.index(name) for name in EIGHT])),
        three=_votes(scores.votes([labels.index(name) for name in THREE])),
        mean_log=tuple(round(float(value), 4) for value in scores.mean_log),
        patches=scores.count,
    )


def _votes(counts: Iterable[int]) -> tuple[int, ...]:
    return tuple(int(count) for count in counts)


def measured_served(table: Path, detector: NetworkDetector) -> list[Record]:
    """Measure files that networks really served (``networks.csv``).

    Raises
    ------
    ScoresError
        If the table or one of its files can't be read.
    """
    names = {one.name: one.name for one in CLASSES}
    try:
        with table.open(newline="") as file:
            rows = list(csv.DictReader(file))
        records = []
        for row in rows:
            path = table.parent / row["file"]
            upload = (table.parent / row["original"].partition(" ")[0]).read_bytes()
            data = path.read_bytes()
            is_original = row["network"] == ORIGINAL
            record = measured(
                detector, data, pixels_of(data), path.parent.name, names.get(row["network"], OTHER),
                f"{row['network']} {row['year']}", upload,
                untouched=not is_original and is_untouched(upload, data), cues=True,
            )  # fmt: skip
            records += [record] if record else []
    except (OSError, KeyError) as error:
        raise ScoresError(f"{table} isn't a table of served files ({error})") from error
    return records


def write_records(path: Path, records: Iterable[Record]) -> None:
    """Write records as they come, one JSON line each."""
    temporary = path.with_suffix(".part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with temporary.open("w") as file:
            for record in records:
                file.write(json.dumps(asdict(record)) + "\n")
        temporary.replace(path)
    except OSError as error:
        raise OutputError(f"{path} can't be written: {error}") from error


def read_records(path: Path) -> list[Record]:
    """Read what `write_records` wrote. Raises `ScoresError` for anything else."""
    try:
        lines = path.read_text().splitlines()
        found = [json.loads(line) for line in lines]
        tuples = ("eight", "three", "mean_log")
        return [Record(**(one | {key: tuple(one[key]) for key in tuples})) for one in found]
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise ScoresError(f"{path} holds no records of pictures ({error})") from error
