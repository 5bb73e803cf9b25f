"""What signers say of generation, wherever they say it, and whose word it is."""

import re
from typing import Any

import pytest

from tests.verifier.conftest import jpeg
from tests.verifier.reading.credentials.stores import store
from tests.verifier.signing import (
    DEVELOPMENT,
    NEWSCODES,
    Chain,
    flipped,
    make_chain,
    signed,
    signed_with,
)
from tests.verifier.toy import native
from verifier import Report, Verifier
from verifier.reading.credentials import credential_of

AI = NEWSCODES + "trainedAlgorithmicMedia"
PARTLY = NEWSCODES + "compositeWithTrainedAlgorithmicMedia"
CAPTURED = {"action": "c2pa.created", "digitalSourceType": NEWSCODES + "digitalCapture"}
DRAWN = {"action": "c2pa.created", "digitalSourceType": NEWSCODES + "digitalCreation"}
GENERATED = {"action": "c2pa.created", "digitalSourceType": AI}
OPENED = {"action": "c2pa.opened", "parameters": {"ingredientIds": ["i0"]}}


@pytest.fixture(scope="module")
def photo() -> bytes:
    return jpeg(native(96, 128))


@pytest.fixture(scope="module")
def stranger() -> Chain:
    return make_chain("Stranger", "Their Root")


def report(data: bytes, chain: Chain) -> Report:
    with Verifier.facts_only(trust_anchors=chain.root) as verifier:
        return verifier.analyze(data)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("actions", "made", "where"),
    [
        ([GENERATED], "generated", "c2pa.created"),
        ([CAPTURED, {"action": "c2pa.edited", "digitalSourceType": PARTLY}],
         "partly generated", "c2pa.edited"),
        ([DRAWN, {"action": "c2pa.edited", "digitalSourceType": AI}],
         "partly generated", "c2pa.edited"),
        ([DRAWN | {"parameters": {"com.adobe.digitalSourceType": AI}}],
         "generated", "com.adobe.digitalSourceType"),
        ([DRAWN | {"parameters": {"com.x": [{"y": {"z.DigitalSourceType": AI + "/"}}]}}],
         "generated", "z.DigitalSourceType"),
        ([CAPTURED | {"digitalSourceType": "trainedAlgorithmicMedia"}],
         "generated", "c2pa.created"),
        *(([CAPTURED | {"digitalSourceType": name}], "generated", "c2pa.created")
          for name in (AI + "#", AI + "?lang=en", AI.replace("http", "https") + "/",
                       "digsrctype:trainedAlgorithmicMedia",
                       "https://schema.org/TrainedAlgorithmicMediaDigitalSource")),
    ],
)  # fmt: skip
def test_generation_is_told_from_any_action_and_its_parameters(
    actions: list[dict[str, Any]], made: str, where: str, photo: bytes, chain: Chain
) -> None:
    found = report(signed_with(photo, chain, actions), chain)
    told = [s for s in found.credential.statements if s.made == made]
    assert told
    assert (told[0].of, told[0].by) == ("picture", "trusted signer")
    assert where in told[0].where
    assert (found.verdict.label, found.verdict.level) == ("evidence against", "established")
    assert "generated" in found.verdict.summary.split(". ")[0]
    assert ("in part" in found.verdict.summary) == (made == "partly generated")


def test_generation_is_told_from_a_template_and_from_metadata(photo: bytes, chain: Chain) -> None:
    template = [{"action": "c2pa.edited", "digitalSourceType": AI}]
    edited = {"action": "c2pa.edited"}
    one = report(signed_with(photo, chain, [DRAWN, edited], templates=template), chain)
    assert "a template" in one.verdict.summary
    namespace = {"Iptc4xmpExt": "http://iptc.org/std/Iptc4xmpExt/2008-02-29/"}
    stated = {"@context": namespace, "Iptc4xmpExt:DigitalSourceType": AI}
    metadata = [{"label": "cawg.metadata", "kind": "Json", "data": stated}]
    two = report(signed_with(photo, chain, [DRAWN], assertions=metadata), chain)
    assert "cawg.metadata" in two.verdict.summary
    assert one.verdict.level == two.verdict.level == "established"


def test_a_generator_s_name_is_told_and_a_permission_is_none(photo: bytes, chain: Chain) -> None:
    iptc = {"Iptc4xmpExt": "http://iptc.org/std/Iptc4xmpExt/2008-02-29/"}
    data = {"@context": iptc, "Iptc4xmpExt:AISystemUsed": "Some Model 3"}
    named = {"label": "cawg.metadata", "data": data}
    found = report(signed_with(photo, chain, [CAPTURED], assertions=[named]), chain)
    assert found.verdict.label == "evidence against"
    assert "Some Model 3" in found.verdict.summary
    allowed = {"entries": {"c2pa.ai_generative_training": {"use": "allowed"}}}
    permission = {"label": "c2pa.training-mining", "data": allowed}
    assert (
        report(signed_with(photo, chain, [CAPTURED], assertions=[permission]), chain).verdict.label
        == "consistent"
    )


def test_generation_is_told_from_the_chain_of_parents(photo: bytes, chain: Chain) -> None:
    first = signed_with(photo, chain, [GENERATED])
    second = signed_with(photo, chain, [OPENED], [("parentOf", first)])
    third = signed_with(photo, chain, [OPENED], [("parentOf", second)])
    for child in (second, third):
        found = report(child, chain)
        assert found.verdict.level == "established"
        assert "the picture that this one was made from was generated" in found.verdict.summary


def test_a_chain_of_the_first_standard_is_told_as_well(photo: bytes, chain: Chain) -> None:
    """It states of an ingredient what failed, and nothing of what held."""
    parent = signed_with(photo, chain, [GENERATED], claim_version=1)
    child = signed_with(photo, chain, [OPENED], [("parentOf", parent)], claim_version=1)
    assert report(child, chain).verdict.level == "established"
    changed = [("parentOf", flipped(parent, -200))]
    other = report(signed_with(photo, chain, [OPENED], changed, claim_version=1), chain)
    assert other.credential.ingredient_answers[0].integrity.state == "broken"
    assert other.verdict.label == "inconclusive"
    assert "generated" in other.verdict.summary.split(". ")[0]


def test_a_name_does_not_end_its_quotation_marks(photo: bytes) -> None:
    """A stranger calls itself something that reads as a sentence of ours."""
    name = "Press”, whom you trust, declares it real. “"
    liar = make_chain(name, "Their Root")
    found = report(signed_with(photo, liar, [GENERATED]), make_chain())
    assert "“Press, whom you trust, declares it real.”, whom nobody" in found.verdict.summary
    assert "”, whom you trust" not in found.to_text()


def test_keys_and_values_of_a_file_make_no_sentences() -> None:
    wordy = {"This is real. Trust it! (x) “digitalSourceType": "http://x/It is true”. Believe (it)"}
    assertion = {"label": "c2pa.actions", "data": {"actions": [{"action": "a.b”. No", **wordy}]}}
    words = credential_of(store(assertions=(assertion,)), anchors_given=True).statements[0].words
    assert words.count("(") == words.count(")") == words.count("“") == words.count("”") == 1


def test_names_of_actions_and_pipelines_make_no_sentences(photo: bytes, stranger: Chain) -> None:
    claim = "x”. Reuters, whom you trust, has verified it! (“It is genuine”)"
    development = DEVELOPMENT | {"pipeline": claim, "pair": claim}
    data = signed(photo, stranger, development, actions=(claim, *(f"x.{n}" for n in range(40))))
    found = report(data, stranger)
    for shown in (found.to_text(), " ".join(found.verdict.reasons)):
        outside = re.sub("“[^”]*”", "", " ".join(shown.split()))
        assert "Reuters" in shown
        assert "Reuters" not in outside
        assert "x.39" not in shown
    assert "signed by: “Stranger”" in found.to_html()


def test_a_generated_component_is_told_as_a_component(photo: bytes, chain: Chain) -> None:
    part = signed_with(photo, chain, [GENERATED])
    placed = {"action": "c2pa.placed", "parameters": {"ingredientIds": ["i0"]}}
    found = report(signed_with(photo, chain, [CAPTURED, placed], [("componentOf", part)]), chain)
    assert found.verdict.label == "inconclusive"
    assert "put into this one was generated" in found.verdict.summary.split(". ")[0]
    unplaced = report(signed_with(photo, chain, [CAPTURED], [("componentOf", part)]), chain)
    assert unplaced.verdict.label == "inconclusive"


def test_a_parent_s_capture_is_told(photo: bytes, chain: Chain) -> None:
    parent = signed_with(photo, chain, [CAPTURED])
    published = {"action": "c2pa.published"}
    found = report(signed_with(photo, chain, [OPENED, published], [("parentOf", parent)]), chain)
    assert any("made from was taken by a camera" in reason for reason in found.verdict.reasons)


@pytest.mark.slow
def test_a_stranger_s_declaration_is_told_and_establishes_nothing(
    photo: bytes, chain: Chain, stranger: Chain
) -> None:
    theirs = signed_with(photo, stranger, [GENERATED])
    cases = {
        "alone": theirs,
        "parent of someone trusted": signed_with(photo, chain, [OPENED], [("parentOf", theirs)]),
        "parent of a stranger": signed_with(
            photo, stranger, [OPENED], [("parentOf", signed_with(photo, chain, [GENERATED]))]
        ),
    }
    for name, data in cases.items():
        found = report(data, chain)
        assert (name, found.verdict.label) == (name, "inconclusive")
        assert "generated" in found.verdict.summary.split(". ")[0]


def test_a_credential_that_does_not_hold_is_not_believed_about_generation(
    photo: bytes, chain: Chain
) -> None:
    changed = flipped(signed_with(photo, chain, [GENERATED]), -200)
    found = report(changed, chain)
    assert "not as Test Camera" in found.verdict.summary
    statement = found.credential.statements[0]
    assert (statement.by, statement.made) == ("unknown signer", "generated")


def test_a_nest_without_end_is_bounded() -> None:
    nest: dict[str, Any] = {"digitalSourceType": AI}
    for _ in range(200):
        nest = {"x": nest}
    wide = [{"digitalSourceType": f"{NEWSCODES}other{number}"} for number in range(500)]
    deep = ({"label": "a", "data": nest}, {"label": "b", "data": wide})
    statements = credential_of(store(assertions=deep), anchors_given=True).statements
    assert 0 < len(statements) <= 64
