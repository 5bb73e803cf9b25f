"""Model cards: what each detector asks, which models answer, how good they are."""

from collections.abc import Sequence
from pathlib import Path
from typing import Self

from pydantic import BaseModel, ConfigDict, Field

from verifier.detectors import Detector
from verifier.detectors.added.detector import AddedDetector
from verifier.detectors.added.store import Added
from verifier.weights import Calibration, Domain, ModelEntry, Threshold, read_manifest


class ModelCard(BaseModel):
    """A model as its manifest describes it; its digest is checked whenever it is loaded."""

    model_config = ConfigDict(frozen=True)

    name: str
    version: str
    sha256: str
    licence: str
    parameters: int
    pair: str | None
    pipeline: str | None
    labels: dict[str, str] = Field(description="Each class and what it is called in words.")
    domain: Domain = Field(description="Where it may answer; outside it abstains.")
    calibrated_for: tuple[str, ...]
    false_alarm_rates: dict[str, dict[str, float]] = Field(
        description="By channel and answer: how often that answer was measured to be wrong."
    )
    data: str = Field(description="What it was trained on.")
    recipe: dict[str, str | int | float | bool]
    figures: dict[str, str | float]

    @classmethod
    def of(cls, entry: ModelEntry) -> Self:
        """Write the card of a manifest's entry."""
        rates = {name: _rates(found) for name, found in entry.calibrations.items()}
        return cls(
            **entry.model_dump(include=set(cls.model_fields) - {"labels", "domain"}),
            labels={label.name: label.words for label in entry.labels},
            domain=entry.domain,
            calibrated_for=tuple(entry.calibrations),
            false_alarm_rates=rates,
        )


def _rates(calibration: Calibration) -> dict[str, float]:
    thresholds = {name: found for name, found in calibration if isinstance(found, Threshold)}
    thresholds |= {f"named {label}": found for label, found in calibration.named_as.items()}
    return {name: found.false_alarm_rate for name, found in thresholds.items()}


class DetectorCard(BaseModel):
    """A detector and its models; without a model it answers that it was not asked."""

    model_config = ConfigDict(frozen=True)

    name: str
    question: str
    models: tuple[ModelCard, ...]
    added: Added | None = Field(
        default=None, description="Card, digest and calibration of one that the operator added."
    )


def cards(detectors: Sequence[Detector], weights: Path) -> list[DetectorCard]:
    """Write the cards of all detectors; raises `WeightsError` for a bad manifest."""
    manifest = read_manifest(weights)
    return [
        DetectorCard(
            name=detector.name,
            question=detector.question,
            models=tuple(ModelCard.of(entry) for entry in manifest.of_task(detector.task)),
            added=detector.added if isinstance(detector, AddedDetector) else None,
        )
        for detector in detectors
    ]
