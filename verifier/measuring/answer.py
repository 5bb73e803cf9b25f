"""What a measuring service answers: how a photo's octaves stand, never a key nor a correlation.

Shares are rounded and regions have three levels, so that an answer says little about how to repair
a picture.
"""

from typing import Annotated, Final, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

Answer = Literal[
    "present", "in parts", "absent", "not known", "withdrawn", "not in use yet", "no watermark"
]
"""``absent``: a payload was read, and the octaves of no device known there."""
Edited = Literal["native", "sharpen", "gaussian", "resample", "softened"]
"""``native``: nothing was found but what scaling and compressing leave."""
Level = Literal["present", "absent", "not known"]
MOST_REGIONS: Final = 16
STEP: Final = 0.05
"""To which shares are rounded, and their errors upwards."""


class _Answer(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class OctaveLeft(_Answer):
    """How much of a measuring octave is left.

    Attributes
    ----------
    low, high
        Cycles across the photo's longer side.
    share
        Of what was laid; 1 is all, and up to some 20% are the estimate's own error.
    error
        Standard error, by leaving out a part of the picture at a time.
    """

    low: Annotated[int, Field(ge=1, le=10_000)]
    high: Annotated[int, Field(ge=1, le=10_000)]
    share: Annotated[float, Field(ge=-10, le=10)]
    error: Annotated[float, Field(ge=0, le=10)]


class Regions(_Answer):
    """Levels of equal regions of the picture, turned as the photo was, row by row."""

    rows: Annotated[int, Field(ge=1, le=MOST_REGIONS)]
    columns: Annotated[int, Field(ge=1, le=MOST_REGIONS)]
    levels: Annotated[tuple[Level, ...], Field(max_length=MOST_REGIONS)]

    @model_validator(mode="after")
    def _is_whole(self) -> Self:
        if self.rows * self.columns != len(self.levels):
            raise ValueError("there must be a level for each region")
        return self


class Measurement(_Answer):
    """What a service that knows the devices' secrets measured in a picture.

    Attributes
    ----------
    answer
        In a word.
    payload
        That was read, 16 hexadecimal digits.
    group
        Name of the group's key that read it.
    octaves
        None where the octaves of no device known there are in the picture. Which device's they
        are isn't told.
    false_alarm_rate
        Bound of the share of pictures without any such octaves that are said to have some.
    edits
        What was done to the whole picture, where it is sure; None where it isn't, or can't be told.
    words
        The same in sentences.
    """

    answer: Answer
    payload: Annotated[str, Field(pattern="^[0-9a-f]{16}$")] | None = None
    group: Annotated[str, Field(pattern="^[0-9a-f]{16}$")] | None = None
    octaves: Annotated[tuple[OctaveLeft, ...], Field(max_length=8)] = ()
    regions: Regions | None = None
    false_alarm_rate: Annotated[float, Field(ge=0, le=1)] | None = None
    edits: Edited | None = None
    words: Annotated[tuple[Annotated[str, Field(max_length=500)], ...], Field(max_length=20)] = ()
