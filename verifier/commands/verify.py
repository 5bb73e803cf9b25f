"""``camsim verify``: what can be known of photos, in words, as JSON, as a page."""

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

from channel.file_names import fitting_name
from channel.terminal import Progress as ProgressBar
from channel.terminal import complain
from verifier.analysis import Verifier
from verifier.batch import Outcome
from verifier.errors import OutputError
from verifier.limits import Limits
from verifier.report.record import VerdictLabel
from verifier.settings import PLATFORMS
from verifier.weights import FOLDER

if TYPE_CHECKING:
    from verifier.commands import Commands

CONSISTENT, BAD_INPUT, EVIDENCE_AGAINST, INCONCLUSIVE = 0, 2, 3, 4
STATUS: Final[dict[VerdictLabel, int]] = {
    "consistent": CONSISTENT,
    "evidence against": EVIDENCE_AGAINST,
    "inconclusive": INCONCLUSIVE,
}
# Of several photos the first in this order that occurs: what needs a human first.
_MOST_URGENT: Final = (BAD_INPUT, EVIDENCE_AGAINST, INCONCLUSIVE)


def add_to(commands: "Commands") -> None:
    """Add ``verify``."""
    parser = commands.add_parser(
        "verify",
        help="say what can be known of photos that came back from a platform",
        description="Analyse photos, offline: credential, the way they came, edits, and whether "
        "the answers would hold if they were shared again.",
        epilog="exit status: 0 consistent, 3 evidence against, 4 inconclusive, 2 bad input, 1 an "
        "error of ours; of several photos the first of 2, 3, 4 that occurs, else 0",
    )
    parser.add_argument("photos", nargs="+", type=Path, metavar="PHOTO", help="JPEG, PNG, WebP…")
    parser.add_argument("--json", action="store_true", help="print one JSON line a photo")
    parser.add_argument(
        "--html",
        type=Path,
        metavar="PAGE",
        help="write a self-contained page; for several photos a folder of pages",
    )
    parser.add_argument("--force", action="store_true", help="replace existing pages")
    parser.add_argument(
        "--results",
        type=Path,
        metavar="FILE",
        help="keep one JSON line a photo; photos that it has already are not done again",
    )
    parser.add_argument(
        "--trust-anchors", type=Path, metavar="PEM", help="certificates of whom you trust"
    )
    parser.add_argument(
        "--revocation-lists", type=Path, metavar="PEM", help="certificates that were withdrawn"
    )
    parser.add_argument(
        "--weights", type=Path, default=FOLDER, metavar="FOLDER", help="models of your own"
    )
    parser.add_argument(
        "--resend",
        nargs="*",
        default=list(PLATFORMS),
        metavar="PLATFORM",
        help="platforms that test whether answers hold; none: no test "
        f"(default {' '.join(PLATFORMS)})",
    )
    parser.add_argument("--seconds", type=float, default=Limits.seconds, help="to read a photo")
    parser.add_argument("--threads", type=int, default=2, help="photos at a time (default 2)")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Analyse, print, and tell the outcome by the exit status."""
    pages = _pages(args)
    verifier = Verifier.from_weights(
        args.weights,
        trust_anchors=args.trust_anchors,
        revocation_lists=args.revocation_lists,
        limits=Limits(seconds=args.seconds),
        resend_through=args.resend,
    )
    statuses = []
    with verifier, ProgressBar(disable=len(args.photos) == 1) as bar:
        task = bar.add_task("verifying", total=len(args.photos))
        outcomes = verifier.analyze_many(
            args.photos,
            results=args.results,
            progress=lambda done, _: bar.update(task, completed=done),
            threads=args.threads,
        )
        for outcome, page in zip(outcomes, pages, strict=True):
            statuses.append(_show(outcome, page, args))
    return next((status for status in _MOST_URGENT if status in statuses), CONSISTENT)


def _show(outcome: Outcome, page: Path | None, args: argparse.Namespace) -> int:
    if args.json:
        print(outcome.to_json(), flush=True)
    if outcome.report is None:
        complain(f"{outcome.photo}: {outcome.error}")
        return BAD_INPUT
    if not args.json:
        print(outcome.report.to_text(), flush=True)
    if page is not None:
        _write(page, outcome.report.to_html(), force=args.force)
    return STATUS[outcome.report.verdict.label]


def _pages(args: argparse.Namespace) -> Sequence[Path | None]:
    """Where each photo's page goes; refuses what couldn't be kept before the work."""
    if args.html is None:
        return [None] * len(args.photos)
    if len(args.photos) == 1 and not args.html.is_dir():
        pages = [args.html]
    else:
        if args.html.is_file() or args.html.suffix.lower() in (".html", ".htm"):
            raise OutputError(f"{args.html} is one page; name a folder for several photos")
        pages = [args.html / fitting_name(photo.name, ".html") for photo in args.photos]
    if len(set(pages)) < len(pages):
        raise OutputError("several photos have the same name; analyse them apart")
    taken = next((page for page in pages if page.exists() and not args.force), None)
    if taken is not None:
        raise OutputError(f"{taken} exists; add --force to replace it")
    return pages


def _write(page: Path, content: str, *, force: bool) -> None:
    try:
        page.parent.mkdir(parents=True, exist_ok=True)
        with page.open("w" if force else "x", encoding="utf-8") as file:
            file.write(content)
    except OSError as error:
        raise OutputError(f"{page} can't be written: {error}") from error
