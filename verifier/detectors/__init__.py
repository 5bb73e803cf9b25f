"""Detectors: one file each, and one line in this list."""

from typing import Final

from verifier.detectors.detector import Detector
from verifier.detectors.manipulation import ManipulationDetector
from verifier.detectors.network import NetworkDetector
from verifier.detectors.origin import OriginDetector

DETECTORS: Final[tuple[type[Detector], ...]] = (
    ManipulationDetector,
    OriginDetector,
    NetworkDetector,
)

__all__ = ["DETECTORS", "Detector"]
