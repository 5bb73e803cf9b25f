"""All that a report can say, read out of the code: short, and in words that an editor knows.

``python docs/site/sentences.py`` prints it.
"""

import re
import runpy
from functools import cache
from typing import Final

import pytest

from tests.conftest import REPOSITORY
from tests.verifier.report.kinds_of_verdict import KINDS, generated, of_kind

SITE: Final = runpy.run_path(str(REPOSITORY / "docs" / "site" / "sentences.py"))
MOST_WORDS: Final = 25
# Made up by the kinds.
DECLARED: Final = tuple(generated(by).words for by in ("nobody", "trusted signer"))
# Of our own dialect, of mathematics, and what a threshold is to a program.
UNKNOWN: Final = re.compile(
    r"\b(carrier|octaves?|logits?|threshold|as it seems|so many|UC[123]|embedding|p-value|"
    r"standard errors?|foreign|analyser|in step|chances)\b"
)


@cache
def sentences() -> list[tuple[str, str, str]]:
    """Part, file and sentence."""
    return [
        (part, path, sentence)
        for part in SITE["PARTS"]
        for path, said in SITE["sentences"](part).items()
        for text in said
        for sentence in re.split(r"(?<=[.!?])\s+", text)
    ]


def test_they_are_found() -> None:
    print(*(f"{path}: {sentence}" for _, path, sentence in sentences()), sep="\n")
    assert len(sentences()) > 350
    assert {part for part, _, _ in sentences()} == set(SITE["PARTS"])


@pytest.mark.parametrize("part", SITE["PARTS"])
def test_each_is_short_and_in_known_words(part: str) -> None:
    said = [sentence for of, _, sentence in sentences() if of == part]
    assert [sentence for sentence in said if len(sentence.split()) > MOST_WORDS] == []
    assert [sentence for sentence in said if UNKNOWN.search(sentence)] == []


@pytest.mark.parametrize("kind", KINDS)
def test_no_sentence_of_a_report_is_missing_from_the_list(kind: str) -> None:
    """What a verdict says is one of the list, whatever was filled in."""
    listed = [
        re.sub("…+", ".*", re.escape(sentence))
        for _, path, sentence in sentences()
        if path.startswith("verifier/judging") and len(re.findall(r"\w+", sentence)) > 1
    ]
    verdict = of_kind(kind).verdict
    said = " ".join([verdict.summary, verdict.statistics, *verdict.unknown, *verdict.next_steps])
    for declared in DECLARED:
        said = said.replace(declared, "")
    for sentence in re.split(r"(?<=[.!?])\s+", said.strip()):
        assert any(re.fullmatch(pattern, sentence) for pattern in listed), sentence
