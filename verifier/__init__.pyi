from .analysis import Verifier
from .batch import Outcome
from .detectors import DETECTORS, Detector
from .errors import (
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
from .limits import Limits
from .report.record import Verdict
from .report.report import Report
from .settings import Settings
from .watermark.photo import WatermarkReader, read_watermark
from .watermark.reader import WatermarkReading

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
    "WatermarkReader",
    "WatermarkReading",
    "WeightsError",
    "WorkerError",
    "read_watermark",
]
