"""Whether a signature covers every byte of a file but those of the credential itself.

C2PA's hash of the file leaves out the bytes that the signer names (C2PA 2.2, 18.5 to 18.7), because
a credential can't contain its own hash. Whoever makes the credential shorter, or splits it, has
room there for bytes that no hash covers: another orientation, a restart interval, a caption.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from verifier.reading.credentials.container import ContainerError, Range, store_ranges
from verifier.reading.credentials.json_values import items, mapping

_DATA, _BOXES, _BMFF = "c2pa.hash.data", "c2pa.hash.boxes", "c2pa.hash.bmff"
# Boxes of ISO media files that every C2PA hash leaves out (C2PA 2.2, A.4.2), and that no decoder of
# still pictures takes pixels from: the credential's own, the brand, an index, and empty space.
_BMFF_LEFT_OUT: Final = ("/uuid", "/ftyp", "/mfra", "/free", "/skip")
_VERSION: Final = ".v"  # in the label of a hash that covers where the boxes lie, too
# RIFF states the file's size at its beginning, which a credential that is added changes, and which
# the hash of the one before covers: it fails in every such file, changed or not.
ADDED_TO_WEBP: Final = (
    "another credential was added to this WebP file, and the hash of the one before doesn't allow "
    "for that"
)
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
        for binding in bindings:
            if reason := _reason(data, mime_type, binding):
                return reason
    except ContainerError as error:
        return f"the credential doesn't lie in the file as it has to: {error}"
    return ""


def holds_binding(store: object) -> bool:
    """Whether the active manifest, or the one that it only adds to, holds a hash of the picture."""
    return any(_bindings(mapping(store)))


@dataclass(frozen=True)
class _Binding:
    """A hash of the file; ``earlier`` if others added to its manifest since, and to the store."""

    label: str
    content: Mapping[str, Any]
    earlier: bool


def _bindings(store: Mapping[str, Any]) -> Iterator[_Binding]:
    """Yield the hashes of the active manifest, or of the one that it only adds to."""
    manifests = mapping(store.get("manifests"))
    label = str(store.get("active_manifest"))
    for steps in range(_CHAIN):
        assertions = mapping(mapping(manifests.get(label)).get("assertion_store"))
        found = [
            _Binding(name, mapping(value), earlier=steps > 0)
            for name, value in assertions.items()
            if _binds(name)
        ]
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


def _reason(data: bytes, mime_type: str, binding: _Binding) -> str:
    if binding.label.startswith(_BMFF):
        return _of_bmff(binding)
    own = store_ranges(data, mime_type)
    if binding.earlier and mime_type == "image/webp":
        return ADDED_TO_WEBP
    if binding.label.startswith(_BOXES):
        return _of_boxes(binding.content)
    left_out = _exclusions(binding.content)
    if left_out == own or (binding.earlier and _grew(left_out, own)):
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


def _grew(before: tuple[Range, ...], now: tuple[Range, ...]) -> bool:
    """Whether the store is in one piece, where it was, and longer by what was added to it.

    c2pa's reader then leaves out the store as it is now: its hash wouldn't match otherwise.
    """
    if len(before) != 1 or len(now) != 1:
        return False
    [(start, length)], [(there, longer)] = before, now
    return start == there and 0 < length < longer


def _total(ranges: tuple[Range, ...]) -> int:
    return sum(length for _, length in ranges)


def _of_boxes(content: Mapping[str, Any]) -> str:
    """Check a hash by boxes: each box of the file has a hash, but for the credential's own."""
    for box in map(mapping, items(content.get("boxes"))):
        if box.get("excluded") and items(box.get("names")) != ["C2PA"]:
            return "the hash leaves out parts of the picture"
    return ""


def _of_bmff(binding: _Binding) -> str:
    """Check a hash of an ISO media file: it leaves out no more than every such hash does.

    The first version doesn't cover where boxes lie (C2PA 2.2, 18.7), and the places of pixels are
    counted from the beginning of the file: an empty box may move others to where they are read.
    """
    if _VERSION not in binding.label:
        return "the hash doesn't cover where the parts of the picture lie"
    for exclusion in map(mapping, items(binding.content.get("exclusions"))):
        if exclusion.get("xpath") not in _BMFF_LEFT_OUT:
            return "the hash leaves out parts of the picture"
    return ""
