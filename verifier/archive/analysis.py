"""What a worker does with a few pictures: each becomes a row, whatever is wrong with it."""

from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path

from channel.printable import name_as_text
from verifier.analysis import Verifier
from verifier.archive.listing import is_url, opened_store
from verifier.archive.rows import Row, row_of_error, row_of_report
from verifier.errors import PhotoError, PhotoNotFoundError, VerifierError
from verifier.limits import Limits
from verifier.settings import Settings
from verifier.weights import FOLDER


@dataclass(frozen=True)
class ArchiveOptions:
    """How pictures are analysed; sent to every worker.

    Attributes
    ----------
    weights
        Folder of models, at the same place on every machine; None: those shipped.
    settings
        What the verifiers go by; each worker reads one photo at a time, and runs one thread.
    reports
        Whether rows hold the whole report, too, as JSON: some kilobytes each.
    """

    weights: Path | None = None
    settings: Settings = field(default_factory=Settings)
    reports: bool = False

    @property
    def folder(self) -> Path:
        """Where this machine has the models."""
        return self.weights or FOLDER


@dataclass(frozen=True)
class Shard:
    """Pictures that are done and written together; ``number`` is their place in the archive."""

    number: int
    photos: tuple[str, ...]


def analyse_shard(options: ArchiveOptions, shard: Shard) -> list[Row]:
    """Make a row of each picture, in their order."""
    return [_row(options, photo) for photo in shard.photos]


def _row(options: ArchiveOptions, photo: str) -> Row:
    try:
        content = _content(photo, options.settings.limits) if is_url(photo) else photo
        report = _verifier(options).analyze(content, name=name_as_text(Path(photo).name))
    except PhotoError as error:
        return row_of_error(photo, type(error).__name__, str(error))
    except VerifierError:  # models, options, the machine: it would be the same of each picture
        raise
    except Exception as error:  # a defect of ours that one picture brings out stops no other
        return row_of_error(
            photo, type(error).__name__, f"an error of ours, please report: {error}"
        )
    return row_of_report(photo, report, whole=options.reports)


@cache
def _verifier(options: ArchiveOptions) -> Verifier:
    """Make this worker's verifier once: its models are loaded, its decoder process is started.

    The workers share the cores, and nobody looks at a preview.
    """
    settings = options.settings
    limits = replace(settings.limits, workers=1)
    return Verifier.from_weights(options.folder, settings, limits=limits, threads=1, preview=False)


def _content(url: str, limits: Limits) -> bytes:
    store, path = opened_store(url)
    try:
        with store.open(path, "rb") as file:
            return bytes(file.read(limits.file_bytes + 1))
    except Exception as error:  # each store has errors of its own
        raise PhotoNotFoundError(f"{url} can't be read: {error}") from error
