"""What the labels of a report are called, for people who read neither JSON nor statistics."""

from collections.abc import Mapping
from typing import Final

from verifier.report import DetectorResult, Level, Status, VerdictLabel

TITLES: Final[Mapping[VerdictLabel, str]] = {
    "consistent": "Consistent",
    "evidence against": "Evidence against",
    "inconclusive": "Inconclusive",
}
MEANINGS: Final[Mapping[VerdictLabel, str]] = {
    "consistent": "What could be checked fits a picture that nobody altered after its capture.",
    "evidence against": "Something speaks against this picture being unaltered. Read what, below.",
    "inconclusive": "The picture is neither cleared nor accused: a common, honest answer.",
}
LEVELS: Final[Mapping[Level, str]] = {
    "established": "established by a signature, not by statistics",
    "strong": "strong: tests that were right about nearly all comparable pictures, and the answer "
    "lasts when the picture is shared again",
    "moderate": "moderate: likely, but not enough to publish on alone",
    "weak": "weak: a hint, to be followed up by other means",
    "none": "no statement is made",
}
STATUSES: Final[Mapping[Status, str]] = {
    "ran": "answered",
    "abstained": "gave no answer, on purpose",
    "not run": "did not run",
}


def detector_headline(result: DetectorResult) -> str:
    """Say a detector's answer in a few words."""
    if result.finding == "evidence against":
        return f"Yes, as it seems: {result.answer}"
    if result.finding == "consistent":
        return "No sign of it"
    return {"ran": "Not sure", "abstained": "No answer", "not run": "Did not run"}[result.status]


def percent(probability: float) -> str:
    """Write a probability; certainty is never claimed by rounding."""
    if probability > 0.999:
        return "over 99.9%"
    if probability < 0.001:
        return "under 0.1%"
    return f"{100 * probability:.1f}%"


def input_line(width: int, height: int, file_format: str, size: int) -> str:
    """Describe a file in a line."""
    amount = f"{size / 1e6:.1f} MB" if size >= 1e6 else f"{size / 1e3:.0f} kB"
    megapixels = width * height / 1e6
    return f"{file_format}, {width} × {height} pixels ({megapixels:.1f} megapixels), {amount}"
