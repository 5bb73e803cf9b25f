"""What can be known of a picture that came back from a platform.

>>> from verifier import Verifier
>>> report = Verifier.default().analyze("photo.jpg")  # doctest: +SKIP
"""

from verifier.analysis import Verifier
from verifier.batch import Outcome
from verifier.detectors import DETECTORS, Detector
from verifier.errors import (
    DependencyError,
    OutputError,
    PhotoError,
    PhotoNotFoundError,
    PhotoTimeoutError,
    PhotoTooLargeError,
    PhotoUnreadableError,
    PhotoUnsupportedError,
    PicturesError,
    ScoresError,
    SettingsError,
    TrainingError,
    VerifierError,
    WeightsError,
    WorkerError,
)
from verifier.limits import Limits
from verifier.report.record import Verdict
from verifier.report.report import Report
from verifier.settings import Settings

__all__ = [
    "DETECTORS",
    "DependencyError",
    "Detector",
    "Limits",
    "Outcome",
    "OutputError",
    "PhotoError",
    "PhotoNotFoundError",
    "PhotoTimeoutError",
    "PhotoTooLargeError",
    "PhotoUnreadableError",
    "PhotoUnsupportedError",
    "PicturesError",
    "Report",
    "ScoresError",
    "Settings",
    "SettingsError",
    "TrainingError",
    "Verdict",
    "Verifier",
    "VerifierError",
    "WeightsError",
    "WorkerError",
]
