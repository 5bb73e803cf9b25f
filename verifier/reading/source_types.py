"""Statements of how a picture was made, in IPTC's words (newscodes, digital source type).

https://cv.iptc.org/newscodes/digitalsourcetype/, C2PA 2.2, 18.15.4.2, and schema.org's
IPTCDigitalSourceEnumeration.
"""

import re
from typing import Final

from verifier.report.quoting import term
from verifier.report.record import Made

# Made by a model or by an algorithm.
_GENERATED: Final = ("trainedAlgorithmicMedia", "algorithmicMedia", "trainedAlgorithmicData")
# A part of it was.
_PARTLY: Final = ("compositeWithTrainedAlgorithmicMedia", "compositeSynthetic")
# Taken by a camera, by itself or out of several exposures; or scanned from what one took.
CAPTURES: Final = ("digitalCapture", "computationalCapture")
_SCANS: Final = ("negativeFilm", "positiveFilm", "print")

_MADE: Final[dict[str, Made]] = {
    **{name.lower(): "generated" for name in _GENERATED},
    **{name.lower(): "partly generated" for name in _PARTLY},
    **{name.lower(): "captured" for name in (*CAPTURES, *_SCANS)},
}
# schema.org's names for IPTC's, as in TrainedAlgorithmicMediaDigitalSource.
_SCHEMA_ORG: Final = "digitalsource"
WORDS: Final[dict[Made, str]] = {
    "generated": "was generated",
    "partly generated": "was generated in part",
    "captured": "was taken by a camera",
    "other": "is of another source",
}


def source_type_name(uri: str) -> str:
    """Return the name at the end of a source type's URI, 60 characters at most."""
    path = re.split(r"[?]", uri.strip()[-200:])[0]
    return term(re.split(r"[/:#]", path.rstrip("/:#"))[-1])


def made(source_type: str) -> Made:
    """Return what a source type comes down to; "other" of one that isn't known."""
    return _MADE.get(source_type.lower().removesuffix(_SCHEMA_ORG), "other")
