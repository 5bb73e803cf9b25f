"""``Verifier.analyze`` follows a watermark to what was signed, through real repositories."""

import json
import pickle
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.verifier.conftest import Camsim, jpeg
from tests.verifier.recovery.camera import (
    CREATED,
    captured,
    published,
    received,
    signed_photo,
    spliced,
    store_of,
)
from tests.verifier.repository.lying_server import STORE, lying_server
from tests.verifier.signing import Chain, make_chain, signed_by_unfit
from tests.verifier.watermark.made import GROUP, PAYLOAD, photo
from verifier import Report, Verifier
from verifier.errors import RepositoryError
from verifier.repository.active_manifest import active_label
from watermark.key_files import write_key_file

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory, chain: Chain) -> Path:
    return published(tmp_path_factory.mktemp("manifests") / "agency", signed_photo(chain))


@pytest.fixture(scope="module")
def copy() -> bytes:
    return received(captured())


@pytest.fixture(scope="module")
def edited() -> bytes:
    return received(spliced(captured()))


@contextmanager
def verifying(folder: Path, chain: Chain, *repositories: Path | str) -> Iterator[Verifier]:
    given = {
        "resend_through": (),
        "watermark_keys": [GROUP],
        "trust_anchors": chain.root,
        "repositories": repositories,
    }
    with Verifier.from_weights(folder, **given) as verifier:
        yield verifier


@pytest.fixture
def analysed(toy_folder: Path, chain: Chain) -> Callable[..., Report]:
    def analyse(content: bytes, *repositories: Path | str, trusted: Chain | None = None) -> Report:
        with verifying(toy_folder, trusted or chain, *repositories) as verifier:
            return verifier.analyze(content)

    return analyse


def test_an_untouched_copy_is_consistent(
    analysed: Callable[..., Report], copy: bytes, repository: Path
) -> None:
    report = analysed(copy, repository)
    assert (report.recovered.state, report.comparison.result) == ("found", "same")
    assert (report.verdict.label, report.verdict.level) == ("consistent", "established")
    assert report.recovered.repository == "agency"
    assert report.recovered.credential
    assert report.recovered.credential.manifest == report.recovered.manifest
    assert report.signed_picture is not None
    assert report.signed_picture.laid is not None
    text = " ".join(report.to_text().split())
    assert f"This is photo {PAYLOAD.hex()}, taken and signed by Test Camera" in text
    assert "by a comparison with what was signed" in text
    assert Report.model_validate_json(report.to_json()) == report.with_pictures(None, None)
    assert "seconds" in json.loads(report.to_json())
    assert report.seconds["recovery"] > 0


def test_a_part_that_was_put_in_is_outlined(
    analysed: Callable[..., Report], edited: bytes, repository: Path
) -> None:
    report = analysed(edited, repository)
    assert report.comparison.result == "changed in parts"
    assert (report.verdict.label, report.verdict.level) == ("evidence against", "established")
    region = report.comparison.regions[0]
    assert 300 < region.left < region.right < 570
    assert 160 < region.top < region.bottom < 390
    html = report.to_html()
    assert 'class="region"' in html
    assert html.count("data:image/jpeg") == 2
    assert 'type="range"' in html
    assert "http://" not in html


def test_a_copied_watermark_leads_to_another_picture(
    analysed: Callable[..., Report], repository: Path
) -> None:
    report = analysed(received(photo((900, 1200), levels=2.5, seed=5)), repository)
    assert report.comparison.result == "another picture"
    assert report.verdict.label == "inconclusive"
    assert "carries the watermark of another photo" in report.verdict.summary
    assert 'class="pair"' in report.to_html()


@pytest.mark.parametrize("kind", ["another frame", "transparent"])
def test_what_a_viewer_may_show_otherwise_is_not_cleared(
    analysed: Callable[..., Report], repository: Path, kind: str
) -> None:
    file, shown = BytesIO(), Image.open(BytesIO(received(captured(), quality=95))).convert("RGBA")
    if kind == "transparent":
        shown.putalpha(254)
        shown.save(file, "PNG")
    else:
        hidden = Image.new("RGBA", shown.size, "red")
        shown.save(file, "PNG", save_all=True, append_images=[hidden], duration=10)
    report = analysed(file.getvalue(), repository)
    assert report.comparison.result == "same"
    assert report.verdict.label == "inconclusive"
    assert "a viewer may show something else" in report.verdict.summary


def test_a_turned_copy_is_laid_upright(analysed: Callable[..., Report], repository: Path) -> None:
    report = analysed(received(np.ascontiguousarray(np.rot90(captured()))), repository)
    assert report.comparison.result == "same"
    assert report.verdict.label == "consistent"


@pytest.mark.parametrize("orientation", [3, 6])
def test_regions_lie_in_the_picture_as_people_see_it(
    analysed: Callable[..., Report], repository: Path, orientation: int
) -> None:
    exif = Image.Exif()
    exif[0x112] = orientation
    turned = np.ascontiguousarray(np.rot90(spliced(captured()), {3: 2, 6: 1}[orientation]))
    report = analysed(jpeg(turned, quality=85, exif=exif), repository)
    region = report.comparison.regions[0]
    middle = (region.left + region.right) / 2, (region.top + region.bottom) / 2
    assert middle == pytest.approx((620, 390), abs=60)
    assert report.comparison.changes == ()
    assert report.signed_picture is not None
    assert report.signed_picture.laid is not None
    with Image.open(BytesIO(report.signed_picture.laid)) as laid:
        assert laid.width > laid.height


def test_without_trust_nothing_is_decided(
    analysed: Callable[..., Report], copy: bytes, edited: bytes, repository: Path
) -> None:
    for content in (copy, edited):
        without = analysed(content)
        strange = analysed(content, repository, trusted=make_chain())
        assert strange.recovered.state == "found"
        assert strange.recovered.credential
        assert strange.recovered.credential.trust.state == "untrusted"
        assert strange.verdict.label == without.verdict.label != "consistent" or (
            strange.verdict.level == without.verdict.level != "established"
        )


def test_a_file_that_kept_its_credential_agrees(
    analysed: Callable[..., Report], chain: Chain, tmp_path: Path
) -> None:
    whole = signed_photo(chain)
    report = analysed(whole, published(tmp_path / "r", whole))
    assert report.recovered.embedded == "same"
    assert (report.verdict.label, report.verdict.level) == ("consistent", "established")


def test_two_signers_who_are_trusted_contradict_each_other(
    analysed: Callable[..., Report], chain: Chain, repository: Path
) -> None:
    other = make_chain("Another Camera", chain.authority)
    both = Chain(
        chain.root + other.root, other.root_key, other.certificates, "x", other.serial, other.key
    )
    report = analysed(signed_photo(other), repository, trusted=both)
    assert report.credential.trust.state == "trusted"
    assert report.recovered.embedded == "of another signer"
    assert report.verdict.label == "inconclusive"
    assert "contradict each other" in report.verdict.summary


def test_lies_of_a_repository_help_no_picture(
    analysed: Callable[..., Report], chain: Chain, copy: bytes, tmp_path: Path
) -> None:
    """Each is found by the payload that was read, and is something else than it should be."""
    another = signed_photo(chain, payload=bytes(8))
    replaced = signed_photo(chain, shown=photo((900, 1200), levels=0, seed=9))
    unfit = signed_by_unfit(received(captured()), chain, [CREATED], "ended")
    broken = signed_photo(chain).replace(b"digitalCapture", b"digitalCapturf")
    for name, lie, state in (
        ("another", another, "refused"),
        ("unfit", unfit, "refused"),
        ("broken", broken, "refused"),
        ("replaced", replaced, "found"),
    ):
        report = analysed(copy, published(tmp_path / name, lie))
        assert report.recovered.state == state, name
        assert report.verdict.level != "established", name
    assert report.comparison.result == "another picture"


def test_a_withdrawn_certificate_is_refused(
    toy_folder: Path, chain: Chain, copy: bytes, repository: Path
) -> None:
    given = {
        "resend_through": (), "watermark_keys": [GROUP], "trust_anchors": chain.root,
        "repositories": [repository], "revocation_lists": chain.revocation_list(chain.serial),
    }  # fmt: skip
    with Verifier.from_weights(toy_folder, **given) as verifier:
        report = verifier.analyze(copy)
    assert report.recovered.state == "refused"
    assert report.verdict.level != "established"


def test_a_url_that_lies_is_named(
    analysed: Callable[..., Report], chain: Chain, copy: bytes, repository: Path
) -> None:
    label = active_label(store_of(signed_photo(chain)))
    answers = (
        ("<html>", "text/html", 200),
        ({"matches": [{"manifestId": label}] * 50}, "application/json", 200),
        ({"matches": [{"manifestId": "../../etc/passwd"}]}, "application/json", 200),
        (b"x" * 3_000_000, STORE, 200),
        ({}, "application/json", 500),
    )
    with lying_server() as server:
        for content, kind, status in answers:
            body = content.encode() if isinstance(content, str) else content
            server.answers(body, kind, status)
            alone = analysed(copy, server.url)
            assert alone.recovered.state == "not found"
            assert alone.recovered.problems
            assert alone.verdict.level != "established"
        beside = analysed(copy, server.url, repository)
        assert beside.recovered.state == "found"
        assert beside.recovered.problems
        server.headers["Location"] = "http://169.254.169.254/latest"
        server.answers(b"", "text/plain", 302)
        assert analysed(copy, server.url).recovered.state == "not found"


def test_it_pickles_and_lists_its_part(
    toy_folder: Path, chain: Chain, copy: bytes, repository: Path
) -> None:
    done: list[str] = []
    with verifying(toy_folder, chain, repository) as verifier:
        with pickle.loads(pickle.dumps(verifier)) as arrived:
            report = arrived.analyze(copy, part_done=done.append)
        assert report.recovered.state == "found"
        assert done == list(verifier.parts)
        assert done[done.index("watermark") :][:3] == ["watermark", "manipulation", "recovery"]
    with verifying(toy_folder, chain) as verifier:
        assert "recovery" not in verifier.parts


def test_without_a_key_nothing_is_asked(toy_folder: Path, copy: bytes, repository: Path) -> None:
    given = {"resend_through": (), "watermark_keys": (), "repositories": [repository]}
    with Verifier.from_weights(toy_folder, **given) as verifier:
        report = verifier.analyze(copy)
        assert "recovery" not in verifier.parts
    assert report.recovered.state == "not looked for"
    assert "without a key" in " ".join(report.recovered.words)


def test_a_repository_that_is_none_is_an_error_of_the_options(
    toy_folder: Path, tmp_path: Path
) -> None:
    with pytest.raises(RepositoryError):
        Verifier.from_weights(toy_folder, repositories=[tmp_path / "none"])


def test_verify_takes_repositories(
    camsim: Camsim,
    toy_folder: Path,
    tmp_path: Path,
    chain: Chain,
    copy: bytes,
    repository: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    (tmp_path / "copy.jpg").write_bytes(copy)
    (tmp_path / "root.pem").write_text(chain.root, encoding="utf-8")
    write_key_file(tmp_path / "agency.json", GROUP)
    words = (
        "verify", tmp_path / "copy.jpg", "--weights", toy_folder, "--resend", "instagram",
        "--watermark-key", tmp_path / "agency.json", "--trust-anchors", tmp_path / "root.pem",
    )  # fmt: skip
    ran = camsim(*words, "--repository", repository)
    assert ran.status == 0
    assert "CONSISTENT" in ran.out
    assert "Does it show what was signed?" in ran.out
    assert camsim(*words).status != 0
    ran = camsim(*words[:6], "--repository", repository)
    assert "no watermark key is known, so no repository is asked" in ran.err
    monkeypatch.setenv("CAMSIM_REPOSITORY", str(repository))
    [line] = camsim(*words, "--json").out.splitlines()
    assert json.loads(line)["report"]["recovered"]["state"] == "found"
    monkeypatch.delenv("CAMSIM_REPOSITORY")
    ran = camsim(*words, "--repository", tmp_path / "none")
    assert ran.status == 2
    assert "Traceback" not in ran.err


def test_an_archive_has_it_in_its_rows(
    camsim: Camsim,
    toy_folder: Path,
    tmp_path: Path,
    chain: Chain,
    copy: bytes,
    edited: bytes,
    repository: Path,
) -> None:
    pq = pytest.importorskip("pyarrow.parquet")
    (tmp_path / "pictures").mkdir()
    for name, content in (("copy", copy), ("edited", edited), ("other", received(photo((64, 80))))):
        (tmp_path / "pictures" / f"{name}.jpg").write_bytes(content)
    (tmp_path / "root.pem").write_text(chain.root, encoding="utf-8")
    write_key_file(tmp_path / "agency.json", GROUP)
    ran = camsim(
        "verify-archive", tmp_path / "pictures", "--out", tmp_path / "a.parquet", "--resend",
        "--weights", toy_folder, "--workers", 1, "--watermark-key", tmp_path / "agency.json",
        "--trust-anchors", tmp_path / "root.pem", "--repository", repository,
    )  # fmt: skip
    assert ran.status == 0, ran.err
    columns = ("recovered", "recovered_trust", "recovered_signer", "comparison", "verdict")
    rows = {
        Path(row["photo"]).stem: tuple(row[name] for name in columns)
        for row in pq.read_table(tmp_path / "a.parquet").to_pylist()
    }
    assert rows["copy"] == ("found", "trusted", "Test Camera", "same", "consistent")
    assert rows["edited"][3:] == ("changed in parts", "evidence against")
    assert rows["other"][:4] == (None, None, None, None)


def test_a_service_looks_up_in_the_folder_that_it_serves(repository: Path, tmp_path: Path) -> None:
    from verifier.commands.serve import Serve

    served = Serve(repository=repository, recover_from=("https://one.example/v1", "more"))
    places = served.settings().repositories
    assert places == (repository, "https://one.example/v1", Path("more").absolute())
    assert Serve().settings().repositories == ()
