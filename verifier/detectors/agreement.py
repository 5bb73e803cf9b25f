"""Detectors of what a picture is instead of a photograph don't contradict each other in a report.

Two of them may look at one picture, one for three origins, one for generated pictures alone. An
answer stands only if the other detector doesn't find something else likelier, of what it knows.
Else neither is worth more, and the report says so instead of both.
"""

from collections.abc import Sequence
from typing import Final

from verifier.judging.verdict import KINDS
from verifier.report.record import DetectorResult
from verifier.report.wording import percent

# Labels of the two detectors that mean the same.
_GENERATED: Final = ("dgi", "generated")


def agreed(results: Sequence[DetectorResult]) -> list[DetectorResult]:
    """Take back the answers of detectors of kinds that contradict each other.

    Returns
    -------
    The results in the same order; one whose answer was taken back is inconclusive, and its first
    reason says what the other detector found.
    """
    answered = [r for r in results if r.name in KINDS and r.status == "ran" and r.probabilities]
    return [_checked(result, answered) for result in results]


def _checked(result: DetectorResult, answered: Sequence[DetectorResult]) -> DetectorResult:
    if result.answer is None or result not in answered:
        return result
    for other in answered:
        if other is not result and _contradicts(result, result.answer, other):
            return _taken_back(result, result.answer, other)
    return result


def _contradicts(result: DetectorResult, answer: str, other: DetectorResult) -> bool:
    """Whether another detector finds something else likeliest, of what it knows."""
    meaning = _meaning(result, answer)
    known = {_meaning(other, label) for label in other.probabilities}
    return meaning in known and _meaning(other, _likeliest(other)) != meaning


def _meaning(result: DetectorResult, label: str) -> str:
    """Name a label alike for both detectors; the first label of each is the photographs'."""
    if label == next(iter(result.label_words), None):
        return "photograph"
    return "generated" if label in _GENERATED else label


def _likeliest(result: DetectorResult) -> str:
    return max(result.probabilities, key=lambda label: result.probabilities[label])


def _taken_back(result: DetectorResult, answer: str, other: DetectorResult) -> DetectorResult:
    label = _likeliest(other)
    words = (
        f"No answer: this detector finds {_found(result, answer)}, and the one that asks "
        f"“{other.question}” finds {_found(other, label)}. They contradict each other, so this "
        "answer isn't given."
    )
    return result.model_copy(
        update={
            "finding": "inconclusive",
            "answer": None,
            "answer_words": None,
            "confidence": None,
            "threshold": None,
            "false_alarm_rate": None,
            "reasons": (words,),
        }
    )


def _found(result: DetectorResult, label: str) -> str:
    words = result.label_words.get(label, label)
    return f"{words} likeliest (probability {percent(result.probabilities[label])})"
