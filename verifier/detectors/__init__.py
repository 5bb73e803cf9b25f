"""Detectors: one file each, and one line in this list."""

from typing import Final

from verifier.detectors.detector import Detector
from verifier.detectors.manipulation import ManipulationDetector
from verifier.detectors.network import NetworkDetector
from verifier.detectors.origin import OriginDetector
from verifier.detectors.synthetic import SyntheticDetector

DETECTORS: Final[tuple[type[Detector], ...]] = (
    ManipulationDetector,
    OriginDetector,
    SyntheticDetector,
    NetworkDetector,
)

__all__ = ["DETECTORS", "Detector"]
