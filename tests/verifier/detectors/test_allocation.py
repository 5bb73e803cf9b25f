"""Threads share heaps where the C library can, and where nobody decided otherwise."""

import platform

import pytest

from verifier.detectors.allocation import share_heaps


def test_the_gnu_library_is_asked_and_others_are_not(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MALLOC_ARENA_MAX", raising=False)
    assert share_heaps() is (platform.libc_ver()[0] == "glibc")


def test_what_the_environment_decides_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MALLOC_ARENA_MAX", "4")
    assert not share_heaps()
