"""What a detector is: a part with a question, that answers from evidence, or abstains."""

from abc import ABC, abstractmethod
from pathlib import Path
from typing import ClassVar, Final, Self

from verifier.detectors.model import Model
from verifier.reading.reading import Reading
from verifier.report.record import DetectorResult
from verifier.weights import FOLDER, read_manifest

# Of detectors that are wrong too often, or on too few kinds of pictures, to decide anything.
ONLY_INFORMS: Final = "This is a hint: no verdict rests on it."


class Detector(ABC):
    """Answers one question about a picture.

    A detector is pickled into worker processes and used by several threads at once: it holds what
    it needs to load its models, and loads them when it is first asked.
    """

    name: ClassVar[str]
    question: ClassVar[str]

    @classmethod
    @abstractmethod
    def from_weights(cls, folder: Path = FOLDER) -> Self:
        """Make one of a folder of models with a manifest; a folder without its models is fine."""

    @abstractmethod
    def analyze(self, reading: Reading, *, brief: bool = False) -> DetectorResult:
        """Answer for a picture.

        Parameters
        ----------
        reading
            Pixels (H, W, 3), uint8, sRGB as coded, and the facts of the file.
        brief
            Whether a quicker look is enough: the stability test asks about several copies.

        Raises
        ------
        WeightsError
            If a model is damaged. Whatever else is in the way of an answer is an abstention.
        """

    def not_run(self, reason: str) -> DetectorResult:
        """Say why there is no answer at all."""
        return DetectorResult(
            name=self.name,
            question=self.question,
            status="not run",
            finding="none",
            reasons=(reason,),
        )


class ModelDetector(Detector):
    """A detector whose answers come from trained models.

    Parameters
    ----------
    models
        Of its task, in the manifest's order.
    """

    task: ClassVar[str]

    def __init__(self, models: tuple[Model, ...] = ()) -> None:
        self._models = models

    @classmethod
    def from_weights(cls, folder: Path = FOLDER) -> Self:
        """Take the models of a folder; raises `WeightsError` for a bad manifest."""
        entries = read_manifest(folder).of_task(cls.task)
        return cls(tuple(Model(entry, folder) for entry in entries))
