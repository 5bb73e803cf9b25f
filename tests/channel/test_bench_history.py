"""A history of benches: dated lines that are added to, and nothing else's file."""

import json
import re
from pathlib import Path

import pytest

from channel.errors import OutputError
from channel.evaluation.bench_history import RecordOption, append, history
from tests.conftest import REPOSITORY

KEPT = REPOSITORY / "docs" / "results" / "bench-history.jsonl"


def test_runs_are_added(tmp_path: Path) -> None:
    path = tmp_path / "new" / "history.jsonl"
    assert history(path) == []
    append(path, "develop", {"qnet, 12 MP, s/MP": 0.51234567})
    append(path, "verify", {"cold s": 2.0})
    first, second = history(path)
    assert first["figures"] == {"qnet, 12 MP, s/MP": 0.5123}
    assert second["bench"] == "verify"
    assert re.fullmatch(r"\d{4}-\d\d-\d\d", first["date"])
    assert "cores" in first["processor"]
    assert first["camsim"]


@pytest.mark.parametrize("content", ["a diary\n", '{"photo": "a.jpg"}\n', "[1]\n"])
def test_another_file_is_left_alone(content: str, tmp_path: Path) -> None:
    path = tmp_path / "other.jsonl"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(OutputError, match="something else than benches"):
        RecordOption(record=path).check_record()
    with pytest.raises(OutputError, match="something else"):
        append(path, "develop", {"s": 1.0})
    assert path.read_text(encoding="utf-8") == content


def test_without_a_file_nothing_is_kept() -> None:
    RecordOption().check_record()
    RecordOption().keep("develop", {"s": 1.0})


def test_the_repository_keeps_one() -> None:
    runs = history(KEPT)
    assert "develop" in {run["bench"] for run in runs}
    for line in KEPT.read_text(encoding="utf-8").splitlines():
        assert json.loads(line)["figures"]
