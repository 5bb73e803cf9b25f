"""Values of a JSON text that a stranger may have made: of any type, of any depth, of any length."""

from collections.abc import Mapping
from typing import Any, Final

from channel.printable import whole_text

LONGEST: Final = 300  # characters of a name that a file brings along


def mapping(value: object) -> Mapping[str, Any]:
    """Return a JSON object, or an empty one in place of anything else."""
    return value if isinstance(value, dict) else {}


def items(value: object) -> list[Any]:
    """Return a JSON array, or an empty one in place of anything else."""
    return value if isinstance(value, list) else []


def text(value: object) -> str | None:
    """Return the beginning of a JSON string, or None for an empty one or anything else."""
    return whole_text(value[:LONGEST]) if isinstance(value, str) and value else None
