"""Reports of schema version 1, as earlier verifiers wrote them, read as version 2.

Version 1 (``docs/report.schema.v1.json``) called a platform a network, a likelihood ratio a chance,
and the detector of generated pictures "synthetic". Older models call the class of unknown cameras
"foreign". Nothing else differs: sentences and names of
models stay as they were written.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final

_DETECTORS: Final[Mapping[str, str]] = {"network": "platform", "synthetic": "generated"}
_PLATFORM: Final[Mapping[str, str]] = {"network": "platform", "networks": "platforms"}
_CHANNEL: Final[Mapping[str, str]] = {**_PLATFORM, "chances": "likelihoods"}
_LABELS: Final[Mapping[str, str]] = {"foreign": "unknown-camera"}
_BY_LABEL: Final = ("scores", "probabilities", "label_words")


def as_version_2(report: Mapping[str, Any]) -> dict[str, Any]:
    """Return a report of version 1 by the names of version 2.

    Parameters
    ----------
    report
        What its JSON holds. What isn't as version 1 has it is left, for the record to refuse.
    """
    parts = {
        "channel": _channel,
        "detectors": _each(_detector),
        "stability": _stability,
        "seconds": _by_detector,
    }
    converted = {name: parts.get(name, _same)(value) for name, value in report.items()}
    return converted | {"schema_version": 2}


def _channel(channel: Any) -> Any:
    channel = _renamed(_CHANNEL)(channel)
    if not isinstance(channel, dict):
        return channel
    parts = dict.fromkeys(("platforms", "likelihoods"), _each(_renamed(_PLATFORM)))
    parts["earlier"] = _renamed(_PLATFORM)
    return {name: parts.get(name, _same)(value) for name, value in channel.items()}


def _detector(result: Any) -> Any:
    result = _renamed(_PLATFORM)(result)
    if not isinstance(result, dict):
        return result
    parts = {"name": _name, **dict.fromkeys(_BY_LABEL, _renamed(_LABELS))}
    return {name: parts.get(name, _same)(value) for name, value in result.items()}


def _stability(stability: Any) -> Any:
    if not isinstance(stability, dict):
        return stability
    return stability | {"resent": _each(_resent)(stability.get("resent", []))}


def _resent(resent: Any) -> Any:
    resent = _renamed(_PLATFORM)(resent)
    if not isinstance(resent, dict):
        return resent
    parts = {"findings": _by_detector, "flipped": _each(_name), "silent": _each(_name)}
    return {name: parts.get(name, _same)(value) for name, value in resent.items()}


def _by_detector(values: Any) -> Any:
    return _renamed(_DETECTORS)(values)


def _name(name: Any) -> Any:
    return _DETECTORS.get(name, name) if isinstance(name, str) else name


def _renamed(names: Mapping[str, str]) -> Callable[[Any], Any]:
    """Make what renames the keys of a mapping."""
    return lambda values: (
        {names.get(name, name): value for name, value in values.items()}
        if isinstance(values, dict)
        else values
    )


def _each(convert: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Make what converts every entry of a list."""
    return lambda values: [*map(convert, values)] if isinstance(values, list) else values


def _same(value: Any) -> Any:
    return value
