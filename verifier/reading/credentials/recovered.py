"""A manifest store by itself, as a repository gives it: whose photo a copy is said to be.

A watermark in the copy led to it. So its hash of the file, the hard binding, isn't expected to
match; its signature and every other hash are.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from verifier.reading.credentials.c2pa_reader import StoreError, read_store
from verifier.reading.credentials.coverage import holds_binding
from verifier.reading.credentials.manifest_store import credential_of
from verifier.reading.credentials.revocation import read_revocation_lists
from verifier.reading.credentials.signed_assertions import signed_assertions
from verifier.reading.credentials.soft_bindings import SoftBinding, soft_bindings_of
from verifier.reading.credentials.unreadable import unreadable
from verifier.report.quoting import term
from verifier.report.record import Credential
from watermark.reference import REFERENCE, ReferencePicture

_BARE: Final = "application/c2pa"  # C2PA 2.2, 11.4: a store that lies beside its file


@dataclass(frozen=True)
class RecoveredManifest:
    """What a manifest store holds, read apart from its photo.

    Attributes
    ----------
    credential
        As a file's, but that its integrity is of the credential alone: "intact" where all holds
        but the hash of the file, which isn't at hand.
    bindings
        Soft bindings of the active manifest.
    reference
        The active manifest's reference picture, (h, w, 3) uint8 sRGB, upright as signed; None if it
        has none, several, or one out of bounds, or if the credential isn't intact.
    photo_size
        Width and height of the signed photo, in pixels, as the reference says; None without one.
    """

    credential: Credential
    bindings: tuple[SoftBinding, ...] = ()
    reference: NDArray[np.uint8] | None = None
    photo_size: tuple[int, int] | None = None


def read_recovered(
    store: bytes, trust_anchors: str | None = None, revocation_lists: str | None = None
) -> RecoveredManifest:
    """Read a manifest store apart from its photo, offline; never raises for what it holds.

    Of an untrusted store use `DecoderProcesses.read_manifest`.

    Parameters
    ----------
    store
        The JUMBF superbox.
    trust_anchors
        Certificates in PEM; without any, trust is reported as not checked.
    revocation_lists
        CRLs in PEM; without any, revocation is known only by a proof in the store.

    Returns
    -------
    What cannot be read has a credential of the state "unreadable", and nothing else. Bindings are
    given whatever the credential's state: it says what they are worth.
    """
    lists = read_revocation_lists(revocation_lists) if revocation_lists else None
    try:
        found = read_store(_BARE, b"", trust_anchors, store, certificates=lists is not None)
    except StoreError as error:
        return unreadable_store(f"it is damaged, or no manifest store ({term(str(error))})")
    credential = credential_of(
        found.store,
        anchors_given=trust_anchors is not None,
        lists=lists,
        certificates=found.certificates,
        binding=holds_binding(found.detailed),
    )
    bindings = soft_bindings_of(found.detailed)
    is_signed = credential.integrity.state == "intact"
    signed = _reference(found.detailed) if is_signed else None
    pixels = signed.pixels() if signed else None
    if signed is None or pixels is None:
        return RecoveredManifest(credential, bindings)
    size = signed.photo_width, signed.photo_height
    return RecoveredManifest(credential, bindings, pixels, size)


def _reference(detailed: object) -> ReferencePicture | None:
    stated = signed_assertions(detailed, REFERENCE)
    return ReferencePicture.of_statement(stated[0]) if len(stated) == 1 else None


def unreadable_store(why: str) -> RecoveredManifest:
    """Return what is known of a store that can't be read: nothing, and why."""
    return RecoveredManifest(unreadable(f"The recovered credential can't be read: {why}."))
