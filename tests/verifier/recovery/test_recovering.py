"""Recovery: what repositories say, what of it counts, and which of several decides."""

from io import BytesIO
from itertools import count
from typing import Any

import numpy as np
import pytest
from PIL import Image

from tests.verifier.judging.test_recovered import credential, trusted
from tests.verifier.recovery.fakes import PAYLOAD, Binding, Manifest, Repository, reading
from tests.verifier.watermark.made import scene
from verifier.comparing.comparison import Change, Comparison, Region
from verifier.errors import PhotoTimeoutError, VerifierError
from verifier.reading.credentials import no_credential
from verifier.recovery.found_manifests import (
    MOST_MANIFESTS,
    MOST_SECONDS,
    Problem,
    found_manifests,
)
from verifier.recovery.recovering import Received, Recovery, recover
from verifier.report.record import Credential
from verifier.watermark.place import Place, Turn
from verifier.watermark.reader import WatermarkReading

REFERENCE = np.repeat(np.clip(scene((192, 256)), 0, 255).astype(np.uint8)[..., None], 3, axis=2)
PHOTO = (1024, 768)
PICTURE = np.zeros((384, 512, 3), np.uint8)


UPRIGHT = Turn()


def lying(turn: Turn = UPRIGHT, **given: Any) -> WatermarkReading:
    where: dict[str, Any] = {"scale": 0.5, "offset": (0.0, 0.0), "longer_side": 1024}
    place = Place(turn, (1 / 512, 1 / 512))
    return WatermarkReading(found=True, payload=PAYLOAD, place=place, **where | given)


def signed(found: Credential | None = None, **given: Any) -> Manifest:
    return Manifest(found or trusted(), reference=REFERENCE, photo_size=PHOTO, **given)


def recovered(
    *repositories: Repository,
    results: dict[str, Comparison] | None = None,
    own: Credential | None = None,
    watermark: WatermarkReading | None = None,
) -> Recovery:
    """Recover; ``results`` by the signer whose reference is compared, told by its first value."""
    known = results or {}

    def compare(received: Any, reference: Any, size: Any, place: Any) -> Comparison:
        assert size == PHOTO
        return known.get(str(reference[0, 0, 0]), Comparison("same", smallest=0.01))

    received = Received(PICTURE, watermark or lying(), own or no_credential())
    return recover(received, repositories, reading(*repositories), compare)


def test_a_watermark_leads_to_the_photo() -> None:
    repository = Repository({"urn:c2pa:1": signed()})
    found = recovered(repository)
    facts = found.facts
    assert (facts.state, facts.manifest, facts.repository) == ("found", "urn:c2pa:1", "manifests")
    assert (facts.algorithm, facts.payload) == ("org.camsim.watermark.1", PAYLOAD.hex())
    assert (facts.photo_width, facts.photo_height) == PHOTO
    assert facts.credential == trusted()
    assert facts.hard_binding
    assert "expected not to match" in facts.hard_binding
    assert (facts.embedded, facts.others, facts.problems) == ("none", (), ())
    assert found.comparison.result == "same"
    assert repository.asked[0] == ("org.camsim.watermark.1", PAYLOAD)


def test_nothing_is_asked_without_a_watermark() -> None:
    repository = Repository({"urn:c2pa:1": signed()})
    found = recovered(repository, watermark=WatermarkReading(found=False))
    assert found.facts.state == "not looked for"
    assert repository.asked == []


def test_what_no_repository_knows_is_not_found() -> None:
    found = recovered(Repository({}), Repository({}))
    assert (found.facts.state, found.facts.problems) == ("not found", ())
    assert "no evidence against the picture" in " ".join(found.facts.words)
    assert found.comparison.result == "not made"


@pytest.mark.parametrize(
    "error", [VerifierError("it is slow"), OSError("gone"), ValueError("x"), KeyError("y")]
)
def test_a_repository_that_fails_is_named_and_the_next_is_asked(error: Exception) -> None:
    good = Repository({"urn:c2pa:1": signed()}, "https://good.example/v1")
    for bad in (
        Repository({}, found=error),
        Repository({"urn:c2pa:0": error}),
        Repository({"urn:c2pa:0": (PhotoTimeoutError("reading took more than 20 s"),)}),
    ):
        found = recovered(bad, good)
        assert (found.facts.state, found.facts.repository) == ("found", good.name)
        [problem] = found.facts.problems
        assert "“manifests”" in problem
        alone = recovered(bad)
        assert alone.facts.state == "not found"
        assert len(alone.facts.problems) == 1
        assert alone.comparison.result == "not made"


def test_a_servers_folders_are_in_no_report() -> None:
    said = VerifierError("/srv/newsroom/manifests can't be read: no such file")
    found = recovered(Repository({}, found=said))
    assert "/srv" not in found.facts.model_dump_json()


@pytest.mark.parametrize(
    ("lie", "reason"),
    [
        (signed(bindings=()), "another watermark"),
        (signed(bindings=(Binding(value=bytes(8)),)), "another watermark"),
        (signed(bindings=(Binding(), Binding(value=bytes(8)))), "another watermark"),
        (signed(bindings=(Binding(alg="com.example.other"),)), "another watermark"),
        (signed(bindings=(Binding(value=PAYLOAD.hex().encode()),)), "another watermark"),
        (signed(trusted(trust="expired")), "trusted"),
        (signed(trusted(revocation="revoked")), "not listed"),
        (signed(credential("broken", "credential")), "The reason: "),
        (signed(credential("broken", "signature")), "The reason: "),
        (signed(credential("unclear")), "The reason: "),
        (signed(credential("unreadable")), "The reason: "),
        (signed(no_credential()), "The reason: "),
    ],
)
def test_a_lie_is_refused_with_the_reason(lie: Manifest, reason: str) -> None:
    found = recovered(Repository({"urn:c2pa:1": lie}))
    assert found.facts.state == "refused"
    assert reason in " ".join(found.facts.words)
    assert found.comparison.result == "not made"
    assert found.picture is None
    beside = recovered(Repository({"urn:c2pa:1": lie, "urn:c2pa:2": signed()}))
    assert (beside.facts.state, beside.facts.manifest) == ("found", "urn:c2pa:2")
    assert "is not used" in " ".join(beside.facts.problems)


@pytest.mark.parametrize("trust", ["untrusted", "not checked"])
def test_a_stranger_is_found_and_shown(trust: str) -> None:
    found = recovered(Repository({"urn:c2pa:1": signed(trusted(trust=trust))}))
    assert (found.facts.state, found.comparison.result) == ("found", "same")
    assert "Nothing of it decides the verdict" in " ".join(found.facts.words)
    assert found.picture is not None


def marked(value: int) -> np.ndarray:
    picture = REFERENCE.copy()
    picture[0, 0] = value
    return picture


def test_the_best_of_the_trusted_decides_and_others_are_named() -> None:
    people = (Change("cropped", "cropped"),)
    many = Repository(
        {
            "stranger": Manifest(trusted(trust="untrusted"), (Binding(),), marked(0), PHOTO),
            "edited": Manifest(trusted(), (Binding(),), marked(1), PHOTO),
            "cropped": Manifest(trusted(), (Binding(),), marked(2), PHOTO),
            "same": Manifest(trusted(), (Binding(),), marked(3), PHOTO),
            "without": Manifest(trusted(), (Binding(),)),
        }
    )
    regions = (Region((0, 0, 9, 9), 0.99),)
    results = {
        "1": Comparison("changed in parts", regions=regions),
        "2": Comparison("same", people),
        "3": Comparison("same"),
    }
    found = recovered(many, results=results)
    assert found.facts.manifest == "same"
    assert len(found.facts.others) == 4
    assert "parts of the picture differ" in " ".join(found.facts.others)
    del many.stores["same"]  # type: ignore[attr-defined]
    assert recovered(many, results=results).facts.manifest == "cropped"
    del many.stores["cropped"]  # type: ignore[attr-defined]
    assert recovered(many, results=results).facts.manifest == "edited"


def test_a_bounded_number_of_manifests_is_followed() -> None:
    stores = {f"urn:c2pa:{number}": signed(bindings=()) for number in range(3 * MOST_MANIFESTS)}
    repository = Repository(stores)
    found = recovered(repository)
    assert len(repository.asked) == 1 + MOST_MANIFESTS
    assert f"Only the first {MOST_MANIFESTS} manifests were looked at." in found.facts.problems


def test_slow_repositories_are_given_up() -> None:
    stores = {f"urn:c2pa:{number}": signed() for number in range(5)}
    many = [Repository(stores, name) for name in ("first", "second")]
    seconds = count(0, MOST_SECONDS // 3)
    read = reading(*many)
    found = list(found_manifests(many, "alg", PAYLOAD, read, lambda: float(next(seconds))))
    assert len(many[0].asked) == 1 + 2
    assert many[1].asked == []
    late = [one.words for one in found if isinstance(one, Problem)]
    assert len(late) == 2
    assert "“second” was not asked any further" in late[1]


def test_the_same_store_counts_once() -> None:
    two = [Repository({"urn:c2pa:1": signed()}, name) for name in ("first", "second")]
    assert recovered(*two).facts.others == ()


@pytest.mark.parametrize(
    ("own", "relation", "words"),
    [
        (no_credential(), "none", ""),
        (trusted(manifest="urn:1", issuer="I"), "same", "the same credential"),
        (trusted(manifest="urn:2", issuer="I"), "another", "of the same signer"),
        (trusted(manifest="urn:2", issuer="J"), "of another signer", "Somebody may have"),
        (trusted(manifest="urn:1", issuer="I", signer="Bob"), "of another signer", "“Bob”"),
        (credential("broken", "signature", signer="Alice", issuer="I", manifest="urn:2"),
         "of another signer", "or the watermark"),
    ],
)  # fmt: skip
def test_the_files_own_credential_is_compared(own: Credential, relation: str, words: str) -> None:
    repository = Repository({"urn:1": signed(trusted(manifest="urn:1", issuer="I"))})
    facts = recovered(repository, own=own).facts
    assert facts.embedded == relation
    assert words in " ".join(facts.words)


def test_a_manifest_without_a_reference_compares_nothing() -> None:
    found = recovered(Repository({"urn:c2pa:1": Manifest()}))
    assert (found.facts.state, found.comparison.result) == ("found", "not made")
    assert "no reference picture" in " ".join(found.comparison.words)
    assert found.picture is None


def test_a_comparison_is_written_down() -> None:
    drawn = np.array([[0.0, 1.5], [-0.1, 0.12345]], np.float32)
    comparison = Comparison(
        "changed in parts",
        (Change("scaled", "scaled to 50%", 0.5),),
        (Region((1, 2, 30, 40), 0.98765),),
        drawn,
        256.0,
        0.015,
        ("A part differs.",),
    )
    pixel = str(REFERENCE[0, 0, 0])
    found = recovered(Repository({"urn:c2pa:1": signed()}), results={pixel: comparison}).comparison
    assert found.map is not None
    assert (found.map.rows, found.map.columns, found.map.cell) == (2, 2, 256)
    assert found.map.values == (0.0, 1.0, 0.0, 0.123)
    [region] = found.regions
    assert (region.left, region.top, region.right, region.bottom) == (1, 2, 30, 40)
    assert region.confidence == 0.988
    assert [(one.kind, one.amount) for one in found.changes] == [("scaled", 0.5)]
    assert (found.smallest, found.words) == (0.015, ("A part differs.",))


def pixels(jpeg: bytes) -> np.ndarray:
    return np.asarray(Image.open(BytesIO(jpeg)))


@pytest.mark.parametrize("turn", [Turn(), Turn(True, True, False), Turn(False, False, True)])
@pytest.mark.parametrize("offset", [(0.0, 0.0), (256.0, 128.0), (-64.0, 0.0)])
def test_the_reference_is_laid_as_the_picture_lies(turn: Turn, offset: tuple[float, float]) -> None:
    repository = Repository({"urn:c2pa:1": signed()})
    lay = lying(turn, offset=offset)
    picture = np.zeros((512, 384, 3) if turn.transpose else (384, 512, 3), np.uint8)
    received = Received(picture, lay, no_credential())
    found = recover(received, [repository], reading(repository), lambda *_: Comparison("same"))
    assert found.picture is not None
    assert np.abs(pixels(found.picture.whole).astype(int) - REFERENCE).mean() < 4
    assert found.picture.laid is not None
    laid = pixels(found.picture.laid)
    assert laid.shape == picture.shape
    upright = turn.undo(laid[..., 0])
    across, down = (round(at / 4) for at in offset)
    shown = REFERENCE[down:, max(0, across) :, 0]
    width = 512 // 2 - max(0, -across) - max(0, across)
    small = np.asarray(Image.fromarray(upright).reduce(2))[: shown.shape[0], max(0, -across) :]
    inner = (slice(4, 192 - down - 4), slice(4, width - 4))
    assert np.abs(small[inner].astype(int) - shown[inner]).mean() < 8
    other = np.abs(small[inner].astype(int) - np.roll(shown, 7, axis=1)[inner]).mean()
    assert other > 2 * np.abs(small[inner].astype(int) - shown[inner]).mean()


def test_another_picture_is_not_laid_over() -> None:
    repository = Repository({"urn:c2pa:1": signed()})
    for comparison in (
        Comparison("another picture"),
        Comparison("not comparable"),
        Comparison("same", (Change("straightened", "straightened"),)),
    ):
        pixel = str(REFERENCE[0, 0, 0])
        found = recovered(repository, results={pixel: comparison})
        assert found.picture is not None
        assert found.picture.laid is None
