"""Tables of origin, from records of pictures (`verifier.evaluation.origin.bench`)."""

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from channel.evaluation.table import Table
from verifier.detectors.origin import answer_of
from verifier.evaluation.origin.bench import AS_FOUND, OriginRecord
from verifier.evaluation.origin.conditions import LEVEL_WORDS
from verifier.judging.calibration import upper_bound
from verifier.judging.decision import Grounds, picture_probabilities
from verifier.weights import ModelEntry

PARTS: Final = {"seen": "sets seen", "unseen": "whole sets unseen"}


def feed_words(feed: int) -> str:
    """Name a feed."""
    return "as found" if feed == AS_FOUND else f"{feed}×{feed}, equalised"


def chosen(
    records: Sequence[OriginRecord], part: str, feed: int | None = None
) -> list[OriginRecord]:
    """Keep the records of a part and feed to which nothing was done."""
    return [r for r in records if r.part == part and not r.condition and feed in (None, r.feed)]


def by_vote(record: OriginRecord) -> int:
    """Return the label of most patches; of as many, the likelier."""
    votes = np.array(record.votes) + 0.5 * (np.arange(len(record.votes)) == by_mean(record))
    return int(votes.argmax())


def by_mean(record: OriginRecord) -> int:
    """Return the likeliest label by the mean over patches."""
    return int(np.argmax(record.mean_log))


def mean_of_classes(right: Sequence[float], kinds: Sequence[str]) -> float:
    """Return the mean over classes of the share that is right."""
    values, names = np.array(right), np.array(kinds)
    return float(np.mean([values[names == kind].mean() for kind in sorted(set(kinds))]))


def accuracies(
    records: Sequence[OriginRecord], labels: Sequence[str]
) -> tuple[float, float, float]:
    """Return the shares of patches, of pictures by vote and by mean that are right, of classes."""
    kinds = [r.kind for r in records]
    truth = [labels.index(kind) for kind in kinds]
    patches = [r.votes[k] / r.patches for r, k in zip(records, truth, strict=True)]
    vote = [by_vote(r) == k for r, k in zip(records, truth, strict=True)]
    mean = [by_mean(r) == k for r, k in zip(records, truth, strict=True)]
    return (
        mean_of_classes(patches, kinds),
        mean_of_classes(vote, kinds),
        mean_of_classes(mean, kinds),
    )


def accuracy_table(records: Sequence[OriginRecord], entry: ModelEntry) -> str:
    """Count patches and pictures that are right, mean of classes, by part and feed."""
    labels = [label.name for label in entry.labels]
    columns = (
        "pictures", "fed", "different pictures", "files", "patches right",
        "pictures right by vote", "by mean",
    )  # fmt: skip
    rows = []
    for part, words in PARTS.items():
        for feed in sorted({r.feed for r in records}, key=lambda f: f or 10_000):
            kept = chosen(records, part, feed)
            if kept:
                patches, vote, mean = accuracies(kept, labels)
                count = len({r.name for r in kept})
                shares = f"{patches:.1%}", f"**{vote:.1%}**", f"{mean:.1%}"
                rows.append((words, feed_words(feed), count, len(kept), *shares))
    return str(Table(columns, rows))


def confusion(records: Sequence[OriginRecord], labels: Sequence[str]) -> NDArray[np.int64]:
    """Count pictures by true class and vote: (K, K)."""
    counts = np.zeros((len(labels), len(labels)), np.int64)
    for record in records:
        counts[labels.index(record.kind), by_vote(record)] += 1
    return counts


def sets_table(records: Sequence[OriginRecord], entry: ModelEntry, feed: int) -> str:
    """List what the pictures of each set are voted to be, and what the detector answers."""
    labels = [label.name for label in entry.labels]
    voted, answered = ([f"{did} {name}" for name in labels] for did in ("voted", "answered"))
    rows = []
    for part, words in PARTS.items():
        kept = chosen(records, part, feed)
        for name in dict.fromkeys(r.set for r in kept):
            of_set = [r for r in kept if r.set == name]
            votes = confusion(of_set, labels).sum(0)
            answers = [answer(r, entry) for r in of_set]
            shares = [answers.count(label) for label in labels] + [answers.count(None)]
            cells = (f"{count / len(of_set):.0%}" for count in (*votes, *shares))
            rows.append((f"{name} ({words.split()[-1]})", len(of_set), *cells))
    return str(Table(("set", "files", *voted, *answered, "not sure"), rows))


def probabilities(record: OriginRecord, entry: ModelEntry) -> dict[str, float]:
    """Return the calibrated probabilities of a record; empty without a calibration."""
    calibration = entry.calibration_for(None)
    if calibration is None:
        return {}
    return picture_probabilities(entry, calibration, np.array(record.mean_log), record.patches)


def answer(record: OriginRecord, entry: ModelEntry) -> str | None:
    """Return the label that the detector answers, or None where it isn't sure."""
    calibration, found = entry.calibration_for(None), probabilities(record, entry)
    if calibration is None:
        return None
    label = answer_of(entry, Grounds(calibration, found)).answer
    return label.name if label else None


def answers_table(records: Sequence[OriginRecord], entry: ModelEntry) -> str:
    """Measure how often the detector answers, and how often rightly."""
    columns = (
        "pictures", "fed", "files", "answered", "right of answered",
        "photographs called none (pictures)", "95% bound", "others called a photograph",
    )  # fmt: skip
    rows = []
    native = next(label.name for label in entry.labels if label.role == "native")
    for part, words in PARTS.items():
        for feed in sorted({r.feed for r in records}, key=lambda f: f or 10_000):
            kept = chosen(records, part, feed)
            if not kept:
                continue
            said = [answer(r, entry) for r in kept]
            answered = [(r, a) for r, a in zip(kept, said, strict=True) if a]
            right = sum(r.kind == a for r, a in answered)
            photos = {r.name for r in kept if r.kind == native}
            accused = {r.name for r, a in answered if r.kind == native != a}
            others = [(r, a) for r, a in zip(kept, said, strict=True) if r.kind != native]
            cleared = sum(a == native for _, a in others)
            rows.append(
                (
                    words,
                    feed_words(feed),
                    len(kept),
                    f"{len(answered) / len(kept):.1%}",
                    f"{right / max(1, len(answered)):.1%}",
                    f"{len(accused)} of {len(photos)}",
                    f"{upper_bound(len(accused), max(1, len(photos))):.1%}",
                    f"{cleared} of {len(others)}",
                )
            )
    return str(Table(columns, rows))


def curves(
    records: Sequence[OriginRecord], labels: Sequence[str], part: str
) -> dict[str, list[tuple[float, float]]]:
    """Return the points of each condition: level, and pictures right by vote, mean of classes."""
    found: dict[str, list[tuple[float, float]]] = {}
    kept = [r for r in records if r.part == part and r.condition]
    for name, level in dict.fromkeys((r.condition, r.level) for r in kept):
        at = [r for r in kept if (r.condition, r.level) == (name, level)]
        found.setdefault(name, []).append((level, accuracies(at, labels)[1]))
    return found


def curves_table(records: Sequence[OriginRecord], entry: ModelEntry) -> str:
    """Write the points of figure 5."""
    labels = [label.name for label in entry.labels]
    both = {part: curves(records, labels, part) for part in PARTS}
    rows = []
    for name, points in both["seen"].items():
        for number, (level, _) in enumerate(points):
            amount = LEVEL_WORDS[level] if name == "turn" else f"{level:g}"
            cells = [
                f"{both[part][name][number][1]:.1%}" if name in both[part] else "–"
                for part in PARTS
            ]
            what = "nothing" if name == "none" else f"{name} {amount}"
            rows.append((what, *cells))
    return str(Table(("done to the picture", *PARTS.values()), rows))
