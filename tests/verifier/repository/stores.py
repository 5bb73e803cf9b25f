"""Manifest stores of boxes alone, which nobody signed: for what reads no more than a label."""

import struct

from verifier.repository.publication import Publication

ALG = "org.camsim.watermark.1"
_STORE = bytes.fromhex("6332706100110010800000aa00389b71")
_MANIFEST = bytes.fromhex("63326d6100110010800000aa00389b71")


def box(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I4s", 8 + len(content), kind) + content


def superbox(uuid: bytes, label: str, content: bytes = b"") -> bytes:
    described = box(b"jumd", uuid + b"\x03" + label.encode() + b"\0")
    return box(b"jumb", described + content)


def store_of(*labels: str, content: bytes = b"") -> bytes:
    """Return a store of manifests with these labels, the last of which is the active one."""
    inner = b"".join(superbox(_MANIFEST, label, box(b"free", content)) for label in labels)
    return superbox(_STORE, "c2pa", inner)


def label(number: int) -> str:
    return f"urn:c2pa:00000000-0000-4000-8000-{number:012x}"


def payload(number: int) -> bytes:
    return number.to_bytes(8)


def publication(number: int, *, content: bytes = b"", value: bytes | None = None) -> Publication:
    found_by = payload(number) if value is None else value
    name = label(number)
    return Publication(name, store_of(name, content=content), ((ALG, found_by),))
