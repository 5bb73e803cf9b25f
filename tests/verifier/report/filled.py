"""A report with a text of your choice in every field that holds one."""

from collections.abc import Callable, Mapping
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

import numpy as np
from pydantic import BaseModel

from verifier import Report
from verifier.report.preview import Preview, preview_of
from verifier.report.reference import SignedPicture

Text = Callable[[], str]


def filled_report(text: Text, choice: int) -> Report:
    """Fill each field by its type, with a picture; ``choice`` is which of each Literal's values.

    Parameters
    ----------
    text
        Gives the text of one more field, or of one more key.
    """
    content = filled(Report, text, choice) | {"schema_version": _newest_schema()}
    signed = SignedPicture(_preview().jpeg, _preview().jpeg)
    return Report.model_validate(content).with_pictures(_preview(), signed)


def filled(kind: Any, text: Text, choice: int) -> Any:
    """Return what a field of a type may hold: one item of each kind in a collection."""
    origin, inside = get_origin(kind), get_args(kind)
    if origin is None:
        return _single(kind, text, choice)
    if origin is Literal:
        return inside[choice % len(inside)]
    if origin in (Annotated, Union, UnionType):
        return filled(next(part for part in inside if part is not NoneType), text, choice)
    if issubclass(origin, Mapping):
        return {filled(inside[0], text, choice): filled(inside[1], text, choice)}
    items = inside[:1] if inside[1:] == (...,) else inside
    return tuple(filled(item, text, choice) for item in items)


def _single(kind: type, text: Text, choice: int) -> Any:
    if issubclass(kind, BaseModel):
        fields = kind.model_fields.items()
        return {name: filled(field.annotation, text, choice) for name, field in fields}
    return text() if kind is str else kind(1)


def _newest_schema() -> int:
    return int(Report.model_fields["schema_version"].default)


def _preview() -> Preview:
    return preview_of(np.zeros((8, 8, 3), np.uint8))
