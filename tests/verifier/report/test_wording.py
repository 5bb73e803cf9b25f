"""What a report's headlines say of a recovered credential."""

import pytest

from tests.verifier.judging.test_recovered import ANOTHER, SAME, recovered, trusted
from tests.verifier.report.filled import filled_report
from verifier import Report
from verifier.reading.credentials import no_credential
from verifier.report.record import ComparisonFacts, Development
from verifier.report.wording import pipeline_headline

STATED = {
    "pipeline": "qnet", "pair": None, "weights_sha256": None, "engine": "onnxruntime",
    "precision": "fp32", "raw_sha256": "0",
}  # fmt: skip
QNET = Development.model_validate(STATED)


def report(trust: str, comparison: ComparisonFacts) -> Report:
    found = recovered(trusted(trust=trust, development=QNET))
    whole = filled_report(lambda: "", 0)
    parts = {"credential": no_credential(), "recovered": found, "comparison": comparison}
    return whole.model_copy(update=parts | {"detectors": ()})


@pytest.mark.parametrize(
    ("trust", "comparison", "headline"),
    [
        ("trusted", SAME, "qnet, states the signer of its photo"),
        ("untrusted", SAME, "Not known"),
        ("trusted", ANOTHER, "Not known"),
    ],
)
def test_the_pipeline_is_what_a_trusted_signer_states(
    trust: str, comparison: ComparisonFacts, headline: str
) -> None:
    assert pipeline_headline(report(trust, comparison)) == headline
