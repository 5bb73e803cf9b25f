"""Profiles against the JPEG headers downloaded from platforms, era by era."""

import csv
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from channel.errors import UnreadablePictureError
from channel.platforms import platform
from channel.profile import AnySize, Encoding, FitBox, FitWidth, PlatformProfile


@dataclass(frozen=True)
class Era:
    """Headers of one platform in some years, and the profile that is to describe them."""

    platform: str
    years: tuple[str, ...]
    profile: str


ERAS: Final = (
    Era("Facebook", ("2024",), "facebook"),
    Era("Facebook", ("2025",), "facebook-2025"),
    Era("Facebook", ("2014",), "facebook-2014"),
    Era("Facebook", ("2017",), "facebook-2017"),
    Era("Messenger", ("2024?",), "messenger"),
    Era("Instagram", ("2017", "2018", "2019"), "instagram-2018"),
    Era("Instagram", ("2024",), "instagram-2024"),
    Era("Instagram", ("2025",), "instagram"),
    Era("LinkedIn", ("2024",), "linkedin"),
    Era("Telegram", ("2023",), "telegram-desktop"),
    Era("Telegram", ("2026",), "telegram"),
    Era("Tumblr", ("2024",), "tumblr"),
    Era("Twitter", ("2013", "2014"), "twitter-2014"),
    Era("Twitter(claimed)", ("2012-15",), "twitter-2014"),
    Era("Twitter", tuple(map(str, range(2016, 2024))), "twitter-medium"),
    Era("Twitter", ("2024",), "twitter"),
    Era("WhatsApp", ("2017",), "whatsapp-2017"),
    Era("WhatsApp", ("2018",), "whatsapp"),
    Era("WhatsApp", ("2023",), "whatsapp-web"),
    Era("WhatsApp", ("2024",), "whatsapp-comment"),
    Era("WhatsApp", ("2025",), "whatsapp"),
    Era("Yelp", ("2024",), "yelp"),
)
Header = dict[str, str]


@dataclass(frozen=True)
class HeaderAgreement:
    """One era: how many headers, how many have the majority's tables, and what agrees.

    ``side`` is the commonest largest side of the files (width, where the rule is on width),
    ``side_agrees`` whether it is the profile's limit, None where the profile has none or no file
    reaches it (small uploads show no limit), and ``beyond`` how many files are larger.
    """

    era: Era
    files: int
    majority: int
    basis: str
    tables: bool
    subsampling: bool
    scan: bool
    side: int
    side_agrees: bool | None
    beyond: int


def header_agreements(data: Path) -> Iterator[HeaderAgreement]:
    """Compare the profiles with ``network_headers.csv`` in a folder.

    Raises `UnreadablePictureError` if there is no such list.
    """
    try:
        lines = (data / "network_headers.csv").read_text(encoding="utf-8").splitlines()
    except OSError as error:
        raise UnreadablePictureError(
            f"no network_headers.csv in {data}; name the folder that has it"
        ) from error
    rows = [row for row in csv.DictReader(lines) if row["luma_table"]]
    for era in ERAS:
        chosen = [r for r in rows if r["platform"] == era.platform and r["year"] in era.years]
        if chosen:
            yield _agreement(era, chosen)


def _agreement(era: Era, rows: list[Header]) -> HeaderAgreement:
    profile = platform(era.profile)
    encoding = max(profile.encodings, key=lambda encoding: encoding.files)
    commonest, count = Counter((r["luma_table"], r["chroma_table"]) for r in rows).most_common(1)[0]
    modes = Counter(row["mode"] for row in rows).most_common(1)[0][0]
    sampling = Counter(row["subsampling"] for row in rows).most_common(1)[0][0]
    side, side_agrees, beyond = _side(rows, profile)
    return HeaderAgreement(
        era=era,
        files=len(rows),
        majority=count,
        basis=rows[0]["basis"],
        tables=any(_has(candidate, commonest) for candidate in _heaviest(profile)),
        subsampling=encoding.subsampling == sampling,
        scan=encoding.scans.progressive == (modes == "progressive"),
        side=side,
        side_agrees=side_agrees,
        beyond=beyond,
    )


def _heaviest(profile: PlatformProfile) -> list[Encoding]:
    most = max(encoding.files for encoding in profile.encodings)
    return [encoding for encoding in profile.encodings if encoding.files == most]


def _has(encoding: Encoding, tables: tuple[str, str]) -> bool:
    if encoding.tables is None:
        return False
    return tables == tuple(
        " ".join(map(str, steps)) for steps in (encoding.tables.luma, encoding.tables.chroma)
    )


def _side(rows: list[Header], profile: PlatformProfile) -> tuple[int, bool | None, int]:
    """Commonest side, whether it is a limit (give or take a pixel), and how many files exceed."""
    by_width = isinstance(profile.sizes[-1], FitWidth)
    sides = [int(r["w"]) if by_width else max(int(r["w"]), int(r["h"])) for r in rows]
    commonest = Counter(sides).most_common(1)[0][0]
    limits = [limit for limit in map(_limit, profile.sizes) if limit is not None]
    if not limits or max(sides) < min(limits) - 1:
        return commonest, None, 0
    agrees = any(abs(commonest - limit) <= 1 for limit in limits)
    return commonest, agrees, sum(side > max(limits) + 1 for side in sides)


def _limit(rule: object) -> int | None:
    if isinstance(rule, FitBox):
        return rule.long_edge
    if isinstance(rule, FitWidth):
        return rule.width
    assert isinstance(rule, AnySize)
    return None
