from .analysis import Verifier
from .batch import Outcome
from .detectors import DETECTORS, Detector
from .errors import (
    DependencyError,
    ManifestConflictError,
    ManifestNotFoundError,
    ManifestRefusedError,
    OutputError,
    PhotoError,
    PhotoNotFoundError,
    PhotoTimeoutError,
    PhotoTooLargeError,
    PhotoUnreadableError,
    PhotoUnsupportedError,
    PicturesError,
    RepositoryError,
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
from .repository import Repository, open_repository
from .settings import Settings
from .watermark.photo import WatermarkReader, read_watermark
from .watermark.reader import WatermarkReading

__all__ = [
    "DETECTORS",
    "DependencyError",
    "Detector",
    "Limits",
    "ManifestConflictError",
    "ManifestNotFoundError",
    "ManifestRefusedError",
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
    "Repository",
    "RepositoryError",
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
    "open_repository",
    "read_watermark",
]
