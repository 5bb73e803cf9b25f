"""Detectors: one file each, and one line in this list; docs/guides/new-detector.md shows one."""

from importlib import import_module
from typing import Final

from verifier.detectors.detector import Detector

_CLASSES: Final = (
    "edits:WatermarkEdits",
    "origin:OriginDetector",
    "generated:GeneratedDetector",
    "platform:PlatformDetector",
)


def _detector(line: str) -> type[Detector]:
    file, name = line.split(":")
    kind: type[Detector] = getattr(import_module(f"{__name__}.{file}"), name)
    return kind


DETECTORS: Final[tuple[type[Detector], ...]] = tuple(map(_detector, _CLASSES))

__all__ = ["DETECTORS", "Detector"]
