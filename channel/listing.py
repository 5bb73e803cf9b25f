"""The profiles as tables for the terminal: all of them in short, or one with its sources."""

from collections.abc import Iterable

from rich import box
from rich.table import Table

from channel.platforms import PLATFORMS
from channel.profile import (
    ASPECTS,
    Aspect,
    Confidence,
    Encoding,
    FitBox,
    FitWidth,
    MaxPixels,
    Metadata,
    PlatformProfile,
    SizeRule,
)


def platforms_table() -> Table:
    """Every profile: what it does, where its tables are from, how sure."""
    table = _table()
    table.add_column("name", no_wrap=True)
    table.add_column("era: what it does", overflow="fold")
    table.add_column("source", overflow="fold")
    table.add_column("how sure", no_wrap=True)
    table.add_column("assumed", no_wrap=True, justify="right")
    table.caption = _legend(c for c in Confidence if c is not Confidence.ASSUMED) + (
        f"\nassumed: so many of {len(ASPECTS)} aspects are not known; "
        "'camsim platforms NAME' says which"
    )
    for profile in PLATFORMS:
        source = profile.sources["tables"]
        if source.confidence is Confidence.ASSUMED:
            source = profile.sources["size"]
        table.add_row(
            profile.name,
            f"{profile.era}: {profile.summary}",
            source.where,
            source.confidence.word,
            str(len(profile.assumptions)),
        )
    return table


def profile_table(profile: PlatformProfile) -> Table:
    """One profile: each of its values, where it is from, how sure."""
    table = _table()
    table.title = f"{profile.name}: {profile.platform}, {profile.era}"
    table.add_column("aspect", no_wrap=True)
    table.add_column("what it does", overflow="fold")
    table.add_column("source", overflow="fold")
    table.add_column("year", no_wrap=True)
    table.add_column("how sure", no_wrap=True)
    values = _values(profile)
    for aspect in ASPECTS:
        source = profile.sources[aspect]
        table.add_row(aspect, values[aspect], source.where, source.year, source.confidence.word)
    used = {profile.sources[aspect].confidence for aspect in ASPECTS}
    table.caption = _legend(confidence for confidence in Confidence if confidence in used)
    return table


def _table() -> Table:
    return Table(
        box=box.SIMPLE_HEAD,
        show_edge=False,
        padding=(0, 1, 0, 0),
        title_justify="left",
        caption_justify="left",
    )


def _legend(confidences: Iterable[Confidence]) -> str:
    return "\n".join(f"{confidence.word}: {confidence.meaning}" for confidence in confidences)


def _values(profile: PlatformProfile) -> dict[Aspect, str]:
    if not profile.encodings:
        as_uploaded: dict[Aspect, str] = dict.fromkeys(ASPECTS, "as uploaded")
        return (
            as_uploaded | {"metadata": "stripped"}
            if profile.passthrough == "stripped"
            else as_uploaded
        )
    mask = profile.sharpening
    tables = _either(map(_tables, profile.encodings))
    if profile.first_encoding is not None:
        tables = f"{_tables(profile.first_encoding)} at {profile.first_encoding_at}, then {tables}"
    small = "; JPEG decoded to ½, ¼ or ⅛ first" if profile.half_decoding else ""
    passes = "; a JPEG file that fits passes" if profile.passthrough == "if it fits" else ""
    return {
        "size": _either(map(_size, profile.sizes)) + passes,
        "resampling": profile.resampling + small,
        "sharpening": f"unsharp mask σ {mask.sigma:g}, {mask.amount:g}" if mask else "none",
        "tables": tables,
        "subsampling": _either(
            e.subsampling if e.tables or e.most_bytes else "the upload's" for e in profile.encodings
        ),
        "scan": _either(f"{e.scans.name}, {e.codec}" for e in profile.encodings),
        "metadata": _metadata(profile.metadata),
    }


def _either(values: Iterable[str]) -> str:
    return " or ".join(dict.fromkeys(values))


def _size(rule: SizeRule) -> str:
    match rule:
        case FitBox(long_edge):
            return f"longer side to {long_edge}"
        case FitWidth(width, enlarges):
            return f"width {'made' if enlarges else 'to'} {width}"
        case MaxPixels(pixels):
            return f"{pixels / 1e6:g} megapixels"
        case _:
            return "kept"


def _tables(encoding: Encoding) -> str:
    if encoding.tables is not None:
        return encoding.tables.name
    if encoding.most_bytes is not None:
        return f"Annex K, the highest quality within {encoding.most_bytes} bytes"
    return "the upload's"


def _metadata(metadata: Metadata) -> str:
    parts = [f"EXIF {metadata.exif}", f"ICC {'added' if metadata.added_icc else metadata.icc}"]
    if metadata.transmission_reference:
        parts.append("IPTC 2:103")
    if metadata.fbmd:
        parts.append("FBMD")
    if metadata.comment is not None:
        parts.append("comment")
    return ", ".join(parts)
