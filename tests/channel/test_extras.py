"""How to install what lacks: as camsim itself was installed."""

import importlib.metadata
import json
from types import SimpleNamespace

import pytest

from channel import extras
from channel.extras import to_install


@pytest.mark.parametrize(
    ("noted", "words"),
    [
        (None, "pip install 'camsim[train]'"),
        (
            {"url": "file:///home/me/my%20clone", "dir_info": {"editable": True}},
            "pip install -e '/home/me/my clone[train]'",
        ),
        ({"url": "file:///home/me/camsim", "dir_info": {}}, "pip install '/home/me/camsim[train]'"),
        (
            {"url": "file:///tmp/camsim-0.2.0-py3-none-any.whl", "archive_info": {}},
            "pip install 'camsim[train] @ file:///tmp/camsim-0.2.0-py3-none-any.whl'",
        ),
    ],
    ids=["an index", "a clone", "a folder", "a wheel"],
)
def test_as_it_was_installed(
    noted: dict[str, object] | None, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = None if noted is None else json.dumps(noted)
    found = SimpleNamespace(read_text=lambda _: text)
    monkeypatch.setattr(extras, "distribution", lambda _: found)
    assert to_install("train") == words


def test_of_a_checkout_that_nobody_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(_: str) -> None:
        raise importlib.metadata.PackageNotFoundError

    monkeypatch.setattr(extras, "distribution", missing)
    assert to_install("train") == "pip install -e '.[train]' in the folder of camsim's clone"
