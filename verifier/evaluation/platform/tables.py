"""Tables of platform of origin, from records of pictures (`verifier.evaluation.platform.bench`)."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from channel import PLATFORMS
from channel.evaluation.table import Table
from verifier.detectors.platform import hint_of_pixels
from verifier.evaluation.platform.bench import Record
from verifier.evaluation.platform.classes import CLASSES, EIGHT, IN_2016, ORIGINAL, OTHER, THREE
from verifier.evaluation.platform.headers import CUES, HeaderRow, Judged, judged, score_headers
from verifier.features.header_likelihood import NONE
from verifier.judging.calibration import upper_bound
from verifier.judging.decision import Grounds, picture_probabilities
from verifier.weights import ModelEntry

Counts = NDArray[np.int64]
_WORDS: Final = {one.name: one.words for one in CLASSES}


def in_2016(records: Iterable[Record]) -> list[Record]:
    """Keep pictures that came once through a pipeline of 2016, and differ from their upload."""
    return [
        r
        for r in records
        if not r.sent.untouched
        and not r.sent.before
        and IN_2016.get(r.sent.truth) == r.sent.profile
    ]


def patch_confusion(records: Sequence[Record], names: Sequence[str] = EIGHT) -> Counts:
    """Count patches by true and named class: (K, K)."""
    counts = np.zeros((len(names), len(names)), np.int64)
    for record in records:
        if record.sent.truth in names:
            votes = record.eight if len(names) == len(EIGHT) else record.three
            counts[names.index(record.sent.truth)] += np.array(votes)
    return counts


def picture_confusion(records: Sequence[Record], names: Sequence[str] = EIGHT) -> Counts:
    """Count pictures by true class and majority of patches: (K, K)."""
    counts = np.zeros((len(names), len(names)), np.int64)
    for record in records:
        if record.sent.truth in names:
            votes = record.eight if len(names) == len(EIGHT) else record.three
            counts[names.index(record.sent.truth), int(np.argmax(votes))] += 1
    return counts


def mean_accuracy(counts: Counts) -> float:
    """Return the mean over classes of the share named rightly."""
    rows = counts.sum(1)
    return float(np.mean(np.diag(counts)[rows > 0] / rows[rows > 0]))


def apart(records: Sequence[Record]) -> list[Record]:
    """Leave out pictures whose luma table another class uses more often than their own does."""
    uses: dict[str, Counter[str]] = {}
    for record in records:
        uses.setdefault(record.sent.tables, Counter())[record.sent.truth] += 1
    return [r for r in records if uses[r.sent.tables].most_common(1)[0][0] == r.sent.truth]


def classes_table(records: Sequence[Record]) -> str:
    """Count patches and pictures of eight and of three classes that are right (simulated)."""
    kept = in_2016(records)
    once = [r for r in records if not r.sent.before]
    untouched = Counter(
        r.sent.truth
        for r in once
        if r.sent.untouched and r.sent.profile == IN_2016.get(r.sent.truth)
    )
    columns = (
        "class", "pictures", "patches", "patches right", "pictures right", "untouched, left out",
    )  # fmt: skip
    patches, pictures = patch_confusion(kept), picture_confusion(kept)
    rows: list[tuple[object, ...]] = [
        (name, pictures[place].sum(), patches[place].sum(), _share(patches, place),
         _share(pictures, place), untouched[name])
        for place, name in enumerate(EIGHT)
    ]  # fmt: skip
    rows.append(_mean_row("**mean of eight**", kept, EIGHT, untouched.total(), bold=True))
    unlike = "mean of eight, luma tables of another class left out"
    rows.append(_mean_row(unlike, apart(kept), EIGHT))
    rows.append(_mean_row(f"**mean of three** ({', '.join(THREE)})", kept, THREE, bold=True))
    return str(Table(columns, rows))


def _mean_row(
    name: str,
    records: Sequence[Record],
    names: Sequence[str],
    untouched: object = "",
    *,
    bold: bool = False,
) -> tuple[object, ...]:
    patches, pictures = patch_confusion(records, names), picture_confusion(records, names)
    shares = [f"{mean_accuracy(counts):.1%}" for counts in (patches, pictures)]
    shown = [f"**{share}**" for share in shares] if bold else shares
    return (name, pictures.sum(), patches.sum(), *shown, untouched)


def _share(counts: Counts, place: int) -> str:
    total = int(counts[place].sum())
    return f"{counts[place, place] / total:.1%}" if total else "–"


def confusion_table(records: Sequence[Record], *, pictures: bool = False) -> str:
    """Shares named, in percent of each true class."""
    kept = in_2016(records)
    counts = picture_confusion(kept) if pictures else patch_confusion(kept)
    rows = [
        (name, *(f"{100 * count / max(1, row.sum()):.1f}" for count in row))
        for name, row in zip(EIGHT, counts, strict=True)
    ]
    return str(Table(("true \\ named", *EIGHT), rows))


def hint_alone(record: Record, entry: ModelEntry) -> str:
    """Return what the pixels look like, were they asked: a platform, "none", or ""."""
    calibration = entry.calibration_for(None)
    if calibration is None or record.patches < entry.domain.min_patches:
        return ""
    mean_log = np.array(record.mean_log)
    found = picture_probabilities(entry, calibration, mean_log, record.patches)
    return hint_of_pixels(entry, Grounds(calibration, found)).platform or ""


def answers_table(records: Sequence[Record], entry: ModelEntry) -> str:
    """List what headers name, and what pixels alone would hint at (simulated)."""
    columns = (
        "came through", "pictures", "named rightly", "as Meta's", "wrongly", "not named",
        "pixels' hint right", "wrong", "none",
    )  # fmt: skip
    table = []
    groups = [(_WORDS[one.name], _of_class(one.name)) for one in CLASSES[:-2]]
    groups += [
        ("not shared", _of_class(ORIGINAL)),
        ("other platforms, eras, editors", _of_class(OTHER)),
    ]
    groups.append(("**all platforms**", lambda r: r.sent.truth not in (ORIGINAL, OTHER)))
    single = [r for r in records if not r.sent.untouched and not r.sent.before]
    for name, belongs in groups:
        rows = [r for r in single if belongs(r)]
        named = [judged(r.sent.named, _truth(r)) for r in rows]
        hints = [_judged_hint(r, entry) for r in rows]
        counts = [named.count(kind) for kind in _NAMED_KINDS]
        counts += [hints.count(kind) for kind in _HINT_KINDS]
        cells = [f"{count / max(1, len(rows)):.1%}" for count in counts]
        table.append((name, len(rows), *cells))
    return str(Table(columns, table))


_NAMED_KINDS: Final[tuple[Judged, ...]] = ("right", "meta", "wrong", "unnamed")
_HINT_KINDS: Final[tuple[Judged, ...]] = ("right", "wrong", "unnamed")


def _of_class(name: str) -> Callable[[Record], bool]:
    return lambda record: record.sent.truth == name


def _judged_hint(record: Record, entry: ModelEntry) -> Judged:
    said = hint_alone(record, entry)
    return judged("" if said == NONE else said, _truth(record))


def _truth(record: Record) -> str:
    """Name the platform that a picture came through last; "none" for none."""
    if record.sent.truth in (ORIGINAL, OTHER):  # real files are named by platform and year
        profile = record.sent.profile.partition(" ")[0]
        return {p.name: p.platform for p in PLATFORMS}.get(profile, NONE)
    return _WORDS[record.sent.truth]


def others_table(records: Sequence[Record], entry: ModelEntry) -> str:
    """List what the pixels alone hint at of other platforms and eras (simulated)."""
    found: dict[str, Counter[str]] = {}
    for record in records:
        if record.sent.truth == OTHER and not record.sent.untouched:
            said = hint_alone(record, entry)
            found.setdefault(record.sent.profile, Counter())[said or "open"] += 1
    rows = []
    for profile, counts in sorted(found.items()):
        named = ", ".join(
            f"{name} {count}" for name, count in counts.most_common() if name not in (NONE, "open")
        )
        rows.append((profile, counts.total(), counts[NONE], counts["open"], named or "–"))
    return str(Table(("profile", "pictures", "none that is known", "open", "named"), rows))


def chains_table(records: Sequence[Record], entry: ModelEntry) -> str:
    """Pictures that came through two platforms: the last one named, and the first (simulated)."""
    chains = [r for r in records if r.sent.before and not r.sent.untouched]
    columns = (
        "last platform", "chains", "last named rightly", "wrongly", "pixels' hint right",
        "first reported", "of those rightly",
    )  # fmt: skip
    table = []
    names = sorted({r.sent.truth for r in chains})
    for name in (*names, ""):
        rows = [r for r in chains if name in ("", r.sent.truth)]
        if not rows:
            continue
        last = [judged(r.sent.named, _truth(r)) for r in rows]
        hints = [_judged_hint(r, entry) == "right" for r in rows]
        named = [r for r in rows if r.sent.earlier]
        right = sum(judged(r.sent.earlier, _WORDS[r.sent.before]) != "wrong" for r in named)
        share = (last.count("right") + last.count("meta")) / len(rows)
        earlier = f"{len(named)} ({len(named) / len(rows):.0%})"
        table.append(
            (
                _WORDS[name] if name else "**all**",
                len(rows),
                f"{share:.1%}",
                last.count("wrong"),
                f"{np.mean(hints):.1%}",
                earlier,
                f"{right} ({right / max(1, len(named)):.0%})",
            )
        )
    single = [r for r in in_2016(records) if r.sent.truth in names]
    compared = f"({len(single)} pictures of one platform to compare with.)"
    return f"{Table(columns, table)}\n{compared}\n"


def served_table(records: Sequence[Record], entry: ModelEntry) -> str:
    """Files that were downloaded from platforms: each with what is said of it."""
    columns = (
        "platform", "picture", "size", "untouched", "majority of eight", "pixels' hint", "named",
    )  # fmt: skip
    rows = []
    for record in records:
        sent = record.sent
        cells = (
            sent.profile,
            sent.photo,
            f"{sent.width}×{sent.height}",
            "yes" if sent.untouched else "",
            f"{EIGHT[int(np.argmax(record.eight))]} {max(record.eight) / record.patches:.0%}",
            hint_alone(record, entry) or "–",
            sent.named or ("–" if sent.jpeg else "not JPEG"),
        )
        rows.append(cells)
    return "\n".join([str(Table(columns, rows)), *_served_summary(records, entry), ""])


def _served_summary(records: Sequence[Record], entry: ModelEntry) -> Iterator[str]:
    known = [
        r
        for r in records
        if not r.sent.untouched and r.sent.truth in EIGHT and "2016" in r.sent.profile
    ]
    right = sum(EIGHT[int(np.argmax(r.eight))] == r.sent.truth for r in known)
    patches = patch_confusion(known)
    yield (
        f"Of the {len(known)} files of 2016 that aren't untouched and are of the eight classes, "
        f"the majority of patches names {right}; of their {patches.sum()} patches "
        f"{np.trace(patches) / max(1, patches.sum()):.1%} are right."
    )
    platforms = [r for r in records if not r.sent.untouched and r.sent.truth != ORIGINAL]
    kinds = [judged(r.sent.named, _truth(r)) for r in platforms]
    named = kinds.count("right") + kinds.count("meta")
    yield (
        f"Of {len(platforms)} files of platforms that aren't untouched {named} are named rightly, "
        f"{kinds.count('wrong')} wrongly, {kinds.count('unnamed')} not at all."
    )


def headers_table(rows: Sequence[HeaderRow]) -> str:
    """Real headers: named rightly, wrongly, or not, by platform."""
    cues = "; ".join(words for words, _ in CUES)
    columns = (
        "basis", "platform", "headers", "named rightly", "as Meta's", "wrongly", "not named",
        "likeliest by all", "marks removed", "tables alone",
    )  # fmt: skip
    table = []
    for s in score_headers(rows):
        wrong = ", ".join(f"{name} {count}" for name, count in s.wrong.most_common()) or "0"
        likeliest = (f"{count / s.files:.0%}" for count in s.likeliest)
        cells = (s.basis, s.platform, s.files, s.right, s.meta, wrong, s.unnamed)
        table.append((*cells, *likeliest))
    said = f"Were one platform to be chosen, it would be the right one by: {cues}."
    return f"{said}\n\n{Table(columns, table)}"


def qualities_table(records: Sequence[Record]) -> str:
    """Patches and pictures right by the upload's quality (simulated)."""
    kept = in_2016(records)
    table = []
    for low in range(50, 96, 10):
        rows = [r for r in kept if low <= r.sent.quality < low + 10]
        if rows:
            patches, pictures = patch_confusion(rows), picture_confusion(rows)
            shares = (f"{mean_accuracy(counts):.1%}" for counts in (patches, pictures))
            table.append((f"{low}–{min(95, low + 9)}", len(rows), *shares))
    columns = "upload's quality", "pictures", "patches right", "pictures right"
    return str(Table(columns, table))


def wrong_bound(records: Sequence[Record], entry: ModelEntry) -> str:
    """Say how often headers name, and pixels hint at, a wrong platform, with bounds."""
    rows = [r for r in records if not r.sent.untouched and not r.sent.before]
    named = sum(judged(r.sent.named, _truth(r)) == "wrong" for r in rows)
    hints = sum(_judged_hint(r, entry) == "wrong" for r in rows)
    return (
        f"Of {len(rows)} pictures {named} were named a platform that they didn't come through last "
        f"(95% bound {upper_bound(named, len(rows)):.2%}); by pixels alone {hints} hints were "
        f"wrong (95% bound {upper_bound(hints, len(rows)):.2%})."
    )
