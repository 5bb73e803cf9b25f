import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.verifier.repository.stores import box, store_of
from verifier.errors import RepositoryError
from verifier.repository.active_manifest import active_label, active_manifest
from verifier.repository.repository import MOST_STORE_BYTES

STORE = store_of("urn:c2pa:a", "urn:c2pa:b", content=b"abc")


def test_the_last_manifest_is_the_active_one() -> None:
    assert active_label(STORE) == "urn:c2pa:b"


def test_the_active_manifest_alone_is_a_store() -> None:
    assert active_manifest(STORE) == store_of("urn:c2pa:b", content=b"abc")
    assert active_manifest(store_of("urn:c2pa:a")) == store_of("urn:c2pa:a")


@given(st.binary(max_size=200))
def test_what_is_no_store_is_refused(data: bytes) -> None:
    with pytest.raises(RepositoryError, match="no C2PA manifest store"):
        active_label(data)


@given(st.integers(0, len(STORE) - 1), st.integers(1, 255))
def test_a_damaged_store_has_a_label_or_is_refused(place: int, change: int) -> None:
    damaged = bytearray(STORE)
    damaged[place] ^= change
    with contextlib.suppress(RepositoryError):
        assert active_label(bytes(damaged)).isascii()


@given(st.integers(0, len(STORE) - 1))
def test_a_cut_store_is_refused(length: int) -> None:
    with pytest.raises(RepositoryError):
        active_label(STORE[:length])


@pytest.mark.parametrize("name", ["", "a b", "ü", "a\n", "a" * 301])
def test_labels_that_name_no_manifest_are_refused(name: str) -> None:
    with pytest.raises(RepositoryError, match="damaged"):
        active_label(store_of(name))


def test_a_store_that_is_too_large_is_refused() -> None:
    with pytest.raises(RepositoryError, match="more than 2,000,000"):
        active_label(store_of("urn:c2pa:a", content=bytes(MOST_STORE_BYTES)))


def test_bytes_after_the_store_are_refused() -> None:
    with pytest.raises(RepositoryError):
        active_label(STORE + box(b"free", b""))
