"""Kinds of options that several commands have: what a value may be, and how many there are."""

from collections.abc import Callable
from dataclasses import KW_ONLY, dataclass
from pathlib import Path
from typing import Annotated, Any, Final

from cyclopts import Group, Parameter, validators


def within(least: float, most: float = float("inf")) -> Parameter:
    """Make a parameter whose number, where one is given, lies between two."""

    def check(_: Any, value: float | None) -> None:
        if value is None or least <= value <= most:
            return
        if most < float("inf"):
            raise ValueError(f"is {_number(least)} to {_number(most)}, not {_number(value)}")
        if least == 0:
            raise ValueError(f"cannot be negative, and is {_number(value)}")
        raise ValueError(f"must be at least {_number(least)}, not {_number(value)}")

    return Parameter(validator=check)


def _number(value: float) -> str:
    return str(value) if isinstance(value, int) else f"{value:g}"


def _above_zero(_: Any, value: float | None) -> None:
    if value is not None and not value > 0:
        raise ValueError(f"must be above 0, not {value:g}")


def read_by(read: Callable[[str], Any]) -> Parameter:
    """Make a parameter whose words are read by a function, which raises `ValueError`."""
    return Parameter(converter=lambda _, tokens: read(tokens[0].value), n_tokens=1)


SOME: Final = Parameter(consume_multiple=1)
"""One value or more after the option."""
ANY: Final = Parameter(consume_multiple=True)
"""None, one or more values after the option."""
ONE_OF: Final = Parameter(
    group=Group("Source", validator=validators.LimitedChoice(min=1, max=1)),
)
"""One of the options that are so, and only one."""

Count = Annotated[int, within(1)]
Whole = Annotated[int, within(0)]
Share = Annotated[float, within(0, 1)]
Positive = Annotated[float, Parameter(validator=_above_zero)]
Out = Annotated[Path, Parameter(alias="-o")]


@dataclass(frozen=True)
class TrainingOptions:
    """Options of every training.

    Parameters
    ----------
    out
        Folder of the run.
    float32
        Compute in float32, and not in bfloat16 where the processor has it.
    threads
        Threads of torch (default: every core).
    seed
        Of all that is drawn at random.
    """

    _: KW_ONLY
    out: Out
    float32: bool = False
    threads: Count | None = None
    seed: Whole = 0


def given(options: object, *names: str) -> dict[str, Any]:
    """Return those of a command's options that were set."""
    found = {name: getattr(options, name) for name in names}
    return {name: value for name, value in found.items() if value is not None}
