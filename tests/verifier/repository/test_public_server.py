"""Our client against another's server of the Soft Binding Resolution API, where one is named.

docs/repository.md says how to run one.
"""

import os

import pytest

from tests.verifier.repository.signed_photos import signed_store
from tests.verifier.signing import Chain
from verifier.errors import ManifestNotFoundError
from verifier.reading.credentials.recovered import RecoveredManifest, read_recovered
from verifier.repository import HttpRepository, open_repository, publication_of
from watermark.payload import ALGORITHM, draw_payload

URL, KEY = "CAMSIM_SOFT_BINDING_SERVER", "CAMSIM_SOFT_BINDING_KEY"


class _Reader:
    def read_manifest(self, store: bytes) -> RecoveredManifest:
        return read_recovered(store)


@pytest.mark.skipif(URL not in os.environ, reason=f"${URL} names no server to try")
def test_our_client_works_with_it(chain: Chain) -> None:
    repository = open_repository(os.environ[URL], key=os.environ.get(KEY, ""))
    assert isinstance(repository, HttpRepository)
    payload = draw_payload()
    publication = publication_of(signed_store(chain, payload), _Reader())
    try:
        repository.publish(publication)
        repository.publish(publication)
        assert repository.matches(ALGORITHM, payload) == (publication.identifier,)
        assert repository.manifest(publication.identifier) == publication.store
        assert repository.matches(ALGORITHM, draw_payload()) == ()
        assert isinstance(repository.algorithms(), tuple)
    finally:
        repository.delete(publication.identifier)
    with pytest.raises(ManifestNotFoundError):
        repository.manifest(publication.identifier)
