"""Platform of origin by header alone, on headers downloaded from platforms."""

import csv
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from channel.errors import reason_of
from verifier.errors import ScoresError
from verifier.features.header_likelihood import NONE, Cue, header_likelihoods
from verifier.features.jpeg_header import JpegHeader
from verifier.features.platform_marks import META, META_SERVICES
from verifier.features.platform_name import platform_name

# Cues that the table of headers holds, and what stays of them when marks go, or all but tables.
CUES: Final[tuple[tuple[str, tuple[Cue, ...]], ...]] = (
    ("all but Huffman tables", ("tables", "subsampling", "scans", "size", "marks")),
    ("marks removed", ("tables", "subsampling", "scans", "size")),
    ("tables alone", ("tables",)),
)
_UNKNOWN_ICC: Final = -1
Judged = Literal["right", "meta", "wrong", "unnamed"]


@dataclass(frozen=True)
class HeaderRow:
    """One real header: the platform that it is from, and whether that is known or claimed."""

    platform: str
    basis: str
    header: JpegHeader


@dataclass(frozen=True)
class HeaderScore:
    """Of one platform and basis: how many headers were named rightly, wrongly, or not at all.

    Attributes
    ----------
    meta
        Those of Meta's services that were named as one of the three, rightly.
    likeliest
        For each of `CUES` the headers whose platform is the likeliest of all platforms, were one to
        be chosen.
    """

    platform: str
    basis: str
    files: int
    right: int
    meta: int
    wrong: Counter[str]
    likeliest: tuple[int, ...]

    @property
    def unnamed(self) -> int:
        """Headers for which no platform is named."""
        return self.files - self.right - self.meta - self.wrong.total()


def read_header_rows(path: Path) -> list[HeaderRow]:
    """Read a table of headers (``network_headers.csv``); files that aren't JPEG are left out.

    Raises
    ------
    ScoresError
        If it isn't such a table.
    """
    try:
        with path.open(newline="", encoding="utf-8") as file:
            rows = [(row, _header(row)) for row in csv.DictReader(file)]
            return [HeaderRow(row["platform"], row["basis"], h) for row, h in rows if h]
    except (OSError, KeyError, ValueError, TypeError, AttributeError) as error:
        raise ScoresError(f"{path} isn't a table of JPEG headers ({reason_of(error)})") from error


def _header(row: dict[str, str]) -> JpegHeader | None:
    luma = tuple(map(int, row["luma_table"].split()))
    markers = row["app_markers"]
    if len(luma) != 64 or not row["scans"]:
        return None
    return JpegHeader(
        width=int(row["w"]),
        height=int(row["h"]),
        luma=luma,
        chroma=tuple(map(int, row["chroma_table"].split())) or None,
        subsampling=row["subsampling"],
        progressive=row["mode"] == "progressive",
        arithmetic=False,
        scans=int(row["scans"]),
        standard_huffman=False,
        jfif=_jfif(row["jfif"]),
        exif="Exif" in markers,
        xmp="http://ns." in markers or "XMP" in markers,
        icc_bytes=_UNKNOWN_ICC if "ICC_PROFIL" in markers else 0,
        fbmd=row["fbmd"] or None,
        fbmd_whole=bool(row["fbmd"]),
        adobe="Adobe" in markers,
    )


def _jfif(text: str) -> tuple[int, int, int, int] | None:
    """Read such as ``1.01/u1/72x72``: version, unit, density."""
    if not text:
        return None
    version, unit, density = text.split("/")
    major, minor = version.split(".")
    return int(major), int(minor), int(unit[1:]), int(density.partition("x")[0])


def score_headers(rows: Sequence[HeaderRow]) -> list[HeaderScore]:
    """Name the platform of each header, and count by platform and basis."""
    groups: dict[tuple[str, str], list[HeaderRow]] = {}
    for row in rows:
        groups.setdefault((row.basis, row.platform), []).append(row)
    return [
        _score(platform, basis, group)
        for (basis, platform), group in sorted(groups.items(), reverse=True)
    ]


def judged(named: str, truth: str) -> Judged:
    """Whether a name is right, right as far as "Meta" goes, wrong, or there is none ("")."""
    if not named:
        return "unnamed"
    if named == truth:
        return "right"
    return "meta" if named == META and truth in META_SERVICES else "wrong"


def _score(platform: str, basis: str, rows: Sequence[HeaderRow]) -> HeaderScore:
    truth = platform.partition("(")[0]
    found = [platform_name(row.header) for row in rows]
    names = [one.platform if one else "" for one in found]
    kinds = Counter(judged(name, truth) for name in names)
    return HeaderScore(
        platform,
        basis,
        len(rows),
        right=kinds["right"],
        meta=kinds["meta"],
        wrong=Counter(name for name in names if judged(name, truth) == "wrong"),
        likeliest=tuple(
            sum(_likeliest(row.header, cues) == truth for row in rows) for _, cues in CUES
        ),
    )


def _likeliest(header: JpegHeader, cues: Collection[Cue]) -> str:
    found = header_likelihoods(header, cues)
    return next(one.platform for one in found if one.platform != NONE)
