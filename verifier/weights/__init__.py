"""Shipped models of the detectors: ONNX files, and a manifest that says what each is.

A model is data with a label. That states digest, licence, labels in order, input contract, recipe,
measured figures, the domain in which it may answer, and its calibration. The digest is checked
before a file is loaded, and nothing is pickled.
"""

from functools import cache
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from channel.network_folder import MANIFEST, checked_bytes, read_manifest_of, write_manifest
from verifier.errors import WeightsError

FOLDER = Path(__file__).parent
ANY_CHANNEL = "any"

Role = Literal["native", "edit", "out-of-domain", "class"]
Probability = Annotated[float, Field(ge=0, le=1)]
_BEFORE = "foreign"


def label_of_today(name: str) -> str:
    """Return what a label is called today that older models, scores and reports name."""
    return "unknown-camera" if name == _BEFORE else name


def _without(content: Any, *names: str) -> Any:
    """Leave entries of these names out of a record that is read."""
    if not isinstance(content, dict):
        return content
    return {name: value for name, value in content.items() if name not in names}


class _Record(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Label(_Record):
    """A class that a model distinguishes, and what it says of a picture.

    Attributes
    ----------
    role
        "native": straight from the camera; "edit": a manipulation; "out-of-domain": not from the
        pipeline that the model knows, so that it has nothing to say; "class": none of these (a
        platform, a generator).
    words
        For a reader who knows no name of an algorithm, such as "sharpened".
    """

    name: str
    role: Role
    words: str

    @field_validator("name")
    @classmethod
    def _name_of_today(cls, name: str) -> str:
        return label_of_today(name)

    @field_validator("role", mode="before")
    @classmethod
    def _role_of_today(cls, role: Any) -> Any:
        """Read the role as models that were trained before this version call it."""
        return "out-of-domain" if role == _BEFORE else role


class InputContract(_Record):
    """What the ONNX file takes, of patches of ``side`` pixels.

    ``kind`` "patches": float32 (N, 3, side, side), sRGB in [0, 1]; "DCT histograms": float32
    (N, 909), counts as `verifier.features.dct_histogram.patch_histograms` gives them; "forensic
    statistics": float32 (N, 1386), as `verifier.features.forensic_statistics` gives them; of whole
    pictures "watermark left": float32 (N, 4), as `verifier.watermark.description` gives them.
    """

    kind: Literal["patches", "DCT histograms", "forensic statistics", "watermark left"] = "patches"
    name: str = "patches"
    side: int = Field(default=128, ge=8)
    output: str = "logits"


class TorchWeights(_Record):
    """The same weights for torch, from which ``camsim explain`` finds the evidence.

    Attributes
    ----------
    network
        A name of `verifier.explain.networks.NETWORKS`.
    file
        In the same folder; safetensors, or the ONNX file itself where it has the weights by the
        names that torch gives them.
    """

    network: str
    file: str
    sha256: str


class Selection(_Record):
    """Which patches of a picture are looked at.

    Attributes
    ----------
    method
        "grid": an even choice among the usable patches of a grid; "edges": drawn by how many edges
        they hold (`verifier.features.edge_patches`), from ``candidates`` times as many places.
    stride
        Of the grid, pixels; a multiple of 8, so that patches keep to the grid of JPEG's blocks.
    most_patches
        Bound on time and memory: an even choice among the usable ones.
    brief_patches
        The same for the stability test, which asks several times.
    min_variance
        Flatter patches say nothing: 0.01, Korus & Memon 2019, section 4.4 (of values in [0, 1]).
    most_clipped
        Largest share of pixels at 0 or 255 in all channels.
    """

    method: Literal["grid", "edges"] = "grid"
    candidates: int = Field(default=20, ge=1)
    stride: int = Field(default=128, ge=8, multiple_of=8)
    most_patches: int = Field(default=96, ge=1)
    brief_patches: int = Field(default=48, ge=1)
    min_variance: float = Field(default=0.01, ge=0)
    most_clipped: Probability = 0.5


class Domain(_Record):
    """Where a model may answer; outside it abstains.

    Attributes
    ----------
    min_side
        Shorter side of the picture, pixels.
    min_patches
        Usable patches.
    least_quality
        JPEG quality as `verifier.report.record.JpegFacts` has it; None: any.
    """

    min_side: int = Field(default=256, ge=1)
    min_patches: int = Field(default=4, ge=1)
    least_quality: int | None = None


class Threshold(_Record):
    """A decision value that states how often it errs.

    Attributes
    ----------
    value
        Probability from which the answer is given.
    false_alarm_rate
        Measured share of pictures that don't deserve the answer and got it.
    upper_bound
        95% upper confidence bound of that share (Clopper & Pearson 1934).
    pictures
        On how many such pictures.
    """

    value: Probability
    false_alarm_rate: Probability
    upper_bound: Probability
    pictures: int


class Calibration(_Record):
    """What turns patch scores into the probability of a picture, and into an answer.

    The pooled score of a class is ``n ** exponent`` times the mean log probability over ``n``
    patches; the probability is its softmax at ``temperature`` (Guo et al. 2017).

    Attributes
    ----------
    exponent
        0: the mean, as if patches repeated each other; 1: the sum, as if they were independent.
    edited, native
        Thresholds on the probability of any edit and of "native". The false alarms of the first are
        native pictures called edited, of the second edited ones called native. None where a model
        has no such labels.
    named, none
        Of a model of platforms or origins (labels that are a "class"): on the probability of the
        likeliest class, and on that of none of them. The false alarms of the first are pictures of
        no class that the model knows, named one, such as photographs called generated; of the
        second pictures of a class, called none.
    named_as
        Thresholds of classes that have one of their own, in place of ``named``; their false alarms
        are pictures of no class that are named this one.
    expected_calibration_error
        Measured on pictures that were not fitted to.
    """

    temperature: float = Field(gt=0)
    exponent: Probability
    edited: Threshold | None = None
    native: Threshold | None = None
    named: Threshold | None = None
    none: Threshold | None = None
    named_as: dict[str, Threshold] = {}
    expected_calibration_error: Probability
    pictures: int
    data: str

    def to_name(self, label: str) -> Threshold | None:
        """Return the threshold from which a class is named."""
        return self.named_as.get(label, self.named)

    @model_validator(mode="before")
    @classmethod
    def _of_today(cls, content: Any) -> Any:
        """Leave out what calibrations of earlier versions say of a pair's FAN."""
        return _without(content, _BEFORE, "out_of_domain", "isotonic")


class ModelEntry(_Record):
    """One model of the manifest.

    Attributes
    ----------
    name
        Of the entry; of the FAN of a pair the pair's.
    task
        Which detector loads it.
    pair, pipeline
        The pair's name as a signed photo states it, and its pipeline's; None outside a pair.
    torch
        Its weights for torch, where it can be explained.
    calibrations
        By channel as the report names it ("whatsapp"), and "any" for all others. Without any the
        detector shows raw scores and abstains.
    """

    name: str
    task: str
    version: str
    file: str
    sha256: str
    licence: str
    parameters: int
    pair: str | None = None
    pipeline: str | None = None
    labels: tuple[Label, ...] = Field(min_length=2)
    input: InputContract = InputContract()
    selection: Selection = Selection()
    domain: Domain = Domain()
    torch: TorchWeights | None = None
    calibrations: dict[str, Calibration] = {}
    recipe: dict[str, str | int | float | bool]
    data: str
    figures: dict[str, str | float]

    @model_validator(mode="before")
    @classmethod
    def _of_today(cls, content: Any) -> Any:
        """Leave out what entries of earlier versions say of whole pictures of a pair."""
        return _without(content, "pooling")

    @field_validator("task")
    @classmethod
    def _task_of_today(cls, task: str) -> str:
        """Read what models that were trained before this version call their task."""
        return {"network": "platform", "synthetic": "generated"}.get(task, task)

    @model_validator(mode="after")
    def _labelled(self) -> Self:
        names = [label.name for label in self.labels]
        if len(set(names)) != len(names):
            raise ValueError(f"labels repeat: {names}")
        return self

    def calibration_for(self, channel: str | None) -> Calibration | None:
        """Return the calibration of a channel, that of any channel, or None."""
        return self.calibrations.get(channel or ANY_CHANNEL) or self.calibrations.get(ANY_CHANNEL)

    def indices(self, role: Role) -> list[int]:
        """Return the places of the labels that have a role."""
        return [place for place, label in enumerate(self.labels) if label.role == role]

    def read(self, folder: Path = FOLDER) -> bytes:
        """Return the model's bytes, checked against the digest.

        Raises
        ------
        WeightsError
            If the file is missing or isn't the one that the manifest describes.
        """
        return checked_bytes(folder, self.file, self.sha256, WeightsError)

    def read_torch(self, folder: Path = FOLDER) -> bytes:
        """Return the bytes of the weights for torch, checked against their digest.

        Raises
        ------
        WeightsError
            As `read`, or if there are none.
        """
        if self.torch is None:
            raise WeightsError(f"the model {self.name} has no weights for torch beside it")
        return checked_bytes(folder, self.torch.file, self.torch.sha256, WeightsError)


class Manifest(_Record):
    """The models of one folder."""

    schema_version: Literal[1] = 1
    models: tuple[ModelEntry, ...] = ()

    def of_task(self, task: str) -> tuple[ModelEntry, ...]:
        """Return the models of a detector, in the manifest's order."""
        return tuple(entry for entry in self.models if entry.task == task)

    def find(self, name: str) -> ModelEntry:
        """Return the entry of a name.

        Raises
        ------
        WeightsError
            If there is none.
        """
        for entry in self.models:
            if entry.name == name:
                return entry
        known = ", ".join(entry.name for entry in self.models) or "none"
        raise WeightsError(f"no model {name!r} in the manifest (there are: {known})")


def read_manifest(folder: Path = FOLDER) -> Manifest:
    """Read ``manifest.json`` of a folder of models.

    Raises
    ------
    WeightsError
        If it is missing or malformed.
    """
    return _read_manifest(folder.resolve())


@cache
def _read_manifest(folder: Path) -> Manifest:
    return read_manifest_of(folder, Manifest, "models", WeightsError)


def add_to_manifest(entry: ModelEntry, folder: Path = FOLDER) -> None:
    """Add an entry, in place of an older one of its name; the order of the others stays."""
    old = read_manifest(folder) if (folder / MANIFEST).exists() else Manifest()
    kept = tuple(other for other in old.models if other.name != entry.name)
    write_manifest(folder, Manifest(models=(*kept, entry)))
    _read_manifest.cache_clear()


def keep_alone(entry: ModelEntry, folder: Path) -> None:
    """Leave no other entry of its task in a folder: the first of a task is the one asked."""
    others = (one for one in read_manifest(folder).models if one.task != entry.task)
    write_manifest(folder, Manifest(models=(*others, entry)))
    _read_manifest.cache_clear()


def store_calibration(
    name: str, calibration: Calibration, channel: str = ANY_CHANNEL, folder: Path = FOLDER
) -> None:
    """Write a calibration into a model's entry, in place of an older one of that channel.

    Parameters
    ----------
    name
        Of the entry.
    channel
        A platform as `Report.channel` names it, or "any".

    Raises
    ------
    WeightsError
        If the manifest has no such entry.
    """
    entry = read_manifest(folder).find(name)
    calibrations = entry.calibrations | {channel: calibration}
    add_to_manifest(entry.model_copy(update={"calibrations": calibrations}), folder)
