"""Detectors: one file each, and one line in this list."""

from typing import Final

from verifier.detectors.detector import Detector
from verifier.detectors.generated import SyntheticDetector
from verifier.detectors.manipulation import ManipulationDetector
from verifier.detectors.origin import OriginDetector
from verifier.detectors.platform import NetworkDetector

DETECTORS: Final[tuple[type[Detector], ...]] = (
    ManipulationDetector,
    OriginDetector,
    SyntheticDetector,
    NetworkDetector,
)

__all__ = ["DETECTORS", "Detector"]
