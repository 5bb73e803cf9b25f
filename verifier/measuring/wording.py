"""A measurement in sentences: ours, whoever answered."""

from collections.abc import Iterator
from datetime import date
from typing import Final

from verifier.measuring.answer import Answer, Edited, Regions

MEANINGS: Final[dict[Answer, str]] = {
    "present": (
        "The pattern that only this photo's device can embed is there, wherever the picture lets "
        "it be judged."
    ),
    "in parts": (
        "The pattern that only this photo's device can embed is there in parts alone. Elsewhere "
        "the picture was replaced, painted over or smoothed."
    ),
    "absent": (
        "The pattern that only this photo's device can embed is not there, though the payload was "
        "read. It is of none of the devices known here, or was taken out."
    ),
    "not known": (
        "Whether the pattern of this photo's device is there is not known: the picture is too "
        "small or too strongly compressed."
    ),
    "withdrawn": "The key was withdrawn: what it reads proves nothing.",
    "not in use yet": "The key is not in use yet: what it reads proves nothing.",
    "no watermark": "No watermark of a group known here was read, so nothing was measured.",
}
UNSEEN: Final = "Changes that leave the pattern in place, such as of tone or colour, are not seen."
EDITED: Final[dict[Edited, str]] = {
    "native": "What is left of it is what scaling and compressing leave.",
    "sharpen": "What is left of it says that the picture was probably sharpened.",
    "gaussian": "What is left of it says that the picture was probably smoothed.",
    "resample": "What is left of it says that the picture was probably resized down and up.",
    "softened": (
        "What is left of it says that fine detail was softened: smoothed or resized, or made "
        "smaller and compressed."
    ),
}


def withdrawn_words(what: str, day: date) -> str:
    """Say that a key counts for nothing since a day; ``what`` is "group's key" and the like."""
    return f"The {what} was withdrawn on {day}: what it reads proves nothing."


def ended_words(what: str, day: date) -> str:
    """Say that a key is no longer embedded."""
    return f"The {what} was in use until {day}: the photo must be from then or earlier."


def regions_words(regions: Regions | None) -> Iterator[str]:
    """Count the regions by their levels."""
    if regions is None:
        return
    counts = {level: regions.levels.count(level) for level in ("present", "absent", "not known")}
    said = ", ".join(f"{level} in {count}" for level, count in counts.items() if count)
    yield f"Of {len(regions.levels)} regions of the picture it is {said}."
