"""``camsim publish`` and ``camsim repository``: what is shown is said, and asked, before."""

import io
import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.verifier.conftest import Camsim, jpeg
from tests.verifier.repository.lying_server import JSON, Lies, lying_server
from tests.verifier.repository.signed_photos import signed_photo
from tests.verifier.signing import Chain
from tests.verifier.toy import native
from verifier.repository import FolderRepository, open_repository
from verifier.repository.active_manifest import active_label
from verifier.repository.signed_photo import manifest_store_of_photo
from watermark.payload import ALGORITHM


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture(scope="module")
def photo(chain: Chain) -> bytes:
    return signed_photo(chain, b"payload1")


@pytest.fixture
def place(tmp_path: Path, photo: bytes) -> Path:
    (tmp_path / "a.jpg").write_bytes(photo)
    return tmp_path


@pytest.fixture
def lies() -> Iterator[Lies]:
    with lying_server() as server:
        yield server


def name_of(photo: bytes) -> str:
    return active_label(manifest_store_of_photo(photo))


def test_a_photo_is_published_without_the_photo(place: Path, photo: bytes, camsim: Camsim) -> None:
    folder = place / "manifests"
    ran = camsim("publish", place / "a.jpg", "--repository", folder, "--yes")
    assert ran.status == 0, ran.err
    shown, published = ran.out.splitlines()
    assert "signed by Test Camera" in shown
    assert "its reference picture shows the whole photo in 320 by 256 pixels" in shown
    assert published == f"{place / 'a.jpg'}: published as {name_of(photo)}"
    assert "not the photo: a small picture of it" in ran.err
    repository = open_repository(folder)
    assert repository.matches(ALGORITHM, b"payload1") == (name_of(photo),)
    store = repository.manifest(name_of(photo))
    assert store == manifest_store_of_photo(photo)
    assert jpeg(native(256, 320))[-1000:] not in b"".join(
        path.read_bytes() for path in folder.iterdir()
    )


def test_the_same_photo_again_is_no_error(place: Path, camsim: Camsim) -> None:
    words = ("publish", place / "a.jpg", "--repository", place / "manifests", "--yes")
    camsim(*words)
    again = camsim(*words)
    assert again.status == 0
    assert "was published before as urn:" in again.out


def test_one_bad_photo_stops_no_other(
    place: Path, photo: bytes, chain: Chain, camsim: Camsim
) -> None:
    (place / "plain.jpg").write_bytes(jpeg(native(64, 64)))
    (place / "text.jpg").write_text("no photo")
    (place / "without.jpg").write_bytes(signed_photo(chain, None))
    broken = photo.replace(b"payload1".hex().encode(), b"payload2".hex().encode())
    (place / "forged.jpg").write_bytes(broken)
    files = [place / name for name in ("plain.jpg", "text.jpg", "without.jpg", "forged.jpg")]
    ran = camsim(
        "publish", *files, place / "gone.jpg", place / "a.jpg", "--repository", place / "m", "--yes"
    )
    assert ran.status == 2
    assert [line for line in ran.out.splitlines() if "published as" in line] == [
        f"{place / 'a.jpg'}: published as {name_of(photo)}"
    ]
    for file, words in zip(
        files,
        ("carries no content credentials", "is no picture", "no watermark", "isn't published"),
        strict=True,
    ):
        assert any(str(file) in line and words in line for line in ran.err.splitlines()), words
    assert "gone.jpg does not exist" in ran.err
    with FolderRepository(place / "m") as repository:
        assert len(repository) == 1


def test_nothing_is_published_unasked(place: Path, camsim: Camsim) -> None:
    ran = camsim("publish", place / "a.jpg", "--repository", place / "manifests")
    assert ran.status == 2
    assert "nobody was asked, so nothing is published; add --yes" in ran.err
    assert not (place / "manifests").exists()


@pytest.mark.parametrize("answer", ["\n", "n\n", "no\n", "", "yess\n"])
def test_no_is_the_answer_unless_it_is_yes(
    place: Path, camsim: Camsim, monkeypatch: pytest.MonkeyPatch, answer: str
) -> None:
    monkeypatch.setattr("sys.stdin", Terminal(answer))
    ran = camsim("publish", place / "a.jpg", "--repository", place / "manifests")
    assert ran.status == 2
    assert "nothing was published" in ran.err
    assert not (place / "manifests").exists()


@pytest.mark.parametrize("answer", ["y\n", "Yes\n"])
def test_yes_publishes(
    place: Path, camsim: Camsim, monkeypatch: pytest.MonkeyPatch, answer: str
) -> None:
    monkeypatch.setattr("sys.stdin", Terminal(answer))
    ran = camsim("publish", place / "a.jpg", "--repository", place / "manifests")
    assert ran.status == 0
    assert f"Publish 1 manifest to {place / 'manifests'}? [y/N]" in ran.err
    assert len(FolderRepository(place / "manifests")) == 1


def test_a_preview_shows_what_would_be_published(place: Path, camsim: Camsim) -> None:
    words = ("publish", place / "a.jpg", "--repository", place / "m", "--preview", place / "look")
    ran = camsim(*words)
    assert ran.status == 0, ran.err
    assert not (place / "m").exists()
    with Image.open(place / "look" / "a.jpg.reference.png") as picture:
        assert picture.size == (320, 256)
        shown = np.asarray(picture, np.float64)
    assert abs(shown - native(256, 320)).mean() < 20
    again = camsim(*words)
    assert again.status == 2
    assert "exists" in again.err


def test_a_folder_of_something_else_is_left_alone(place: Path, camsim: Camsim) -> None:
    ran = camsim("publish", place / "a.jpg", "--repository", place, "--yes")
    assert ran.status == 2
    assert "is a folder of something else" in ran.err
    assert [path.name for path in place.iterdir()] == ["a.jpg"]


@pytest.mark.parametrize(
    ("where", "words"), [("a.jpg", "is a file"), ("http://photos.example/", "use https")]
)
def test_a_place_that_is_none_is_refused_before_anything_is_asked(
    place: Path, camsim: Camsim, where: str, words: str
) -> None:
    where = str(place / where) if "://" not in where else where
    ran = camsim("publish", place / "a.jpg", "--repository", where, "--yes")
    assert (ran.status, ran.out) == (2, "")
    assert words in ran.err
    assert len(ran.err.splitlines()) == 1


def test_expiry(place: Path, camsim: Camsim) -> None:
    folder = place / "manifests"
    camsim("publish", place / "a.jpg", "--repository", folder, "--yes", "--expires", "3")
    [entry] = FolderRepository(folder).entries()
    assert entry.expires is not None
    assert 2.9 < (entry.expires - entry.published).total_seconds() / 86_400 < 3.1
    for days in ("0", "-1", "nan", "1e9", "inf"):
        bad = camsim("publish", place / "a.jpg", "--repository", folder, "--yes", "--expires", days)
        assert bad.status == 2
        assert "--expires is 0.001 to 36500" in bad.err


def test_publishing_over_http(
    place: Path, photo: bytes, lies: Lies, camsim: Camsim, monkeypatch: pytest.MonkeyPatch
) -> None:
    (place / "keys").write_text(f"{lies.url} my-key\n")
    monkeypatch.setenv("CAMSIM_REPOSITORY_KEYS", str(place / "keys"))
    found = {"matches": [{"manifestId": name_of(photo)}]}
    lies.at[("GET", "/v1/matches/byBinding")] = (200, found)
    lies.answers({"manifestId": name_of(photo), "new": True})
    ran = camsim("publish", place / "a.jpg", "--repository", lies.url, "--yes", "--expires", "3")
    assert ran.status == 0, ran.err
    method, path, headers = lies.asked[0]
    assert (method, path) == ("POST", "/v1/manifests?expiresDays=3")
    assert headers["Authorization"] == "Bearer my-key"
    assert lies.bodies[0] == manifest_store_of_photo(photo)


def test_a_repository_that_refuses_is_quoted(place: Path, lies: Lies, camsim: Camsim) -> None:
    lies.answers({"detail": "it is full"}, JSON, 503)
    ran = camsim("publish", place / "a.jpg", "--repository", lies.url, "--yes")
    assert ran.status == 2
    assert f"{place / 'a.jpg'}: the repository {lies.url}/v1 answers 503: it is full" in ran.err


@pytest.fixture
def filled(place: Path, camsim: Camsim) -> Path:
    camsim("publish", place / "a.jpg", "--repository", place / "m", "--yes", "--expires", "3")
    return place / "m"


def test_listing(filled: Path, photo: bytes, camsim: Camsim) -> None:
    line = camsim("repository", "list", filled).out
    assert line.startswith(f"{name_of(photo)}: since 20")
    assert ", until 20" in line
    stated = json.loads(camsim("repository", "list", filled, "--json").out)
    assert stated["manifest"] == name_of(photo)
    assert stated["bytes"] == len(manifest_store_of_photo(photo))
    assert stated["key"] is None


def test_deleting(filled: Path, photo: bytes, camsim: Camsim) -> None:
    ran = camsim("repository", "delete", filled, "urn:c2pa:unknown", name_of(photo))
    assert ran.status == 2
    assert ran.out == f"{name_of(photo)}: deleted\n"
    assert "holds no manifest 'urn:c2pa:unknown'" in ran.err
    assert camsim("repository", "list", filled).out == ""
    assert camsim("repository", "delete", filled).status == 2


def test_deleting_over_http(lies: Lies, camsim: Camsim) -> None:
    lies.answers(b"", status=204)
    ran = camsim("repository", "delete", lies.url, "urn:c2pa:a")
    assert (ran.status, ran.out) == (0, "urn:c2pa:a: deleted\n")
    assert lies.asked[0][:2] == ("DELETE", "/v1/manifests/urn%3Ac2pa%3Aa")


def test_purging(filled: Path, camsim: Camsim) -> None:
    with FolderRepository(filled, writes=True) as repository:
        repository._connection.execute("UPDATE manifests SET expires = 1")
    assert "expired" in camsim("repository", "list", filled).out
    assert camsim("repository", "purge", filled).out == (
        f"1 expired manifest deleted from {filled}\n"
    )
    assert camsim("repository", "purge", filled).out.startswith("0 expired manifests")


def test_exporting(filled: Path, photo: bytes, place: Path, camsim: Camsim) -> None:
    bundle = place / "photos.bundle"
    ran = camsim("repository", "export", filled, bundle)
    assert ran.out == f"1 manifest → {bundle}\n"
    assert open_repository(bundle).matches(ALGORITHM, b"payload1") == (name_of(photo),)
    assert name_of(photo) in camsim("repository", "list", bundle).out
    again = camsim("repository", "export", filled, bundle)
    assert again.status == 2
    assert "a bundle replaces none" in again.err


def test_a_key_to_publish(place: Path, camsim: Camsim) -> None:
    folder = place / "new"
    ran = camsim("repository", "add-key", folder, "desk")
    assert ran.status == 0
    assert len(ran.out.strip()) == 43
    assert ran.out.strip() not in (folder / "keys").read_text()
    assert (folder / "keys").stat().st_mode & 0o077 == 0
    again = camsim("repository", "add-key", folder, "desk")
    assert again.status == 2
    assert "has a key" in again.err


@pytest.mark.parametrize("command", ["list", "purge", "export"])
def test_what_is_no_repository(place: Path, camsim: Camsim, command: str) -> None:
    more = (place / "out",) if command == "export" else ()
    ran = camsim("repository", command, place, *more)
    assert ran.status == 2
    assert "is no repository" in ran.err
    assert not (place / "out").exists()
