"""Many photographs, several at a time."""

import os

import pytest

from camera_sim.errors import CameraSimError
from camera_sim.evaluation.each_photo import each_photo


def _numbered(word: str, number: int) -> list[str]:
    if word == "bad" or (word == "some" and number == 1):
        raise CameraSimError(f"photograph {number} is no photograph")
    if word == "deadly":
        os._exit(1)
    return [f"{word} {number}"]


def test_each_is_tried_once() -> None:
    found = [one for some in each_photo(_numbered, "photo", 3, 2, []) for one in some]
    assert sorted(found) == ["photo 0", "photo 1", "photo 2"]


def test_what_is_wrong_with_one_is_told_and_stops_no_other(
    capsys: pytest.CaptureFixture[str],
) -> None:
    failed: list[str] = []
    found = [one for some in each_photo(_numbered, "some", 3, 1, failed) for one in some]
    assert sorted(found) == ["some 0", "some 2"]
    assert failed == ["photograph 1 is no photograph"]
    assert "photograph 1 is no photograph" in capsys.readouterr().err


def test_that_none_could_be_used_is_told() -> None:
    with pytest.raises(CameraSimError, match="none of the photographs could be used"):
        list(each_photo(_numbered, "bad", 2, 1, []))


def test_one_that_ends_its_process_is_told() -> None:
    failed: list[str] = []
    with pytest.raises(CameraSimError, match="none of the photographs"):
        list(each_photo(_numbered, "deadly", 1, 1, failed))
    assert failed == ["photograph 1 of 1 ends its process, twice"]
