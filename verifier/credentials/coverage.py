"""Whether a signature covers every byte of a file but those of the credential itself.

C2PA's hash of the file leaves out the bytes that the signer names (C2PA 2.2, 18.5 to 18.7), because
a credential can't contain its own hash. Whoever makes the credential shorter, or splits it, has
room there for bytes that no hash covers: another orientation, a restart interval, a caption.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from verifier.credentials.container import ContainerError, Range, store_ranges
from verifier.credentials.json_values import items, mapping

_DATA, _BOXES, _BMFF = "c2pa.hash.data", "c2pa.hash.boxes", "c2pa.hash.bmff"
# Boxes of ISO media files that every C2PA hash leaves out (C2PA 2.2, A.4.2), and that no decoder of
# still pictures takes pixels from: the credential's own, the brand, an index, and empty space.
_BMFF_LEFT_OUT: Final = ("/uuid", "/ftyp", "/mfra", "/free", "/skip")
_CHAIN: Final = 32  # manifests that only add to the one before


def uncovered(data: bytes, mime_type: str, store: object) -> str:
    """Say what of a file the signed hash doesn't cover, beside the credential; "" if nothing.

    Parameters
    ----------
    data
        The file.
    mime_type
        Such as "image/jpeg".
    store
        What ``c2pa.Reader.detailed_json`` gives of it, parsed; anything at all is survived.
    """
    bindings = list(_bindings(mapping(store)))
    if not bindings:
        return "it holds no hash of the picture"
    try:
        for label, content in bindings:
            if reason := _reason(data, mime_type, label, content):
                return reason
    except ContainerError as error:
        return f"the credential doesn't lie in the file as it has to: {error}"
    return ""


def _bindings(store: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield the hashes of the active manifest, or of the one that it only adds to."""
    manifests = mapping(store.get("manifests"))
    label = str(store.get("active_manifest"))
    for _ in range(_CHAIN):
        assertions = mapping(mapping(manifests.get(label)).get("assertion_store"))
        found = [(name, mapping(value)) for name, value in assertions.items() if _binds(name)]
        if found:
            yield from found
            return
        label = _parent(assertions)


def _binds(label: str) -> bool:
    return label.startswith((_DATA, _BOXES, _BMFF))


def _parent(assertions: Mapping[str, Any]) -> str:
    """Return the label of the manifest that this one's parent ingredient has."""
    for name, value in assertions.items():
        ingredient = mapping(value)
        if name.startswith("c2pa.ingredient") and ingredient.get("relationship") == "parentOf":
            named = ingredient.get("activeManifest") or ingredient.get("c2pa_manifest")
            return str(mapping(named).get("url", "")).rsplit("/", 1)[-1]
    return ""


def _reason(data: bytes, mime_type: str, label: str, content: Mapping[str, Any]) -> str:
    if label.startswith(_BMFF):
        return _of_bmff(content)
    own = store_ranges(data, mime_type)
    if label.startswith(_BOXES):
        return _of_boxes(content)
    left_out = _exclusions(content)
    if left_out == own:
        return ""
    return (
        f"the hash leaves out {_total(left_out)} bytes of the file, and the credential is "
        f"{_total(own)} of them"
        if _total(left_out) != _total(own)
        else "the bytes that the hash leaves out are not those of the credential"
    )


def _exclusions(content: Mapping[str, Any]) -> tuple[Range, ...]:
    found = [mapping(exclusion) for exclusion in items(content.get("exclusions"))]
    return tuple(sorted((_whole(one.get("start")), _whole(one.get("length"))) for one in found))


def _whole(value: object) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) else -1


def _total(ranges: tuple[Range, ...]) -> int:
    return sum(length for _, length in ranges)


def _of_boxes(content: Mapping[str, Any]) -> str:
    """Check a hash by boxes: each box of the file has a hash, but for the credential's own."""
    for box in map(mapping, items(content.get("boxes"))):
        if box.get("excluded") and items(box.get("names")) != ["C2PA"]:
            return "the hash leaves out parts of the picture"
    return ""


def _of_bmff(content: Mapping[str, Any]) -> str:
    """Check a hash of an ISO media file: it leaves out no more than every such hash does."""
    for exclusion in map(mapping, items(content.get("exclusions"))):
        if exclusion.get("xpath") not in _BMFF_LEFT_OUT:
            return "the hash leaves out parts of the picture"
    return ""
