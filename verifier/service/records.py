"""What is told of an analysis while it runs and after it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field

from verifier.report.labels import MEANINGS, TITLES
from verifier.report.preview import Preview
from verifier.report.reference import SignedPicture
from verifier.report.report import Report
from verifier.report.wording import in_short, level_words
from verifier.service.problems import Problem

State = Literal["queued", "running", "done", "failed"]
PartState = Literal["waiting", "running", "done"]


class Part(BaseModel):
    """A step of an analysis, such as reading, or a detector."""

    model_config = ConfigDict(frozen=True)

    name: str
    words: str = Field(default="", description="What is done, for people.")
    state: PartState
    seconds: float | None = Field(default=None, description="How long it took, once it is done.")


class Answer(BaseModel):
    """A question of an editor, and what is known of it in a few words."""

    model_config = ConfigDict(frozen=True)

    question: str
    answer: str


class InWords(BaseModel):
    """A report for people who read neither JSON nor statistics."""

    model_config = ConfigDict(frozen=True)

    title: str = Field(description="The verdict.")
    meaning: str = Field(description="What such a verdict says of any picture.")
    level: str = Field(description="How sure it is.")
    answers: tuple[Answer, ...]

    @classmethod
    def of(cls, report: Report) -> Self:
        """Put a report into words."""
        verdict = report.verdict
        return cls(
            title=TITLES[verdict.label],
            meaning=MEANINGS[verdict.label],
            level=level_words(report),
            answers=tuple(Answer(question=q, answer=a) for q, a in in_short(report)),
        )


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
    in_words: InWords | None = Field(default=None, description="The report in short.")
    problem: Problem | None = Field(default=None, description="Where it failed.")


@dataclass(frozen=True)
class Record:
    """An analysis and what isn't told: whose it is, and the small pictures for its page."""

    analysis: Analysis
    owner: str
    preview: Preview | None = None
    signed: SignedPicture | None = None

    @property
    def report(self) -> Report | None:
        """The report with its pictures."""
        report = self.analysis.report
        return report.with_pictures(self.preview, self.signed) if report else None
