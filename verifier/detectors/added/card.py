"""The card of an added detector: what it asks, whose it is, and how a picture is given to it."""

import json
from pathlib import Path
from typing import Annotated, Any, Final, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from channel.errors import reason_of
from channel.printable import printable
from channel.regular_file import open_regular
from verifier.errors import SettingsError

KIND: Final = "camsim detector card"
_MOST_BYTES: Final = 100_000
_SENTENCE: Final = "Nothing is known of how it was trained; that it finds nothing proves nothing."

Line = Annotated[str, Field(min_length=1, max_length=300)]
Side = Annotated[int, Field(ge=16, le=4096)]
Three = tuple[float, float, float]


class Card(BaseModel):
    """What is to be known of a network that tells generated pictures from photographs.

    Attributes
    ----------
    name
        Letters, digits and dashes.
    question
        As the report has it, such as "Was it made by a generator (DDA)?".
    licence, source
        Of the network, and where it is from.
    limits
        What it can't know, in a sentence.
    width, height
        Of what the network takes, in pixels.
    fit
        "crop": the middle of the picture as it is; "resize": all of it, squeezed; "resize and
        crop": scaled until its shorter side has ``shorter_side`` pixels, then the middle.
    interpolation
        When it is scaled, with averaging (Pillow's).
    colours, mean, std
        Order of the network's channels; (value in [0, 1] − mean) / std, in that order.
    layout
        Channels before rows, or after columns.
    output
        "logit": any number, "probability": from 0 to 1. Two outputs are one a class.
    generated
        Of two outputs, the number of that of generated pictures, from 0; of one output "high" or
        "low", where generated pictures have the higher or the lower number.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    kind: Literal["camsim detector card"]
    version: Literal[1]
    name: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,39}$")]
    question: Line
    licence: Line
    source: Line
    limits: Line = _SENTENCE
    width: Side
    height: Side
    fit: Literal["crop", "resize", "resize and crop"]
    shorter_side: Side | None = None
    interpolation: Literal["bilinear", "bicubic", "nearest"] = "bilinear"
    colours: Literal["RGB", "BGR"]
    mean: Three
    std: Three
    layout: Literal["NCHW", "NHWC"] = "NCHW"
    output: Literal["logit", "probability"]
    generated: Literal[0, 1, "high", "low"]

    @field_validator("mean", "std", mode="before")
    @classmethod
    def _of_json(cls, values: Any) -> Any:
        """Take JSON's lists, and whole numbers in them."""
        if not isinstance(values, list):
            return values
        numbers = (int, float)
        return tuple(
            float(v) if isinstance(v, numbers) and not isinstance(v, bool) else v for v in values
        )

    @field_validator("question", "licence", "source", "limits")
    @classmethod
    def _one_line(cls, text: str) -> str:
        if printable(text) != text or "\n" in text:
            raise ValueError("must be one line without control characters")
        return text

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        if min(self.std) <= 0 or not all(-1e3 < v < 1e3 for v in (*self.mean, *self.std)):
            raise ValueError("std must be above 0, and mean and std ordinary numbers")
        if (self.fit == "resize and crop") != (self.shorter_side is not None):
            raise ValueError('shorter_side goes with fit "resize and crop", and only with it')
        if self.shorter_side is not None and self.shorter_side < max(self.width, self.height):
            raise ValueError("shorter_side is less than width or height, which are cut out of it")
        return self


def read_card(path: Path) -> Card:
    """Read a card.

    Raises
    ------
    SettingsError
        If it can't be read, or a field of it is missing, unknown, or not as it should be.
    """
    try:
        with open_regular(path) as file:
            content = file.read(_MOST_BYTES)
    except (OSError, ValueError) as error:
        raise SettingsError(f"the card {path} can't be read: {reason_of(error)}") from error
    try:
        return Card.model_validate(json.loads(content))
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"])) or "all of it"
        words = first["msg"].removeprefix("Value error, ")
        raise SettingsError(f"the card {path} isn't valid: {place}: {words}") from error
    except (ValueError, RecursionError) as error:
        raise SettingsError(f"the card {path} is no JSON object") from error
