"""A repository in a folder: what is published is found, until it is deleted or expires."""

import os
import signal
import sqlite3
import subprocess
import sys
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.verifier.repository.stores import ALG, label, payload, publication, store_of
from verifier.errors import ManifestConflictError, ManifestNotFoundError, RepositoryError
from verifier.repository import FolderRepository, Publication, open_repository
from verifier.repository.folder import FILE

DAY = timedelta(days=1)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "manifests"


def opened(folder: Path) -> FolderRepository:
    return FolderRepository(folder, make=True)


def now() -> datetime:
    return datetime.now(UTC)


def test_what_is_published_is_found_again(folder: Path) -> None:
    with opened(folder) as repository:
        assert repository.publish(publication(1))
        assert repository.matches(ALG, payload(1)) == (label(1),)
        assert repository.manifest(label(1)) == publication(1).store
        assert repository.algorithms() == (ALG,)
    found = open_repository(folder)
    assert found.name == str(folder)
    assert found.matches(ALG, payload(1)) == (label(1),)
    assert found.manifest(label(1)) == publication(1).store


def test_what_nobody_published_is_not_found(folder: Path) -> None:
    with opened(folder) as repository:
        repository.publish(publication(1))
        assert repository.matches(ALG, payload(2)) == ()
        assert repository.matches("another", payload(1)) == ()
        assert repository.matches("half \ud800", payload(1)) == ()
        with pytest.raises(ManifestNotFoundError, match="holds no manifest"):
            repository.manifest(label(2))


def test_publishing_the_same_again_leaves_it_its_owner(folder: Path) -> None:
    with opened(folder) as repository:
        assert repository.publish(publication(1), owner="a")
        assert not repository.publish(publication(1), owner="b")
        [entry] = repository.entries()
        assert entry.owner == "a"


@pytest.mark.parametrize(("first", "then", "lasts"), [(1, None, None), (1, 9, 9), (9, 1, 9)])
def test_publishing_again_makes_it_last_longer_and_never_shorter(
    folder: Path, first: int, then: int | None, lasts: int | None
) -> None:
    start = now()
    with opened(folder) as repository:
        repository.publish(publication(1), expires=start + first * DAY, owner="a")
        repository.publish(publication(1), expires=then and start + then * DAY, owner="b")
        [entry] = repository.entries()
    assert entry.expires == (lasts and start + lasts * DAY)


def test_another_store_of_the_same_name_is_refused(folder: Path) -> None:
    with opened(folder) as repository:
        repository.publish(publication(1))
        with pytest.raises(ManifestConflictError, match="another manifest store"):
            repository.publish(publication(1, content=b"another"))
        assert repository.manifest(label(1)) == publication(1).store


def test_one_value_may_lead_to_several_and_later_ones_hide_none_of_the_first(folder: Path) -> None:
    with opened(folder) as repository:
        for number in range(1, 15):
            repository.publish(publication(number, value=b"same"))
        found = repository.matches(ALG, b"same")
    assert found == tuple(label(number) for number in range(1, 11))


def test_what_expired_is_not_found_and_may_be_published_again(folder: Path) -> None:
    with opened(folder) as repository:
        repository.publish(publication(1), expires=now() - DAY)
        repository.publish(publication(2), expires=now() + DAY)
        assert repository.matches(ALG, payload(1)) == ()
        assert repository.matches(ALG, payload(2)) == (label(2),)
        with pytest.raises(ManifestNotFoundError):
            repository.manifest(label(1))
        assert len(repository) == 1
        assert repository.publish(publication(1))
        assert repository.matches(ALG, payload(1)) == (label(1),)


def test_purging_deletes_what_expired_and_no_more(folder: Path) -> None:
    with opened(folder) as repository:
        repository.publish(publication(2))
        repository.publish(publication(1, content=b"secret " * 30), expires=now() - DAY)
        assert [entry.is_expired for entry in repository.entries()] == [False, True]
        assert repository.purge() == 1
        assert [entry.identifier for entry in repository.entries()] == [label(2)]


def test_what_is_deleted_is_gone_from_the_disk(folder: Path) -> None:
    with opened(folder) as repository:
        repository.publish(publication(1, content=b"a face " * 30))
        repository.delete(label(1))
        assert repository.matches(ALG, payload(1)) == ()
        with pytest.raises(ManifestNotFoundError):
            repository.delete(label(1))
        for path in folder.iterdir():
            assert b"a face" not in path.read_bytes()


def test_a_key_deletes_its_own_manifests_alone(folder: Path) -> None:
    with opened(folder) as repository:
        repository.publish(publication(1), owner="a")
        with pytest.raises(ManifestNotFoundError):
            repository.delete(label(1), owner="b")
        repository.delete(label(1), owner="a")


def test_a_database_of_something_else_is_refused_and_kept(folder: Path) -> None:
    folder.mkdir()
    with sqlite3.connect(folder / FILE) as connection:
        connection.execute("CREATE TABLE manifests (mine TEXT)")
    connection.close()
    before = (folder / FILE).read_bytes()
    for writes in (False, True):
        with pytest.raises(RepositoryError, match="database of something else"):
            FolderRepository(folder, writes=writes)
    assert (folder / FILE).read_bytes() == before


def test_a_file_that_is_no_database_is_refused_and_kept(folder: Path) -> None:
    folder.mkdir()
    (folder / FILE).write_bytes(b"my notes")
    for writes in (False, True):
        with pytest.raises(RepositoryError, match="no file of manifests"):
            FolderRepository(folder, writes=writes)
    assert (folder / FILE).read_bytes() == b"my notes"


def test_a_pipe_is_not_waited_for(folder: Path) -> None:
    folder.mkdir(exist_ok=True)
    os.mkfifo(folder / FILE)
    for writes in (False, True):
        with pytest.raises(RepositoryError, match="no file of manifests"):
            FolderRepository(folder, writes=writes)


def test_who_looks_up_in_a_pipe_hears_nothing_of_publishing(folder: Path) -> None:
    os.mkfifo(folder)
    with pytest.raises(RepositoryError, match="a pipe or a device, and no repository"):
        open_repository(folder)
    with pytest.raises(RepositoryError, match="a pipe or a device, and no folder to publish in"):
        FolderRepository(folder, make=True)


def test_a_later_version_is_refused(folder: Path) -> None:
    opened(folder).close()
    with sqlite3.connect(folder / FILE) as connection:
        connection.execute("PRAGMA user_version = 9")
    connection.close()
    for writes in (False, True):
        with pytest.raises(RepositoryError, match="later version"):
            FolderRepository(folder, writes=writes)


def test_a_folder_of_something_else_gets_no_repository(folder: Path) -> None:
    folder.mkdir()
    (folder / "photo.jpg").write_bytes(b"")
    with pytest.raises(RepositoryError, match="folder of something else"):
        opened(folder)
    assert [path.name for path in folder.iterdir()] == ["photo.jpg"]


def test_a_repository_that_is_not_there_is_not_made_by_looking(folder: Path) -> None:
    with pytest.raises(RepositoryError, match="isn't there"):
        open_repository(folder)
    assert not folder.exists()
    folder.mkdir()
    with pytest.raises(RepositoryError, match="is no repository"):
        open_repository(folder)
    assert list(folder.iterdir()) == []


def test_a_damaged_manifest_is_told(folder: Path) -> None:
    with opened(folder) as repository:
        repository.publish(publication(1))
    with sqlite3.connect(folder / FILE) as connection:
        connection.execute("UPDATE manifests SET store = x'00'")
    connection.close()
    with pytest.raises(RepositoryError, match="is damaged"):
        open_repository(folder).manifest(label(1))


def test_only_its_owner_can_read_it(folder: Path) -> None:
    opened(folder).close()
    assert (folder / FILE).stat().st_mode & 0o077 == 0


def test_many_publish_and_look_up_at_a_time(folder: Path) -> None:
    with opened(folder) as first, opened(folder) as second:
        failures: list[Exception] = []

        def work(repository: FolderRepository, numbers: range) -> None:
            try:
                for number in numbers:
                    repository.publish(publication(number))
                    assert repository.matches(ALG, payload(number)) == (label(number),)
            except Exception as error:
                failures.append(error)

        threads = [
            threading.Thread(target=work, args=(repository, range(start, start + 10)))
            for start, repository in ((0, first), (100, first), (200, second), (300, second))
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert failures == []
        assert len(first) == 40


def test_a_manifest_is_published_under_all_that_it_states(folder: Path) -> None:
    both = Publication(label(1), store_of(label(1)), ((ALG, b"a"), ("other.alg", b"b")))
    with opened(folder) as repository:
        repository.publish(both)
        assert repository.matches("other.alg", b"b") == (label(1),)
        assert set(repository.algorithms()) == {ALG, "other.alg"}


_PUBLISHER = """
import sys
from tests.verifier.repository.stores import publication
from verifier.repository import FolderRepository
repository = FolderRepository(sys.argv[1], make=True)
for number in range(100_000):
    repository.publish(publication(number, content=bytes(30_000)))
    print(number, flush=True)
"""


@pytest.mark.slow
@pytest.mark.parametrize("acknowledged", [1, 2, 17, 40])
def test_a_kill_loses_nothing_that_was_acknowledged(folder: Path, acknowledged: int) -> None:
    """SIGKILL at any moment: what was acknowledged is there, whole, and can be added to."""
    with subprocess.Popen(
        [sys.executable, "-c", _PUBLISHER, str(folder)], stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout
        for _ in range(acknowledged):
            process.stdout.readline()
        os.kill(process.pid, signal.SIGKILL)  # in the middle of another publication
        told = [int(line) for line in process.stdout.read().split("\n") if line.isdigit()]
    assert process.returncode == -signal.SIGKILL
    last = max([acknowledged - 1, *told])
    with opened(folder) as repository:
        assert len(repository) - 1 in (last, last + 1)
        for number in range(last + 1):
            assert repository.matches(ALG, payload(number)) == (label(number),)
            assert repository.manifest(label(number)) == store_of(
                label(number), content=bytes(30_000)
            )
        repository.publish(publication(10**6))
