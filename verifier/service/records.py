"""What is told of an analysis while it runs and after it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from verifier.preview import Preview
from verifier.report import Report
from verifier.service.problems import Problem

State = Literal["queued", "running", "done", "failed"]
PartState = Literal["waiting", "running", "done"]


class Part(BaseModel):
    """A step of an analysis: reading, each detector, stability, preview."""

    model_config = ConfigDict(frozen=True)

    name: str
    state: PartState
    seconds: float | None = Field(default=None, description="How long it took, once it is done.")


class Analysis(BaseModel):
    """An analysis: how far it is, and its report or the reason why there is none."""

    model_config = ConfigDict(frozen=True)

    id: str
    state: State
    name: str | None = Field(default=None, description="What the file was called, if it was told.")
    created: datetime
    expires: datetime | None = Field(
        default=None, description="When it is deleted; null while it isn't done, or for never."
    )
    parts: tuple[Part, ...]
    report: Report | None = Field(default=None, description="Once it is done.")
    problem: Problem | None = Field(default=None, description="Where it failed.")


@dataclass(frozen=True)
class Record:
    """An analysis and what isn't told: whose it is, and the small picture for its page."""

    analysis: Analysis
    owner: str
    preview: Preview | None = None

    @property
    def report(self) -> Report | None:
        """The report with its picture."""
        report = self.analysis.report
        return report.with_preview(self.preview) if report else None
