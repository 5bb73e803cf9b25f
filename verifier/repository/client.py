"""A client of the C2PA Soft Binding Resolution API 2.4; what answers is not trusted.

What comes back is bounded in bytes, time and number. A match may name another place of its manifest
(``endpoint``): that is not asked, for only the operator says who is.
"""

import json
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import quote

from verifier.errors import (
    ManifestConflictError,
    ManifestNotFoundError,
    ManifestRefusedError,
    RepositoryError,
)
from verifier.repository.active_manifest import active_label, is_identifier
from verifier.repository.binding_value import value_for_api
from verifier.repository.endpoint import Answer, Endpoint
from verifier.repository.publication import Publication
from verifier.repository.repository import MOST_MATCHES, MOST_STORE_BYTES

JSON: Final = "application/json"
STORE: Final = "application/c2pa"
_MOST_JSON: Final = 100_000  # bytes
_SAID: Final = 200  # characters of a repository's own words that are shown
_KEY_NEEDED: Final = (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN)


class HttpRepository:
    """A repository over HTTP.

    Parameters
    ----------
    endpoint
        Where it is.
    key
        Sent as a bearer token, to that place alone; "": none.
    """

    def __init__(self, endpoint: Endpoint, key: str = "") -> None:
        self.name = endpoint.url
        self._endpoint = endpoint
        self._key = key

    def matches(self, alg: str, value: bytes) -> tuple[str, ...]:
        """See `Repository.matches`; ``value`` goes over the API in base64."""
        query = {
            "alg": alg,
            "value": value_for_api(value),
            "maxResults": str(MOST_MATCHES),
        }
        answer = self._ask("GET", "/matches/byBinding", JSON, _MOST_JSON, query=query)
        if answer.status == HTTPStatus.NOT_FOUND:  # nothing found is an empty list
            raise self._error("knows no look-up at that place; check the path of its URL")
        found = self._object(answer).get("matches")
        if not isinstance(found, list):
            raise self._error("answers JSON without a list of matches")
        if len(found) > MOST_MATCHES:
            raise self._error(f"answers {len(found):,} matches, more than {MOST_MATCHES}")
        return tuple(dict.fromkeys(self._identifier(match) for match in found))

    def manifest(self, identifier: str) -> bytes:
        """See `Repository.manifest`; the store must be the one that was asked for."""
        route = f"/manifests/{quote(identifier, safe='')}"
        answer = self._ask("GET", route, STORE, MOST_STORE_BYTES)
        if answer.status == HTTPStatus.NOT_FOUND:
            raise ManifestNotFoundError(f"{self.name} holds no manifest {identifier[:300]!a}")
        self._check(answer, STORE)
        try:
            label = active_label(answer.content)
        except RepositoryError as error:
            raise self._error(f"answers no manifest store: {error}") from error
        if identifier.startswith("urn:") and label != identifier:
            raise self._error(f"answers the manifest {label} where {identifier} was asked for")
        return answer.content

    def algorithms(self) -> tuple[str, ...]:
        """Return the names of the watermarks and fingerprints that it knows."""
        answer = self._ask("GET", "/services/supportedAlgorithms", JSON, _MOST_JSON)
        stated = self._object(answer)
        lists = [stated.get("watermarks"), stated.get("fingerprints")]
        entries = [entry for found in lists if isinstance(found, list) for entry in found]
        names = [entry.get("alg") for entry in entries if isinstance(entry, dict)]
        return tuple(name for name in names if isinstance(name, str))

    def publish(self, publication: Publication, *, expires_days: float | None = None) -> bool:
        """Publish a manifest store, and see to it that its bindings lead to it.

        The same again is no error. A repository that doesn't read bindings from a manifest, as the
        API allows, is told them by its own route.

        Returns
        -------
        Whether it is new, as far as the repository says.

        Raises
        ------
        ManifestRefusedError
            If the repository refuses it.
        RepositoryError
            If it gives no usable answer.
        """
        query = {"expiresDays": f"{expires_days:g}"} if expires_days is not None else None
        answer = self._ask(
            "POST", "/manifests", JSON, _MOST_JSON, body=publication.store, query=query
        )
        if answer.status == HTTPStatus.CONFLICT:
            raise ManifestConflictError(self._words_of(answer))
        if answer.status in (HTTPStatus.BAD_REQUEST, HTTPStatus.UNPROCESSABLE_ENTITY):
            raise ManifestRefusedError(self._words_of(answer))
        stated = self._object(answer)
        identifier = stated.get("manifestId")
        if identifier != publication.identifier:
            raise self._error(
                f"says that it published {str(identifier)[:100]!a}, not {publication.identifier}"
            )
        for alg, value in publication.bindings:
            if identifier not in self.matches(alg, value):
                self._bind(value, publication.identifier)
        return stated.get("new") is not False

    def delete(self, identifier: str) -> None:
        """Delete a manifest that the same key published. Raises `RepositoryError`."""
        answer = self._ask("DELETE", f"/manifests/{quote(identifier, safe='')}", JSON, _MOST_JSON)
        if answer.status == HTTPStatus.NOT_FOUND:
            raise ManifestNotFoundError(f"{self.name} holds no manifest {identifier[:300]!a}")
        if answer.status not in (HTTPStatus.OK, HTTPStatus.NO_CONTENT):
            raise RepositoryError(self._words_of(answer))

    def _bind(self, value: bytes, identifier: str) -> None:
        stated = {"bindingValue": value_for_api(value), "manifestId": identifier}
        body = json.dumps(stated).encode()
        answer = self._ask("POST", "/bindings", JSON, _MOST_JSON, body=body, kind=JSON)
        if answer.status not in (HTTPStatus.OK, HTTPStatus.CREATED, HTTPStatus.NO_CONTENT):
            raise RepositoryError(f"{self._words_of(answer)}; it is published, but not found")

    def close(self) -> None:
        """Nothing stays open."""

    def _ask(
        self,
        method: str,
        route: str,
        accept: str,
        most_bytes: int,
        *,
        query: dict[str, str] | None = None,
        body: bytes | None = None,
        kind: str = STORE,
    ) -> Answer:
        headers = {"Authorization": f"Bearer {self._key}"} if self._key else {}
        if body is not None:
            headers["Content-Type"] = kind
        answer = self._endpoint.ask(
            method,
            route,
            accept=accept,
            most_bytes=most_bytes,
            query=query,
            body=body,
            headers=headers,
        )
        if answer.status in _KEY_NEEDED:
            raise RepositoryError(f"{self._words_of(answer)}; a key may be missing or wrong")
        return answer

    def _object(self, answer: Answer) -> Mapping[str, Any]:
        self._check(answer, JSON)
        try:
            found = json.loads(answer.content)
        except (ValueError, RecursionError) as error:
            raise self._error("answers what is no JSON") from error
        if not isinstance(found, dict):
            raise self._error("answers JSON that is no object")
        return found

    def _check(self, answer: Answer, kind: str) -> None:
        if answer.status != HTTPStatus.OK:
            raise RepositoryError(self._words_of(answer))
        if answer.kind != kind:
            raise self._error(f"answers with the type {answer.kind[:60]!a}, not {kind}")

    def _identifier(self, match: object) -> str:
        identifier = match.get("manifestId") if isinstance(match, dict) else None
        if not isinstance(identifier, str) or not is_identifier(identifier):
            raise self._error("answers a match whose manifestId is none")
        return identifier

    def _words_of(self, answer: Answer) -> str:
        """Say how it refuses, in its own words where it has some."""
        try:
            stated = json.loads(answer.content)
            said = stated.get("detail") or stated.get("message") or stated.get("error")
        except (ValueError, RecursionError, AttributeError):
            said = None
        words = f": {said[:_SAID]}" if isinstance(said, str) else ""
        return f"the repository {self.name} answers {answer.status}{words}"

    def _error(self, words: str) -> RepositoryError:
        return RepositoryError(f"the repository {self.name} {words}")
