"""A receipt: the repository's word, signed, that it took a manifest store at a time.

It has the fields of C2PA's manifest receipt. The proof is a signature (Ed25519, RFC 8032) of the
manifest's identifier, the SHA-256 of its store, and the time; so whoever knows the repository's
public key can check it without asking. The key is made with the repository and stays in it. The
URIs are not covered: the repository doesn't know by which names it is reached.
"""

import base64
import hmac
import json
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from pydantic import BaseModel, ConfigDict, Field

from verifier.repository.folder import FolderRepository

ALG: Final = "Ed25519"
TYPE: Final = "org.c2pa.manifest-receipt"
_KEY: Final = "receipt key"


class Context(BaseModel):
    """Where the names are explained."""

    c2pa: str = Field(default="https://c2pa.org/ns/", max_length=200)
    receipt: str = Field(default="https://c2pa.org/ns/manifest-receipt#", max_length=200)


class Place(BaseModel):
    """Which manifest it is, and in which repository."""

    uri: str = Field(max_length=1000)
    manifestId: str = Field(max_length=300)  # noqa: N815 - C2PA's name


class Proof(BaseModel):
    """The signature, in base64 for URLs."""

    alg: str = Field(max_length=40)
    value: str = Field(max_length=400)


class Parameters(BaseModel):
    """What is signed besides the identifier, and the public key that checks it."""

    sha256: str = Field(max_length=64)
    published: str = Field(max_length=40)
    publicKey: str = Field(max_length=64)  # noqa: N815 - in the manner of C2PA's names


class Anchor(BaseModel):
    """The proof, and where it can be asked for again."""

    uri: str = Field(max_length=1000)
    proof: Proof
    parameters: Parameters | None = None


class Receipt(BaseModel):
    """A receipt of a manifest store."""

    model_config = ConfigDict(populate_by_name=True)

    context: Context = Field(default=Context(), alias="@context")
    type: str = Field(default=TYPE, alias="@type", max_length=100)
    repository: Place
    anchor: Anchor
    verified: bool | None = Field(default=None, description="Whether the proof holds.")
    error: str | None = Field(default=None, max_length=500, description="Why it doesn't.")


class Receipts:
    """Makes and checks the receipts of a repository."""

    def __init__(self, repository: FolderRepository) -> None:
        seed = repository.own(_KEY, Ed25519PrivateKey.generate().private_bytes_raw())
        self._key = Ed25519PrivateKey.from_private_bytes(seed)
        self._repository = repository

    def receipt(self, identifier: str, base: str) -> Receipt:
        """Make the receipt of a published manifest.

        Parameters
        ----------
        base
            URL of the API, by which the repository was asked.

        Raises
        ------
        ManifestNotFoundError
            If there is none.
        """
        published, digest = self._repository.published(identifier)
        stated = {
            "manifestId": identifier,
            "published": published.isoformat(),
            "sha256": digest.hex(),
        }
        signed = json.dumps(stated, sort_keys=True, separators=(",", ":")).encode()
        return Receipt(
            repository=Place(uri=base, manifestId=identifier),
            anchor=Anchor(
                uri=f"{base}/manifests/{identifier}/receipts",
                proof=Proof(alg=ALG, value=_base64(self._key.sign(signed))),
                parameters=Parameters(
                    sha256=stated["sha256"],
                    published=stated["published"],
                    publicKey=_base64(self._key.public_key().public_bytes_raw()),
                ),
            ),
        )

    def fault(self, receipt: Receipt, identifier: str) -> str | None:
        """Say what is wrong with a receipt that somebody shows; None: it holds.

        Raises
        ------
        ManifestNotFoundError
            If the manifest isn't published any more.
        """
        ours = self.receipt(identifier, receipt.repository.uri)
        if receipt.repository.manifestId != identifier:
            return "the receipt is of another manifest"
        if receipt.anchor.proof.alg != ALG or receipt.anchor.parameters != ours.anchor.parameters:
            return "the receipt states what this repository didn't sign"
        given, known = receipt.anchor.proof.value, ours.anchor.proof.value
        # Ed25519 signs the same alike each time (RFC 8032, 5.1.6).
        same = hmac.compare_digest(given.encode(), known.encode())
        return None if same else "the receipt's proof isn't this repository's"


def _base64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
