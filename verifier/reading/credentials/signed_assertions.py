"""Assertions of the active manifest that its claim names by their hash, and no others."""

from collections.abc import Mapping
from typing import Any, Final

from verifier.reading.credentials.json_values import items, mapping

# Claims of version 1 have one list, those of version 2 two.
_LISTS: Final = ("created_assertions", "gathered_assertions", "assertions")
_HERE: Final = ("self#jumbf=c2pa.assertions/", "self#jumbf=/c2pa/{}/c2pa.assertions/")
_INSTANCE: Final = "__"  # between a label and the number of the instance


def signed_assertions(detailed: object, label: str) -> list[Mapping[str, Any]]:
    """Return the contents of the active manifest's assertions of a label, in the claim's order.

    Parameters
    ----------
    detailed
        What ``c2pa.Reader.detailed_json`` gives, parsed; anything at all is survived. Whether the
        hashes hold is for its codes to say.
    label
        Without the number of an instance.
    """
    store = mapping(detailed)
    active = str(store.get("active_manifest"))
    manifest = mapping(mapping(store.get("manifests")).get(active))
    contents = mapping(manifest.get("assertion_store"))
    claim = mapping(manifest.get("claim"))
    named = [mapping(one).get("url") for part in _LISTS for one in items(claim.get(part))]
    labels = dict.fromkeys(filter(None, (_label(url, active) for url in named)))
    return [mapping(contents.get(name)) for name in labels if name.split(_INSTANCE)[0] == label]


def _label(url: object, active: str) -> str | None:
    """Return the label of an assertion of this manifest; None of another's, or of none."""
    for beginning in (start.format(active) for start in _HERE):
        if isinstance(url, str) and url.startswith(beginning):
            return url.removeprefix(beginning)
    return None
