"""What c2pa's reader says of a manifest store, offline: a file's own, or one apart from it."""

import json
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from io import BytesIO
from typing import TYPE_CHECKING, Any, Final

from verifier.reading.credentials.authorities import with_authorities
from verifier.reading.credentials.revocation import Certificate
from verifier.reading.credentials.withdrawal import certificates_of

if TYPE_CHECKING:
    import c2pa

_SIGNATURE: Final = "self#jumbf=/c2pa/{}/c2pa.signature"
_OFFLINE: Final = {
    "verify_trust": True,
    "verify_after_reading": True,
    "remote_manifest_fetch": False,
    "ocsp_fetch": False,
}


class StoreError(Exception):
    """c2pa's reader finds no manifest store, or refuses it; the message is the reader's."""


@dataclass(frozen=True)
class StoreReading:
    """A manifest store as c2pa's reader gives it, of any content.

    Attributes
    ----------
    store
        ``c2pa.Reader.json``, parsed.
    detailed
        ``c2pa.Reader.detailed_json``, parsed.
    certificates
        Each manifest's, by its label: the signer's, then the authorities' above. Empty unless they
        were asked for.
    """

    store: Any
    detailed: Any
    certificates: Mapping[str, Sequence[Certificate]]


def read_store(
    mime_type: str,
    data: bytes,
    trust_anchors: str | None,
    manifest_data: bytes | None = None,
    *,
    certificates: bool,
) -> StoreReading:
    """Read the manifest store of a file, or ``manifest_data`` in its place.

    Raises
    ------
    StoreError
        If there is none, or it can't be read.
    """
    import c2pa

    settings: dict[str, Any] = {"verify": _OFFLINE}
    if trust_anchors:
        settings["trust"] = {"trust_anchors": trust_anchors}
    try:
        with (
            c2pa.Context.from_dict(settings) as context,
            c2pa.Reader(mime_type, BytesIO(data), manifest_data, context=context) as reader,
        ):
            store, detailed = json.loads(reader.json()), json.loads(reader.detailed_json())
            known = _certificates(reader, trust_anchors or "") if certificates else {}
            return StoreReading(store, detailed, known)
    except (c2pa.C2paError, ValueError, RecursionError) as error:
        raise StoreError(str(error)) from error


def _certificates(reader: "c2pa.Reader", anchors: str) -> dict[str, list[Certificate]]:
    """Return each manifest's certificates, the signer's first, by label."""
    import c2pa

    found = {}
    for label, signer in certificates_of(json.loads(reader.crjson())).items():
        signature = BytesIO()
        with suppress(c2pa.C2paError):  # what isn't there holds no certificates
            reader.resource_to_stream(_SIGNATURE.format(label), signature)
        found[label] = with_authorities(signer, signature.getvalue(), anchors)
    return found
