"""Withdrawing keys and giving them dates: what is written, said and refused."""

from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from tests.camera_sim.conftest import Camsim
from watermark.key_files import write_key_file
from watermark.key_validity import VALIDITY, read_validity
from watermark.keys import DeviceSecret, GroupKey

GROUP, DEVICE = GroupKey(bytes(range(32))), DeviceSecret(bytes(range(1, 33)))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_key_file(tmp_path / "group.json", GROUP)
    write_key_file(tmp_path / "devices" / "one.json", DEVICE)
    return tmp_path


def test_a_key_is_withdrawn_from_today(camsim: Camsim, folder: Path) -> None:
    ran = camsim("watermark", "withdraw-key", folder, DEVICE.name)
    today = datetime.now(UTC).date()
    assert ran.out == f"{DEVICE.name} is withdrawn since {today}: what it reads proves nothing\n"
    assert read_validity(folder)[DEVICE.name].withdrawn == today
    listed = camsim("watermark", "keys", "--folder", folder).out
    assert listed == (
        f"group key      {GROUP.name}  in use\ndevice secret  {DEVICE.name}  withdrawn ({today})\n"
    )
    assert GROUP.secret.hex() not in listed


def test_a_withdrawal_is_not_moved(camsim: Camsim, folder: Path) -> None:
    camsim("watermark", "withdraw-key", folder, GROUP.name, "--on", "2026-05-03")
    ran = camsim("watermark", "withdraw-key", folder, GROUP.name)
    assert ran.status == 2
    assert "was withdrawn on 2026-05-03; nothing was changed" in ran.err
    assert read_validity(folder)[GROUP.name].withdrawn == date(2026, 5, 3)


def test_keys_get_dates(camsim: Camsim, folder: Path) -> None:
    ran = camsim("watermark", "key-dates", folder, GROUP.name, "--until", "2025-12-31")
    assert ran.out == f"{GROUP.name}: in use since ever, until 2025-12-31\n"
    assert "ended (2025-12-31)" in camsim("watermark", "keys", "--folder", folder).out


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["withdraw-key", "{}", "0" * 16], "no key in"),
        (["withdraw-key", "{}/none", GROUP.name], "is no folder of keys"),
        (["withdraw-key", "{}", GROUP.name, "--on", "May"], "must be a day such as 2026-11-29"),
        (["key-dates", "{}", GROUP.name], "nothing to note"),
        (
            ["key-dates", "{}", GROUP.name, "--since", "2026-02-01", "--until", "2026-01-01"],
            "can't be in use from",
        ),
        (["keys", "--folder", "{}/none"], "is no folder of keys"),
    ],
)
def test_what_is_refused_changes_nothing(
    camsim: Camsim, folder: Path, words: list[str], said: str
) -> None:
    ran = camsim("watermark", *(word.format(folder) for word in words))
    assert ran.status == 2
    assert said in ran.err
    assert not (folder / VALIDITY).exists()
