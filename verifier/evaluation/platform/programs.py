"""Names given to files of programs that are no platform: each is wrong."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from channel.evaluation.table import Table
from verifier.errors import ScoresError
from verifier.features.jpeg_header import JpegHeader, jpeg_header
from verifier.features.jpeg_quality import table_quality
from verifier.judging.calibration import upper_bound
from verifier.reading.channel import read_channel
from verifier.report.record import ChannelReading

SUFFIXES: Final = (".jpg", ".jpeg", ".jfif")
_NO_PIXELS: Final = np.zeros((8, 8, 3), np.uint8)  # names come of headers alone


@dataclass(frozen=True)
class ProgramScore:
    """Of one source of files: how many were named, and how many fit a platform's profile.

    Attributes
    ----------
    named
        Platforms that a file was downloaded from, as is said.
    earlier
        Platforms that a file came through before, as is said.
    fitting
        Files whose coding fits a profile, so that all but a mark is evidence for it.
    """

    source: str
    files: int
    named: Counter[str]
    earlier: Counter[str]
    fitting: int


def program_headers(folder: Path, limit: int | None) -> dict[str, list[JpegHeader]]:
    """Read the headers of JPEG files; each folder directly below is a source.

    Parameters
    ----------
    limit
        Use so many files of a source, spread over it; all without.

    Raises
    ------
    ScoresError
        If there is no JPEG file.
    """
    if not folder.is_dir():
        raise ScoresError(f"{folder} is no folder")
    found: dict[str, list[JpegHeader]] = {}
    for source in sorted(path for path in folder.iterdir() if path.is_dir()):
        files = sorted(f for f in source.rglob("*") if f.suffix.lower() in SUFFIXES)
        step = max(1, len(files) // limit) if limit else 1
        headers = [jpeg_header(f.read_bytes()) for f in files[::step][:limit] if f.is_file()]
        if kept := [header for header in headers if header]:
            found[source.name] = kept
    if not found:
        raise ScoresError(f"{folder} holds no folder with JPEG files")
    return found


def score_programs(headers: dict[str, list[JpegHeader]]) -> list[ProgramScore]:
    """Name the platform of each file, as the verifier does, and count by source."""
    return [_score(source, rows) for source, rows in headers.items()]


def _score(source: str, headers: Sequence[JpegHeader]) -> ProgramScore:
    read: list[ChannelReading] = [read_channel(h, _NO_PIXELS, cues=False) for h in headers]
    return ProgramScore(
        source,
        len(read),
        Counter(channel.platform for channel in read if channel.platform),
        Counter(channel.earlier.platform for channel in read if channel.earlier),
        sum(bool(channel.platforms) for channel in read),
    )


def programs_table(headers: dict[str, list[JpegHeader]]) -> str:
    """Count by source how many files of no platform were named, with bounds of 95%."""
    scores = score_programs(headers)
    columns = "source", "files", "fit a platform's profile", "named", "of them before"
    rows = [(s.source, s.files, s.fitting, _counted(s.named), _counted(s.earlier)) for s in scores]
    return f"{Table(columns, rows)}\n{_summary(scores)}\n"


def _counted(names: Counter[str]) -> str:
    return ", ".join(f"{name} {count}" for name, count in names.most_common()) or "0"


def _summary(scores: Sequence[ProgramScore]) -> str:
    files = sum(s.files for s in scores)
    fitting = sum(s.fitting for s in scores)
    named = sum(s.named.total() for s in scores)
    sources = sum(bool(s.named) for s in scores)
    return (
        f"Of {files} files of {len(scores)} sources {named} were named (95% bound "
        f"{upper_bound(named, files):.2%}), in {sources} sources (95% bound "
        f"{upper_bound(sources, len(scores)):.1%}); the coding of {fitting} fits a platform's."
    )


def shares_table(headers: dict[str, list[JpegHeader]]) -> str:
    """Measure how common each way of coding is where every source weighs alike."""
    lines = []
    for aspect, words in _ASPECTS.items():
        shares: Counter[str] = Counter()
        for rows in headers.values():
            counts = Counter(map(words, rows))
            for word, count in counts.items():
                shares[word] += count / len(rows) / len(headers)  # type: ignore[assignment]
        listed = ", ".join(f"{word} {share:.3f}" for word, share in shares.most_common(12))
        lines.append((aspect, listed))
    return str(Table(("aspect", "share"), lines))


def _scans(header: JpegHeader) -> str:
    if not header.progressive:
        return "baseline"
    return "ten scans" if header.scans == 10 else "other scans"


def _tables(header: JpegHeader) -> str:
    found = table_quality(header.luma)
    return f"{found.family} {found.quality}" if found.exact else "own"


def _density(header: JpegHeader) -> str:
    return "no JFIF" if header.jfif is None else f"{header.jfif[3]}, unit {header.jfif[2]}"


def _metadata(header: JpegHeader) -> str:
    return "EXIF, XMP or Adobe" if header.exif or header.xmp or header.adobe else "none"


_ASPECTS: Final = {
    "tables": _tables,
    "subsampling": lambda header: header.subsampling,
    "scans": _scans,
    "Huffman tables": lambda h: "standard" if h.standard_huffman else "optimised",
    "colour profile": lambda h: "yes" if h.icc_bytes else "no",
    "comment": lambda h: "no" if h.comment is None else "yes",
    "density": _density,
    "metadata": _metadata,
}
