"""The parts of an analysis, in their order: the one list of them.

Progress, seconds of a report, the service's phases and its page, the bench and the archive's table
go by it. A detector's name and words come from the detector.
"""

from collections.abc import Mapping
from typing import Final

_BEFORE: Final = {"reading": "Reading the file, its signature and its distribution history"}
WATERMARK: Final = "watermark"  # looked for where a key is known
EDITS: Final = "manipulation"  # a detector that is asked of the watermark that was read
RECOVERY: Final = "recovery"  # where a repository is known besides
_WATERMARK: Final = {WATERMARK: "Looking for a watermark"}
_AFTER: Final = {
    RECOVERY: "Looking up what the camera signed, and comparing the picture with it",
    "stability": "Sharing it again, to see whether the answers last",
    "preview": "Drawing the picture",
}


def parts_of(detectors: Mapping[str, str]) -> dict[str, str]:
    """Return what a page says of each part by its name, given what it says of each detector."""
    edits = {name: words for name, words in detectors.items() if name == EDITS}
    others = {name: words for name, words in detectors.items() if name != EDITS}
    return {**_BEFORE, **others, **_WATERMARK, **edits, **_AFTER}
