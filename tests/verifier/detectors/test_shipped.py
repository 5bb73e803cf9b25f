"""The shipped detectors, asked about five small pictures: what they say stays what it is.

An answer is pinned, right or wrong: a model that is surer where it is right is welcome to move it.

None of the pictures has a watermark: what the shipped models say of edits is in `test_edits`.

A change that moves an answer is seen here. One that means to, such as new weights, writes the new
answers down: ``python -m tests.verifier.detectors.shipped.build --answers``.
"""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.verifier.detectors.shipped.build import ANSWERS, HERE, answer
from verifier import DETECTORS, Settings, Verifier

# Processors add in other orders, and half floats are rounded once more: probabilities differ by
# less than a thousandth there. No picture is nearer than this to where an answer changes.
TOLERANCE = 0.02
PINNED: dict[str, dict[str, Any]] = json.loads(ANSWERS.read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def shipped() -> Iterator[Verifier]:
    detectors = [one for kind in DETECTORS if (one := kind.from_weights()).asked]
    with Verifier(detectors, Settings(watermark_keys=())) as verifier:
        yield verifier


def probabilities(answered: dict[str, Any]) -> dict[str, float]:
    """Take all probabilities out, so that the rest can be compared exactly."""
    detectors = answered["detectors"].items()
    return {f"{name}: {label}": value for name, found in detectors
            for label, value in found.pop("probabilities").items()}  # fmt: skip


@pytest.mark.parametrize("name", PINNED)
def test_a_picture_gets_the_answers_that_are_pinned(name: str, shipped: Verifier) -> None:
    found = answer(shipped.analyze(HERE / f"{name}.jpg"))
    pinned = json.loads(json.dumps(PINNED[name]))
    assert probabilities(found) == pytest.approx(probabilities(pinned), abs=TOLERANCE)
    assert found == pinned


def test_every_picture_is_pinned_and_every_kind_of_answer_is_among_them() -> None:
    assert sorted(PINNED) == sorted(path.stem for path in HERE.glob("*.jpg"))
    assert len(PINNED) == 5
    assert {pinned["verdict"] for pinned in PINNED.values()} == {"inconclusive"}
    answered = {
        (detector, found["finding"])
        for pinned in PINNED.values()
        for detector, found in pinned["detectors"].items()
    }
    assert {found for name, found in answered if name == "manipulation"} == {"none"}
    for detector in ("origin", "platform"):
        assert len([one for one, _ in answered if one == detector]) > 1


def test_the_pictures_are_small() -> None:
    for path in HERE.glob("*.jpg"):
        assert path.stat().st_size < 32_000
