"""A bundle: a repository in one file, which is read as it lies and never trusted to be whole."""

import sqlite3
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.verifier.repository.stores import ALG, label, payload, publication
from verifier.errors import ManifestNotFoundError, OutputError, RepositoryError
from verifier.repository import FolderRepository, export_bundle, open_repository

DAY = timedelta(days=1)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "manifests"
    with FolderRepository(folder, make=True) as repository:
        for number in range(5):
            repository.publish(publication(number, content=bytes(20_000)), owner="somebody")
        repository.publish(publication(9), expires=datetime.now(UTC) - DAY)
        repository.own("secret", b"of the repository alone")
    return folder


@pytest.fixture
def bundle(folder: Path, tmp_path: Path) -> Path:
    path = tmp_path / "photos.camsim"
    with FolderRepository(folder) as repository:
        assert export_bundle(repository, path) == 5
    return path


def test_a_bundle_holds_what_its_repository_does(bundle: Path) -> None:
    repository = open_repository(str(bundle))
    assert repository.name == str(bundle)
    assert repository.matches(ALG, payload(3)) == (label(3),)
    assert repository.manifest(label(3)) == publication(3, content=bytes(20_000)).store
    assert repository.matches(ALG, payload(9)) == ()
    with pytest.raises(ManifestNotFoundError):
        repository.manifest(label(9))


def test_a_bundle_tells_nothing_of_who_published(bundle: Path) -> None:
    content = bundle.read_bytes()
    assert b"somebody" not in content
    assert b"of the repository alone" not in content


def test_a_bundle_is_read_where_nothing_may_be_written(bundle: Path) -> None:
    before = bundle.read_bytes()
    bundle.chmod(0o400)
    bundle.parent.chmod(0o500)
    try:
        assert open_repository(bundle).matches(ALG, payload(1)) == (label(1),)
        assert bundle.read_bytes() == before
    finally:
        bundle.parent.chmod(0o700)
    assert [path.name for path in bundle.parent.glob("*camsim*")] == [bundle.name]


def test_an_existing_file_is_never_replaced(folder: Path, tmp_path: Path) -> None:
    path = tmp_path / "notes"
    path.write_text("mine")
    with FolderRepository(folder) as repository, pytest.raises(OutputError, match="exists"):
        export_bundle(repository, path)
    assert path.read_text() == "mine"


def test_a_bundle_in_a_folder_that_is_none_leaves_nothing(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine")
    with FolderRepository(folder) as repository, pytest.raises(OutputError, match="be written"):
        export_bundle(repository, tmp_path / "file" / "bundle")


@pytest.mark.parametrize("share", [0.1, 0.5, 0.99])
def test_a_bundle_that_is_cut_off_is_refused(bundle: Path, share: float) -> None:
    content = bundle.read_bytes()
    bundle.write_bytes(content[: int(len(content) * share)])
    with pytest.raises(RepositoryError, match=r"is damaged; get it again"):
        open_repository(bundle)


@pytest.mark.parametrize("content", [b"", b"no database", b"SQLite format 3\0" + bytes(2000)])
def test_what_is_no_bundle_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "bundle"
    path.write_bytes(content)
    with pytest.raises(RepositoryError):
        open_repository(path)


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE bindings SET value = x'00' WHERE manifest = 1",
        "DELETE FROM bindings WHERE manifest = 1",
        "UPDATE manifests SET id = 'urn:c2pa:another' WHERE number = 1",
        "UPDATE manifests SET expires = 0 WHERE number = 1",
        "UPDATE manifests SET sha256 = x'00' WHERE number = 1",
        "DELETE FROM own",
    ],
)
def test_a_changed_bundle_is_refused(bundle: Path, change: str) -> None:
    _change(bundle, change)
    with pytest.raises(RepositoryError, match="is damaged"):
        open_repository(bundle)


@pytest.mark.parametrize(
    "change",
    [
        "DROP TABLE bindings",
        "DROP INDEX by_id",
        "CREATE VIEW more AS SELECT * FROM own",
        "CREATE TRIGGER t AFTER DELETE ON own BEGIN SELECT 1; END",
    ],
)
def test_a_bundle_of_other_tables_is_refused(bundle: Path, change: str) -> None:
    _change(bundle, change)
    with pytest.raises(RepositoryError, match="something else"):
        open_repository(bundle)


def test_a_changed_manifest_is_told_when_it_is_asked_for(bundle: Path) -> None:
    _change(bundle, "UPDATE manifests SET store = zeroblob(length(store)) WHERE number = 1")
    repository = open_repository(bundle)
    with pytest.raises(RepositoryError, match="isn't what was published"):
        repository.manifest(label(0))
    assert repository.manifest(label(1))


def test_any_damage_is_told_or_without_effect(bundle: Path) -> None:
    """A byte turned anywhere: an error in a sentence, or the very store that was published."""
    content = bundle.read_bytes()
    for place in range(0, len(content), len(content) // 150):
        damaged = bytearray(content)
        damaged[place] ^= 0xFF
        bundle.write_bytes(damaged)
        try:
            with open_repository(bundle) as repository:  # type: ignore[attr-defined]
                assert repository.matches(ALG, payload(2)) == (label(2),)
                found = repository.manifest(label(2))
            assert found == publication(2, content=bytes(20_000)).store
        except RepositoryError:
            continue


def test_the_database_of_a_folder_is_no_bundle(folder: Path) -> None:
    with pytest.raises(RepositoryError, match="something else"):
        open_repository(folder / "manifests.sqlite")


def _change(bundle: Path, command: str) -> None:
    with sqlite3.connect(bundle) as connection:
        connection.execute(command)
    connection.close()
