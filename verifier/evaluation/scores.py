"""Scores of labelled pictures before calibration, as a CSV file."""

import csv
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray

from channel.errors import reason_of
from verifier.analysis import Verifier
from verifier.errors import OutputError, PhotoError, ScoresError
from verifier.evaluation.labelled import Labelled
from verifier.reading.reading import Reading
from verifier.weights import label_of_today

NO_PLATFORM: Final = "none"
_FIXED: Final = ("file", "photo", "truth", "platform", "channel", "patches", "set")
_PREFIX: Final = "log "


class Scored(Protocol):
    """What a model says of a picture: mean log probabilities (K,), over so many patches."""

    @property
    def mean_log(self) -> NDArray[np.float64]:
        """Of each label."""

    @property
    def count(self) -> int:
        """Of patches."""


class Scorer(Protocol):
    """A detector whose model can be calibrated."""

    def score(self, reading: Reading) -> Scored | None:
        """Score a picture; None if nothing of it is usable."""


@dataclass(frozen=True)
class Row:
    """One picture.

    Attributes
    ----------
    platform
        Through which it was sent, "none" if as it is.
    channel
        Platform that the verifier read from the file, or "".
    mean_log
        Mean over patches of the log probability of each label.
    set
        That the picture is of, or "" where its class has none.
    """

    file: str
    photo: str
    truth: str
    platform: str
    channel: str
    patches: int
    mean_log: tuple[float, ...]
    set: str = ""


@dataclass(frozen=True)
class Scores:
    """Rows and the labels that their scores are of, in order."""

    labels: tuple[str, ...]
    rows: tuple[Row, ...]

    def mean_log(self) -> NDArray[np.float64]:
        """Return all scores: (N, K)."""
        shape = (len(self.rows), len(self.labels))
        return np.array([row.mean_log for row in self.rows], np.float64).reshape(shape)

    def patches(self) -> NDArray[np.int64]:
        """Return patch counts: (N,)."""
        return np.array([row.patches for row in self.rows], np.int64)

    def truth(self) -> NDArray[np.int64]:
        """Return true classes: (N,)."""
        return np.array([self.labels.index(row.truth) for row in self.rows], np.int64)

    def weights(self) -> NDArray[np.float64]:
        """Return the share of its photograph that each row is, (N,): the versions of one sum to 1.

        Versions of one picture err together, and prove no more than one picture does.
        """
        versions = Counter(row.photo for row in self.rows)
        return np.array([1 / versions[row.photo] for row in self.rows], np.float64)

    def where(self, chosen: Sequence[bool]) -> "Scores":
        """Keep some rows."""
        kept = tuple(row for row, keep in zip(self.rows, chosen, strict=True) if keep)
        return Scores(self.labels, kept)


def collect_scores(
    verifier: Verifier,
    detector: Scorer,
    pictures: Sequence[Labelled],
    platforms: Sequence[str],
) -> Iterator[Row]:
    """Score each picture as it is ("none") or through a platform.

    Those that can't be scored are left out.

    Parameters
    ----------
    platforms
        Of `channel.PLATFORMS`, and "none".
    """
    for picture in pictures:
        for platform in platforms:
            sent = None if platform == NO_PLATFORM else platform
            try:
                reading = verifier.read(picture.path, sent)
            except PhotoError:
                continue
            found = detector.score(reading)
            if found is None:
                continue
            yield Row(
                file=picture.path.name,
                photo=picture.photo,
                truth=picture.truth,
                platform=platform,
                channel=reading.facts.channel.platform or "",
                patches=found.count,
                mean_log=tuple(float(value) for value in found.mean_log),
                set=picture.set,
            )


def write_scores(path: Path, labels: Sequence[str], rows: Iterator[Row]) -> int:
    """Write rows as they come; returns how many."""
    count = 0
    try:
        with path.open("w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file)
            writer.writerow([*_FIXED, *(_PREFIX + label for label in labels)])
            for row in rows:
                fixed = [getattr(row, name) for name in _FIXED]
                writer.writerow([*fixed, *(f"{value:.6f}" for value in row.mean_log)])
                count += 1
    except OSError as error:
        raise OutputError(f"{path} can't be written: {reason_of(error)}") from error
    return count


def read_scores(path: Path) -> Scores:
    """Read what `write_scores` wrote. Raises `ScoresError` for anything else."""
    try:
        with path.open(newline="", encoding="utf-8") as file:
            reader = csv.DictReader(file)
            names = [name for name in reader.fieldnames or () if name.startswith(_PREFIX)]
            rows = tuple(_row(record, names) for record in reader)
    except OSError as error:
        raise ScoresError(f"{path} can't be read: {reason_of(error)}") from error
    except (KeyError, TypeError, ValueError, csv.Error) as error:
        raise ScoresError(f"{path} isn't a file of scores ({error})") from error
    labels = tuple(label_of_today(name.removeprefix(_PREFIX)) for name in names)
    strange = sorted({row.truth for row in rows}.difference(labels))
    if not rows or strange:
        raise ScoresError(f"{path} has no scores, or of labels that it has no columns for{strange}")
    return Scores(labels, rows)


def _row(record: dict[str, str], names: Sequence[str]) -> Row:
    return Row(
        file=record["file"],
        photo=record["photo"],
        truth=label_of_today(record["truth"]),
        platform=record.get("platform") or record["network"],  # as the column was called before
        channel=record["channel"],
        patches=int(record["patches"]),
        mean_log=tuple(float(record[name]) for name in names),
        set=record.get("set", ""),
    )
