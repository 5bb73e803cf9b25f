"""``camsim verify``: what can be known of photos, in words, as JSON, as a page."""

from collections.abc import Sequence
from dataclasses import KW_ONLY, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from channel.command_line import complain_of
from channel.errors import OutputError as ChannelOutputError
from channel.file_names import fitting_name
from channel.options import Count
from channel.output import write
from channel.terminal import Progress as ProgressBar
from verifier.commands.trust import VerifyingOptions
from verifier.errors import OutputError
from verifier.limits import Limits
from verifier.photo_files import photos_of
from verifier.weights import FOLDER

if TYPE_CHECKING:
    from verifier.analysis import Verifier
    from verifier.batch import Outcome
    from verifier.report.record import VerdictLabel
    from verifier.report.report import Report

CONSISTENT, BAD_INPUT, EVIDENCE_AGAINST, INCONCLUSIVE = 0, 2, 3, 4
STATUS: "Final[dict[VerdictLabel, int]]" = {
    "consistent": CONSISTENT,
    "evidence against": EVIDENCE_AGAINST,
    "inconclusive": INCONCLUSIVE,
}
# Of several photos the first in this order that occurs: what needs a human first.
_MOST_URGENT: Final = (BAD_INPUT, EVIDENCE_AGAINST, INCONCLUSIVE)


@dataclass(frozen=True)
class Verify(VerifyingOptions):
    """Say what can be known of photos that came back from a platform.

    Analyse photos, offline: credential, the way they came, edits, and whether the answers would
    hold if they were shared again.

    Exit status: 0 consistent, 3 evidence against, 4 inconclusive, 2 bad input, 1 an error of
    ours; of several photos the first of 2, 3, 4 that occurs, else 0.

    Parameters
    ----------
    photos
        JPEG, PNG, WebP…, and folders, with all that is under them.
    json
        Print one JSON line a photo.
    html
        Write a self-contained page; for several photos a folder of pages.
    force
        Replace existing pages.
    results
        Keep one JSON line a photo; photos that it has already are not done again.
    weights
        Models of your own.
    seconds
        To read a photo.
    threads
        Photos at a time.
    """

    photos: tuple[Path, ...]
    _: KW_ONLY
    json: bool = False
    html: Path | None = None
    force: bool = False
    results: Path | None = None
    weights: Path = FOLDER
    seconds: float = Limits.seconds
    threads: Count = 2

    def __call__(self) -> int:
        """Analyse, print, and give the outcome as the exit status."""
        from verifier.analysis import Verifier
        from verifier.batch import analyze_many

        photos = photos_of(self.photos)
        pages = _pages(photos, self.html, force=self.force)
        verifier = Verifier.from_weights(self.weights, self.settings(Limits(seconds=self.seconds)))
        statuses = []
        with verifier, ProgressBar() as bar:
            watched = _Watched(verifier, len(photos), bar)
            outcomes = analyze_many(
                watched,
                photos,
                results=self.results,
                resume=True,
                progress=lambda done, _: watched.done(done),
                threads=self.threads,
            )
            for outcome, page in zip(outcomes, pages, strict=True):
                statuses.append(_show(outcome, page, self))
        return next((status for status in _MOST_URGENT if status in statuses), CONSISTENT)


class _Watched:
    """A verifier whose parts move a bar: as many of each photo, so that one photo shows some."""

    def __init__(self, verifier: "Verifier", photos: int, bar: ProgressBar) -> None:
        self._verifier, self._bar, self._parts = verifier, bar, len(verifier.parts)
        self._task = bar.add_task("verifying, parts done", total=photos * self._parts)

    def analyze(self, photo: str, /) -> "Report":
        """Analyse a photo; see `Verifier.analyze`."""
        return self._verifier.analyze(photo, part_done=lambda _: self._bar.advance(self._task))

    def done(self, photos: int) -> None:
        """Count the parts of photos that could not be read, or were done before."""
        parts = max(self._bar.tasks[self._task].completed, photos * self._parts)
        self._bar.update(self._task, completed=parts)


def _show(outcome: "Outcome", page: Path | None, args: Verify) -> int:
    if page is not None and outcome.report is not None:  # first: who reads may stop reading
        _write(page, outcome.report.to_html(), force=args.force)
    if args.json:
        print(outcome.to_json(), flush=True)
    if outcome.report is None:
        complain_of(outcome.photo, outcome.error)
        return BAD_INPUT
    if not args.json:
        print(outcome.report.to_text(), flush=True)
    return STATUS[outcome.report.verdict.label]


def _pages(photos: list[Path], html: Path | None, *, force: bool) -> Sequence[Path | None]:
    """Where each photo's page goes; refuses what couldn't be kept before the work."""
    if html is None:
        return [None] * len(photos)
    if len(photos) == 1 and not html.is_dir():
        pages = [html]
    else:
        if html.is_file() or html.suffix.lower() in (".html", ".htm"):
            raise OutputError(f"{html} is one page; name a folder for several photos")
        pages = [html / fitting_name(photo.name, ".html") for photo in photos]
    if len(set(pages)) < len(pages):
        raise OutputError("several photos have the same name; analyse them apart")
    taken = next((page for page in pages if page.exists() and not force), None)
    if taken is not None:
        raise OutputError(f"{taken} exists; add --force to replace it")
    return pages


def _write(page: Path, content: str, *, force: bool) -> None:
    try:
        write(page, content.encode(), force=force)
    except ChannelOutputError as error:
        raise OutputError(str(error)) from error
